"""Tests of what turns the outside world into touchpoints."""
