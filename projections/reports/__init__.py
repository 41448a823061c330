"""Reports over many leads: one file each, none knows another."""
