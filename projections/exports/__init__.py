"""Files for other programs: what grows, as files named by their positions; and what stands now, whole."""
