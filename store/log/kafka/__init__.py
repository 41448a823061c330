"""The log on Kafka. The only place that knows Kafka."""
