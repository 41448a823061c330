"""Conditions: the tree, how it is read from a file, what it means."""
