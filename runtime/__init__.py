"""Settings, wiring (the one composition root), processes, command line."""
