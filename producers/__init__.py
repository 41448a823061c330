"""Everything that turns the outside world into touchpoints on the log."""
