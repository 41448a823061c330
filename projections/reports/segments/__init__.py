"""Segments: their sizes, who is and was in them, how they grew, and how one would have grown that is not there yet."""
