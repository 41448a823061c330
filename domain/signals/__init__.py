"""Signals: their kinds, and what is to be announced."""
