"""What was reported: the touchpoint, its identities, its envelope, the stored event, and what a source may say."""
