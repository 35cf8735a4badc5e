"""Pools for the tests of the toolbox, as the original program left them; it tests nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import yaml

from mtdata.cli.main import run
from mtdata.core.csv_lines import csv_lines
from mtdata.study.model.days import file_name, worded
from mtdata.toolbox.pools import Pools
from tests.sites import site_config

FIRST_DAY = "2026-03-12"


class Answered(NamedTuple):
    """How a command ended: its exit code, what it printed, what it said beside it."""

    code: int
    out: str
    said: str


class MadePool:
    """A pool without a ledger in a folder of its own, and the config that names it."""

    def __init__(self, folder: Path, server: str = "study") -> None:
        self.path, self.config, self.server = folder / "pool", folder / "config", server
        (self.path / "active_data").mkdir(parents=True)
        self.config.mkdir()
        section = {server: {"READY": False, "PATH": str(self.path)}}
        (self.config / "server.config").write_text(yaml.safe_dump(section))

    def write(self, scale: str, content: bytes, day: str = FIRST_DAY, part: int = 1) -> Path:
        """A sheet that holds these bytes."""
        dated = worded(datetime.fromisoformat(day), "%b_%d_%Y")
        path = self.path / "active_data" / file_name(scale, dated, part, "csv")
        path.write_bytes(content)
        return path

    def sheet(
        self, scale: str, rows: Sequence[Sequence[str]], day: str = FIRST_DAY, part: int = 1
    ) -> Path:
        """A sheet with these rows, the header first."""
        return self.write(scale, b"".join(csv_lines(rows)), day, part)

    def pools(self) -> Pools:
        """It as the toolbox has it."""
        return Pools([site_config(self.server, path=str(self.path))])

    def run(self, *words: str) -> Answered:
        """Carry out a command line in this process."""
        with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as said:
            code = run([*words, "--config", str(self.config)])
        return Answered(code, out.getvalue(), said.getvalue())
