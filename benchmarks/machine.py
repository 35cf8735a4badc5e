"""The machine that the figures come from; it names no user and no host."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from time import monotonic, sleep

from cryptography.hazmat.backends.openssl import backend

QUIET, ENOUGH = 0.5, 5
"""A load below which, and repetitions from which, a figure counts."""
SETTLE_S, LOOK_S = 150, 5


def settle(say: Callable[[str], None]) -> None:
    """Wait for what has ended to leave the load, which is that of the last minute; not for ever."""
    until = monotonic() + SETTLE_S
    if os.getloadavg()[0] >= QUIET:
        say(f"waiting, {SETTLE_S} s at most, until the load is below {QUIET}")
    while os.getloadavg()[0] >= QUIET and monotonic() < until:
        sleep(LOOK_S)


def machine(folder: Path) -> dict[str, str]:
    """Processor, cores, system, versions, and how busy it was before the first figure."""
    return {
        "processor": f"{_processor()}, {len(os.sched_getaffinity(0))} cores",
        "system": f"{platform.system()} {platform.release()}, {_file_system(folder)}",
        "Python": platform.python_version(),
        "cryptography": f"{version('cryptography')} ({backend.openssl_version_text()})",
        "openssl": _openssl(),
        "libraries": ", ".join(
            f"{n} {version(n)}" for n in ("requests", "urllib3", "pycryptodome")
        ),
        "SQLite": sqlite3.sqlite_version,
        "load before": f"{os.getloadavg()[0]:.2f}",
    }


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    text = told.read_text(encoding="utf-8") if told.exists() else ""
    found = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    more = " with AVX-512 IFMA" if "avx512ifma" in text else ""
    return (found.group(1) if found else platform.machine()) + more


def _file_system(folder: Path) -> str:
    words = ["stat", "--file-system", "--format=%T", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True)
    return f"pools on {done.stdout.strip() or 'an unknown file system'}"


def _openssl() -> str:
    if shutil.which("openssl") is None:
        return "none"
    said = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout
    return said.strip()
