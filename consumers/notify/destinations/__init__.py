"""What destinations speak: one file a type, and the registry that finds it."""
