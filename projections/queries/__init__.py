"""What readers ask about leads."""
