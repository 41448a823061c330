"""Real services for tests and benchmark: PostgreSQL and Kafka, started when asked for, gone when done."""
