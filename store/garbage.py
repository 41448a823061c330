"""How often Python's garbage collector looks for cycles in a process that goes on for days."""

import gc


def search_seldom(objects: int) -> None:
    """What is there now is never searched again, and what is new only after so many more objects.

    A search of everything that a process has loaded takes some hundred milliseconds, in which it answers nobody; and
    of what it works with, many small objects that all go at once, a search finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(max(objects, gc.get_threshold()[0]), 50, 100)
