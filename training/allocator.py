"""Keep freed memory in the process instead of giving it back to the system.

Each step of a static encoder makes a gradient as large as its table, hundreds of megabytes. glibc asks
the system for such blocks anew each time, and the system fills every page with zeros; kept, they cost
nothing. `benchmarks/training_step.py` tells what a step gains.
"""

from __future__ import annotations

import ctypes
import platform

__all__ = ["keep_freed_memory"]

# From malloc.h.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_MOST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Tell glibc never to map blocks one by one, nor to trim its heap; returns whether it took it.

    The process keeps the most memory it ever had. Does nothing on systems without glibc.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return bool(library.mallopt(_MMAP_MAX, 0) and library.mallopt(_TRIM_THRESHOLD, _MOST))
