"""The counts in docs/RELIABILITY.md: read, merged by suite, written; what stands above them stays.

It judges nothing: of a suite in whose files a test failed nothing is written (`tests.tally`).
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "RELIABILITY.md"
MARK = "<!-- From here on the tests themselves write: bin/test --long -->"
RAN = re.compile(
    r"^\| (?P<suite>[^|]+) \| (?P<tried>[\d,]+) \| (?P<date>[^|]+) \| (?P<seed>[^|]+) \|"
    r" (?P<python>[^|]+) \| (?P<kernel>[^|]+) \| (?P<strace>[^|]+) \|$",
    re.MULTILINE,
)
KIND = re.compile(r"^\| (?P<suite>[^|]+) \| (?P<kind>[^|]+) \| (?P<tried>[\d,]+) \|$", re.MULTILINE)


class Run(NamedTuple):
    """When a suite was run as a whole, and on what."""

    date: str
    seed: str
    python: str
    kernel: str
    strace: str


Kinds = Counter[tuple[str, str]]
"""How often each kind was tried, by suite and kind."""


def this_run(seed: int) -> Run:
    """Today, on this machine."""
    date = datetime.now(UTC).date().isoformat()
    return Run(date, str(seed), platform.python_version(), platform.release(), _strace())


def _strace() -> str:
    if shutil.which("strace") is None:
        return "none"
    told = subprocess.run(["strace", "--version"], capture_output=True, text=True, check=True)
    return told.stdout.split("\n")[0].rpartition(" ")[2]


def merged(text: str, tried: Mapping[tuple[str, str], int], run: Run) -> str:
    """The document with the counts of the suites that were run; those of the others stay."""
    opening, _, counts = text.partition(MARK)
    runs = {found["suite"]: Run(*found.group(*Run._fields)) for found in RAN.finditer(counts)}
    kinds: Kinds = Counter()
    for found in KIND.finditer(counts):
        kinds[found["suite"], found["kind"]] += int(found["tried"].replace(",", ""))
    fresh = {suite for suite, _ in tried}
    kinds = Counter({key: n for key, n in kinds.items() if key[0] not in fresh})
    kinds.update(tried)
    runs.update(dict.fromkeys(fresh, run))
    return f"{opening.rstrip()}\n\n{MARK}\n\n" + "\n".join(_tables(runs, kinds)) + "\n"


def _tables(runs: Mapping[str, Run], kinds: Kinds) -> Iterator[str]:
    yield from ("## What was tried", "")
    yield from _row("suite", "tried", *Run._fields)
    yield from _row("---", "--:", *["---"] * len(Run._fields))
    for suite, total in sorted(totals(kinds).items()):
        yield from _row(suite, f"{total:,}", *runs[suite])
    yield from ("", "## By kind", "")
    yield from _row("suite", "kind", "tried")
    yield from _row("---", "---", "--:")
    for (suite, kind), count in sorted(kinds.items()):
        yield from _row(suite, kind, f"{count:,}")


def _row(*cells: str) -> Iterable[str]:
    yield f"| {' | '.join(cells)} |"


def totals(kinds: Mapping[tuple[str, str], int]) -> Counter[str]:
    """How much was tried by suite."""
    total: Counter[str] = Counter()
    for (suite, _), count in kinds.items():
        total[suite] += count
    return total


def write(tried: Mapping[tuple[str, str], int], seed: int) -> None:
    """Put the counts into the document, in one move."""
    text = merged(DOCUMENT.read_text(encoding="utf-8"), tried, this_run(seed))
    staged = DOCUMENT.with_name(f".{DOCUMENT.name}.staged")
    staged.write_text(text, encoding="utf-8")
    os.replace(staged, DOCUMENT)
