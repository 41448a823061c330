"""Log to event store."""
