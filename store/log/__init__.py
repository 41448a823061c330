"""The log: one port, its adapters (SQLite, Kafka, a spool before Kafka), its topics and messages."""
