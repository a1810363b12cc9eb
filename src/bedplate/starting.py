"""Imported before all else by what serves: the collector waits until everything is imported.

It would walk a heap of modules that only grows, over and over: a fifth of the time that a process takes to start.
"""

import gc

gc.disable()


def imported() -> None:
    """Let the collector work: what follows makes garbage."""
    gc.enable()
