"""Tests of the event store, the log and their databases."""
