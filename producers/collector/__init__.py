"""The public HTTP application: keys, sites, limits, the queue before the log."""
