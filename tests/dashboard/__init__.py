"""The dashboard's pages, in a real browser and without."""
