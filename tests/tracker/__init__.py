"""The tracker of web pages, in a real browser against a real collector."""
