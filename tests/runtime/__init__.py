"""Tests of settings, processes, command line and API."""
