"""Who is who: the walk that decides whose a touchpoint is."""
