"""Paths: the most frequent sequences of what people did, before a moment or from one on."""
