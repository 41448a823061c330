"""Rebuild and verify."""
