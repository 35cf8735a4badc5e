"""Commands of the toolbox over a year of a study, beside the same in plain pandas.

Each side is a process of its own, its start included, and reads the same files of the disk's cache.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.bench import ROOT, Bench, NotMeasured
from benchmarks.figures import Measured, in_ratio
from benchmarks.toolbox.year import SERVER, Year
from benchmarks.weblogs.imports import STARTER

ENTRIES, SCALES, DAYS = 1_000_000, 200, 365
FILE_SIZE, FILES_ROOM = 4096, 1.5
QUESTION = "SELECT session, count(*), avg(TRY_CAST(item_01 AS DOUBLE)) FROM ({}) GROUP BY session"


def year_of(bench: Bench, entries: int = ENTRIES, scales: int = SCALES, days: int = DAYS) -> Year:
    """The year, made once a run."""
    year = Year(bench.folder / f"year-{entries}-{scales}-{days}", entries, scales, days)
    if not year.folder.exists():
        bench.needs_room(int(entries * 200 + scales * days * FILE_SIZE * FILES_ROOM))
        bench.say(f"making {entries:,} entries in {scales} scales over {days} days")
        year.make()
    return year


def quality(bench: Bench, year: Year | None = None) -> Measured:
    """Every scale judged."""
    return _beside_pandas(bench, "quality", year or year_of(bench), ["quality", "all", SERVER])


def scores(bench: Bench, year: Year | None = None) -> Measured:
    """Every scale scored, a file each."""
    return _beside_pandas(bench, "scores", year or year_of(bench), ["scores", "all", SERVER])


def query(bench: Bench, year: Year | None = None) -> Measured:
    """One question over all scales together."""
    year = year or year_of(bench)
    return _beside_pandas(bench, "query", year, ["query", _question(year)])


def _question(year: Year) -> str:
    parts = [f"SELECT session, item_01 FROM {name}" for name in year.names]
    return QUESTION.format(" UNION ALL ".join(parts))


def report(bench: Bench, year: Year | None = None) -> Measured:
    """Completeness of every scale against the log of tasks."""
    whole = year or year_of(bench)
    if ours(whole, ["report", "--help"], read_json=False)["code"]:
        raise NotMeasured("there is no command `report` yet")
    logged = Year(whole.folder.with_name(f"{whole.folder.name}-logged"), *_size(whole))
    if not logged.folder.exists():
        logged.make()
        logged.add_log()
    return _beside_pandas(bench, "report", logged, ["report", "scale", SERVER])


def _size(year: Year) -> tuple[int, int, int]:
    return year.entries, year.scales, year.days


def memory(bench: Bench, year: Year | None = None) -> Measured:
    """The most that one of these commands has at a time."""
    year = year or year_of(bench)
    commands = {
        "quality": ["quality", "all", SERVER],
        "scores": ["scores", "all", SERVER],
        "query": ["query", _question(year)],
    }
    peaks = {f"{name}, MB": ours(year, words)["peak_mb"] for name, words in commands.items()}
    return Measured([max(peaks.values())], peaks)


def _beside_pandas(bench: Bench, what: str, year: Year, words: Sequence[str]) -> Measured:
    out = bench.folder / f"plain-{what}"
    out.mkdir(exist_ok=True)
    found = bench.in_turns(
        {
            "ours, s": lambda: ours(year, words)["seconds"],
            "pandas, s": lambda: plain(year, what, out),
        }
    )
    sides = {name: median(times) for name, times in found.items()}
    note = (
        f"{year.entries:,} entries, {year.scales * year.days:,} sheets; processes, start included"
    )
    return Measured(in_ratio(found["pandas, s"], found["ours, s"]), sides, note)


def ours(year: Year, words: Sequence[str], *, read_json: bool = True) -> dict[str, Any]:
    """One command: seconds, peak of memory, and what it said."""
    how = ["--config", str(year.config), *(["--json"] if read_json else [])]
    outcome = _run([sys.executable, "-E", "-P", "-m", "mtdata", *words, *how])
    if read_json:
        if outcome["code"]:
            raise RuntimeError(f"{words[0]} ended with {outcome['code']}: {outcome['said'][:500]}")
        outcome["said"] = json.loads(outcome["said"])
    return outcome


def plain(year: Year, what: str, out: Path) -> float:
    """Seconds that pandas takes for the same."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "benchmarks.toolbox.plain",
        what,
        str(year.pool),
        str(out),
    ]
    outcome = _run(command)
    if outcome["code"] or json.loads(outcome["said"])["entries"] != year.entries:
        raise RuntimeError(f"plain {what} ended with {outcome['code']}: {outcome['said'][:500]}")
    return float(outcome["seconds"])


def _run(command: Sequence[str]) -> dict[str, Any]:
    """By a small process, whose own memory it would count else."""
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", STARTER, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    outcome: dict[str, Any] = json.loads(ended.stdout)
    return outcome | {"peak_mb": outcome["peak_kb"] / 1024}
