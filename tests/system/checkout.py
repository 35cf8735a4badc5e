"""A checkout with bin/martin.sh and a stand-in for bin/mtdata; it tests nothing itself."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.system.home import ROOT

PATIENCE_S = 60
BARE = {"PATH": "/usr/bin:/bin"}


class Checkout:
    """A checkout in which bin/mtdata is a stand-in: a script that each test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.martin = folder / "bin" / "martin.sh"
        self.config = folder / "config"
        self.martin.parent.mkdir(parents=True)
        self.config.mkdir()
        (self.config / "server.config").touch()
        shutil.copy(ROOT / "bin" / "martin.sh", self.martin)
        self.does("exit 0")

    def does(self, script: str) -> None:
        """What bin/mtdata is to do."""
        program = self.folder / "bin" / "mtdata"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """Call martin.sh as cron does: from elsewhere, with next to no environment."""
        pipe = subprocess.PIPE
        command = [str(self.martin), *words]
        return subprocess.Popen(
            command, cwd="/", env={**BARE, **env}, stdout=pipe, stderr=pipe, text=True
        )

    def run(self, *words: str, **env: str) -> tuple[int, str]:
        """Exit code, and all that cron would mail."""
        started = self.start(*words, **env)
        out, said = started.communicate(timeout=PATIENCE_S)
        return started.returncode, out + said


def until(holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.05)
