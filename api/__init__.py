"""The private HTTP application: queries, commands, streams."""
