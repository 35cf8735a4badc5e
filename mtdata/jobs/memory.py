"""What a child may take, measured from outside: memory of its whole session; it ends nobody.

Linux tells it by /proc; elsewhere, as on macOS, psutil does, which is installed there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")
SESSION, RESIDENT = 3, 21  # fields of /proc/PID/stat behind the name
UNMEASURED = (
    "the memory of jobs cannot be measured here, so none is ended for taking too much: there is no "
    "/proc, and psutil is not installed; `pip install psutil` into this environment brings it"
)


def is_measured() -> bool:
    """Whether anybody here tells how much memory a process takes."""
    return _has_proc() or find_spec("psutil") is not None


def session_memory(session: int) -> int:
    """Bytes of memory in use by every process of a session; 0 where nobody tells."""
    if _has_proc():
        return sum(_resident(place, session) for place in _folders_in_proc())
    if find_spec("psutil") is None:
        return 0
    return sum(_by_psutil(session))


def _has_proc() -> bool:
    return (_PROC / "self" / "stat").exists()


def _folders_in_proc() -> list[Path]:
    try:
        return [place for place in _PROC.iterdir() if place.name.isdecimal()]
    except OSError:
        return []


def _resident(place: Path, session: int) -> int:
    try:
        fields = (place / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return 0  # it has ended meanwhile
    if len(fields) <= RESIDENT or fields[SESSION] != str(session):
        return 0
    return int(fields[RESIDENT]) * _PAGE


def _by_psutil(session: int) -> Iterator[int]:
    """Bytes of each process of that session: of our own user, for it began them."""
    psutil: Any = import_module("psutil")  # which Linux does not have
    for process in psutil.process_iter():
        with suppress(OSError, psutil.Error):  # it has ended meanwhile, or is somebody else's
            if os.getsid(process.pid) == session:
                yield process.memory_info().rss
