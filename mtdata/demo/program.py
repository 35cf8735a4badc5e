"""The program itself as a demo calls it: each command a process of its own, answering in JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LONGEST_S = 600.0


class DemoProgram:
    """The program with one folder of config; commands stand in the folder above it."""

    def __init__(self, config: Path) -> None:
        self._home = config.parent
        self._begin = (sys.executable, "-E", "-P", "-m", "mtdata", "--config", str(config))

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Begin a command, in a session of its own."""
        return subprocess.Popen(  # noqa: S603  # our own words
            [*self._begin, "--json", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._home,
            start_new_session=True,
        )

    def run(self, *words: str) -> dict[str, Any]:
        """What a command answers, and its exit code."""
        process = self.start(*words)
        said, _ = process.communicate(timeout=LONGEST_S)
        found: dict[str, Any] = json.loads(said) | {"exit": process.returncode}
        return found
