"""The model file: what a company declares about its leads."""
