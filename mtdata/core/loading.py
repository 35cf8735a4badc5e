"""How modules are loaded that take their time: nobody looks for garbage meanwhile.

What modules are made of stays; Python's search for circles looks through all of it again and again
while it grows, which took a sixth of the start of a round.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unsearched() -> Iterator[None]:
    """No search for garbage within; what came of it is left out of every later one."""
    known, searches = len(sys.modules), gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > known:
            gc.freeze()
        if searches:
            gc.enable()
