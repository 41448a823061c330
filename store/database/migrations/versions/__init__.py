"""One file a revision, written out in full: it must mean the same for ever."""
