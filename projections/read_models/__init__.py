"""The rows of a lead, one file a family of tables."""
