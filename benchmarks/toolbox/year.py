"""A year of a study as a pool with a ledger and codebooks, written directly: no round is run."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from mtdata.study.ledger import Ledger
from mtdata.study.model.days import file_name, worded

BEGIN = date(2025, 1, 1)
ITEMS = tuple(f"item_{number:02}" for number in range(1, 16))
COLUMNS = ("date", "id", *ITEMS, "participantRSA", "session", "tag", "timeOnPage")
SESSIONS = ("PRE", "SESSION1", "SESSION2", "SESSION3", "SESSION4", "POST")
LOGGED = ("dateCompleted", "id", "participantId", "sessionName", "tag", "taskName", "timeOnTask")
ANSWERS = ("0", "1", "2", "3", "3", "2", "1", "0", "1", "2", "555", "")
DATE_FORMAT, SERVER, LOG = "%b_%d_%Y", "bench", "TaskLog"
COMBINATIONS = 997
VARIABLE = "  {item}: {{type: integer, lowest: 0, highest: 3, no_answer: '555'}}\n"
CODEBOOK = """scale: {scale}
source: made for a benchmark
variables:
{variables}sub_scales:
  total: {{rule: sum, items: [{items}]}}
  first: {{rule: prorated, at_least: 3, times: 2, items: [{first}]}}
"""


@dataclass(frozen=True)
class Year:
    """So many entries in so many scales over so many days; a config and a pool in `folder`."""

    folder: Path
    entries: int
    scales: int
    days: int

    @property
    def config(self) -> Path:
        """The folder of the config files."""
        return self.folder / "config"

    @property
    def pool(self) -> Path:
        """The pool."""
        return self.folder / "pool"

    @property
    def names(self) -> list[str]:
        """Those of the scales."""
        return [f"Scale_{number:03}" for number in range(1, self.scales + 1)]

    def make(self) -> None:
        """Write it all, unless it is there."""
        if self.folder.exists():
            return
        (self.config / "scales").mkdir(parents=True)
        (self.pool / "active_data").mkdir(parents=True)
        told = {SERVER: {"READY": False, "DATE_FORMAT": DATE_FORMAT, "PATH": str(self.pool)}}
        (self.config / "server.config").write_text(json.dumps(told), encoding="utf-8")
        for scale in self.names:
            (self.config / "scales" / f"{scale}.yaml").write_text(_codebook(scale), "utf-8")
        Ledger(self.pool / Ledger.NAME).close()
        self._enter(self._sheets())

    def add_log(self) -> None:
        """The site's log of tasks: a line an entry, as one sheet of the last day."""
        day = BEGIN + timedelta(days=self.days - 1)
        lines = [",".join(LOGGED)]
        for scale in self.names:
            for number in range(self._of_scale()):
                who, session = _whose(number)
                lines.append(
                    f'"Mon, 12 Mar 2025 15:45:05 -0500",{number},{who},{session},,{scale},9.5'
                )
        self._enter([self._sheet(LOG, day, "\r\n".join([*lines, ""]).encode(), "whole")])

    def _of_scale(self) -> int:
        return self.entries // self.scales

    def _sheets(self) -> Iterator[tuple[object, ...]]:
        chance = random.Random(7)
        combinations = [
            ",".join(chance.choice(ANSWERS) for _ in ITEMS) for _ in range(COMBINATIONS)
        ]
        header = f"{','.join(COLUMNS)}\r\n"
        for scale in self.names:
            for place in range(self.days):
                day = BEGIN + timedelta(days=place)
                first = self._of_scale() * place // self.days
                last = self._of_scale() * (place + 1) // self.days
                rows = "".join(_row(number, day, combinations) for number in range(first, last))
                yield self._sheet(scale, day, f"{header}{rows}".encode(), "grow")

    def _sheet(self, scale: str, day: date, content: bytes, mode: str) -> tuple[object, ...]:
        worded_day = worded(datetime(day.year, day.month, day.day), DATE_FORMAT)
        path = f"active_data/{file_name(scale, worded_day, 1, 'csv')}"
        (self.pool / path).write_bytes(content)
        digest = sha256(content).digest()
        return "sheet", scale, day.isoformat(), 1, path, mode, len(content), digest

    def _enter(self, sheets: Iterator[tuple[object, ...]] | list[tuple[object, ...]]) -> None:
        columns = json.dumps(COLUMNS)
        with closing(sqlite3.connect(self.pool / Ledger.NAME)) as ledger, ledger:
            ledger.executemany(
                "INSERT INTO files (kind, scale, day, part, path, mode, length, digest, columns,"
                " writing, state, form) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 'closed', 2)",
                ((*sheet, columns) for sheet in sheets),
            )


def _whose(number: int) -> tuple[int, str]:
    """Each participant has each session once."""
    return 1000 + number // len(SESSIONS), SESSIONS[number % len(SESSIONS)]


def _row(number: int, day: date, combinations: list[str]) -> str:
    who, session = _whose(number)
    answers = combinations[number % COMBINATIONS]
    when = worded(datetime(day.year, day.month, day.day, 15, 45), "%a, %d %b %Y %H:%M:%S -0500")
    return f'"{when}",{number},{answers},{who},{session},,{number % 90}.25\r\n'


def _codebook(scale: str) -> str:
    variables = "".join(VARIABLE.format(item=item) for item in ITEMS)
    return CODEBOOK.format(
        scale=scale, variables=variables, items=", ".join(ITEMS), first=", ".join(ITEMS[:5])
    )
