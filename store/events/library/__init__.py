"""The eventsourcing library over our tables: recorders, mapper, factory."""
