"""The dashboard: pages that people open in a browser, made on the server; they read and command what the API does."""
