"""Commands about leads: asked over HTTP, from pages and at the terminal, checked, and put on the log."""
