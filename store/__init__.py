"""Everything that knows a database dialect or Kafka: event store, log, tables, ids, migrations."""
