"""Calls other programs and tells what they said when they fail; it knows no release."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

PATIENCE_S = 900


class Failed(Exception):
    """What went wrong, what is as it was, and what to do; `exit` as sysexits(3) has it."""

    def __init__(self, told: str, exit: int = 70) -> None:
        super().__init__(told)
        self.exit = exit


def call(
    *words: object,
    cwd: Path | None = None,
    more: Mapping[str, str] | None = None,
    codes: tuple[int, ...] = (0,),
) -> str:
    """What a program printed; Failed with all that it said where its exit code is another."""
    line = [str(word) for word in words]
    ours = ("PYTHON", "MTDATA_")
    environ = {name: word for name, word in os.environ.items() if not name.startswith(ours)}
    try:
        ended = subprocess.run(
            line, cwd=cwd, env={**environ, **(more or {})}, text=True, capture_output=True,
            timeout=PATIENCE_S, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f"{line[0]} could not be run: {error}", 69) from error
    if ended.returncode not in codes:
        raise Failed(
            f"{' '.join(line)}\nended with {ended.returncode}:\n{ended.stdout}{ended.stderr}"
        )
    return ended.stdout
