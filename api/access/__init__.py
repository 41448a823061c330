"""Who may ask what, what a reader sees of it, and what is kept of who took data out."""
