"""Ten thousand rounds of the daemon, 35 days on a clock that is moved: does it grow?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.bench import SCALE, Bench, in_process_of_its_own
from benchmarks.figures import Measured
from benchmarks.rows import rows, write_package

FIRST, LAST = 1_000, 10_000
NEW_EVERY, NEW_ROWS = 10, 5
_lived: dict[Path, dict[str, Any]] = {}


def memory(bench: Bench) -> Measured:
    """Resident memory, in MB."""
    early, late, took = _life(bench)
    note = f"{took['rounds']} rounds, {took['rows']} rows, {took['static']} days"
    sides = {"MB after 1,000": early["mb"], "MB after 10,000": late["mb"]}
    return Measured([late["mb"] / early["mb"]], sides, note)


def files(bench: Bench) -> Measured:
    """Descriptors and threads that are open between two rounds."""
    early, late, _ = _life(bench)
    sides = {f"{what} at the end": float(late[what]) for what in ("files", "threads")}
    grown = sum(late[what] - early[what] for what in ("files", "threads"))
    return Measured([float(grown)], sides)


def _life(bench: Bench) -> tuple[dict[str, float], dict[str, float], dict[str, Any]]:
    """The same life serves every figure."""
    if bench.folder not in _lived:
        _lived[bench.folder] = _live(bench)
    took = _lived[bench.folder]
    return took["marks"][0], took["marks"][1], took


def _live(bench: Bench) -> dict[str, Any]:
    count = LAST // NEW_EVERY
    every = list(rows(bench.key, count * NEW_ROWS, 1))
    for number in range(count):
        part = every[number * NEW_ROWS : (number + 1) * NEW_ROWS]
        write_package(bench.folder / f"new-{number}.json", iter(part))
    with bench.home({SCALE: (bench.folder / "new-0.json", NEW_ROWS)}, deletes=True) as home:
        order = {"home": str(home.folder), "news": str(bench.folder), "marks": [FIRST, LAST]}
        return in_process_of_its_own("benchmarks.daemon.life", order)
