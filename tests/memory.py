"""Where the tests keep their folders: in memory where there is room; it tests nothing itself.

What the tests show does not hang on the device: a power cut is simulated, a call is refused by
strace, a sync is seen by its system call.  To wait for a real disk at each takes a third of the
time.  MTDATA_TEST_DISK=1 keeps them on the disk.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 2 << 30
"""Bytes that must be free; a container often has 64 MB there."""


def folder_in_memory(environment: Mapping[str, str] = os.environ) -> str | None:
    """The folder, unless it is small, forbids programs (tests write some) or is not wanted."""
    if environment.get("MTDATA_TEST_DISK") == "1" or "TMPDIR" in environment:
        return None
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK | os.X_OK):
        return None
    if os.statvfs(MEMORY).f_flag & os.ST_NOEXEC or shutil.disk_usage(MEMORY).free < ROOM:
        return None
    return str(MEMORY)
