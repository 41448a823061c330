"""What collector and API share: problem documents, health and metrics, limits."""
