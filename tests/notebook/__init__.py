"""The analyst's notebook on the demo's weeks of traffic: plays them, executes it, and makes its outputs anew."""
