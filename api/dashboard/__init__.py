"""The pages of the private side: what people read and do in a browser."""
