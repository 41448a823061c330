"""The demo: made-up people, their traffic, and its player."""
