"""What collector and API share, over real sockets."""
