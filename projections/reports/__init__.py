"""Reports over many leads."""
