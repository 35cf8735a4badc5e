"""`verify` of a pool beside `sha256sum` of the same files, both read before."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.bench import SCALE, Bench, Home, NotMeasured
from benchmarks.figures import Measured, in_ratio
from benchmarks.rows import longer_rows, rows, write_package

LONG, ROW, SHORT = 60_000, 1_850, 60_000


def gigabyte(bench: Bench) -> Measured:
    """Long rows as in the package of 1 GB, and short ones for the note.

    A fifth of a gigabyte: the time of both sides grows with the bytes, but for verify's start.
    """
    if shutil.which("sha256sum") is None:
        raise NotMeasured("sha256sum is not installed; it belongs to coreutils")
    long = _beside_sums(bench, longer_rows(bench.key, LONG, ROW + 100))
    short = _beside_sums(bench, rows(bench.key, SHORT, 0))
    per_row = median(short.ratios)
    told = f"of short rows ({short.sides['bytes a row']:.0f} bytes, sheet included) {per_row:.2f}"
    return Measured(long.ratios, long.sides, told)


def _beside_sums(bench: Bench, entries: Iterator[dict[str, object]]) -> Measured:
    path = bench.folder / "verified.json"
    count = write_package(path, entries)
    with bench.home({SCALE: (path, count)}) as home:
        home.export()
        path.unlink()
        files = [one for folder in ("raw_data", "active_data") for one in _files(home, folder)]
        size = sum(one.stat().st_size for one in files)
        _verifying(home, count)()  # reads what the round left in the ledger's log as well
        sides = {"verify": _verifying(home, count), "sha256sum": lambda: _sums(files)}
        found = bench.in_turns(sides)
    told = {f"{name}, MB/s": size / median(times) / 1e6 for name, times in found.items()}
    ratios = in_ratio(found["sha256sum"], found["verify"])
    return Measured(ratios, told | {"bytes": size, "bytes a row": size / count})


def _files(home: Home, folder: str) -> list[Path]:
    return [one for one in (home.pool / folder).iterdir() if one.is_file()]


def _verifying(home: Home, count: int) -> Callable[[], float]:
    def verify() -> float:
        took = home.run("verify")
        told = took["told"]
        if told["exit"] or told["entries"] != count or told["rows"] != count:
            raise RuntimeError(f"verify tells of {told}")
        return float(took["seconds"])

    return verify


def _sums(files: list[Path]) -> float:
    began = perf_counter()
    subprocess.run(["sha256sum", *map(str, files)], stdout=subprocess.DEVNULL, check=True)
    return perf_counter() - began
