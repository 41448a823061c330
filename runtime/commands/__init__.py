"""The commands of the command line, by what people want of them. Each module adds its own to the application."""
