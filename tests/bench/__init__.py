"""The benchmark: Leadline against the documented way of the eventsourcing library, on one PostgreSQL, in one run."""
