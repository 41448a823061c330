"""Tests of what reads on and acts."""
