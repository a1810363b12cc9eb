"""Imported before all else by what serves: the collector waits until everything is imported.

It would walk a heap of modules that only grows, over and over: a fifth of the time that a process takes to start.
"""

import gc

NEW_OBJECTS = 10_000
"""Objects between two looks at the youngest; a request leaves hardly any cycle, and each look costs all requests."""

gc.disable()


def imported() -> None:
    """Let the collector work, on what follows: what was imported stays for good."""
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
    gc.enable()
