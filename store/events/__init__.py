"""The event store: touchpoints in and out, positions, ids."""
