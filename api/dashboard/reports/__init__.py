"""Reports on pages: what they may be asked, and their tables, columns, values and notes in words."""
