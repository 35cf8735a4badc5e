"""Storing (receive to verified), beside a loop that does nothing but decrypt.

The time is that of the whole round: keys read, self-test, worker processes started, package
received over HTTP, two read-backs, every fsync and commit.  Only the interpreter's own start and
its imports come before.  So that the start of the workers weighs little, packages are large.
"""

from __future__ import annotations

import json
from base64 import b64decode
from statistics import median

from benchmarks.bare import BareLoops, shares
from benchmarks.bench import Bench, Took
from benchmarks.figures import Measured, in_ratio
from benchmarks.rows import SEALED

BARE = 20_000
SCALES = 8
"""Of the round with deletes: a package must be whole before anything of it is deleted, so those of
one scale go out while the next is decrypted."""
ROWS = {1: 40_000, 5: 16_000}
PARALLEL = 8_000


def one(bench: Bench) -> Measured:
    """One sealed field a row."""
    return _beside_bare(bench, ROWS[1], 1)


def five(bench: Bench) -> Measured:
    """Five sealed fields a row."""
    return _beside_bare(bench, ROWS[5], 5)


def with_deletes(bench: Bench) -> Measured:
    """With deletes: proven from the disk again, asked, and proven by a listing."""
    return _beside_bare(bench, ROWS[1], 1, scales=SCALES, deletes=True)


def _beside_bare(
    bench: Bench, count: int, sealed: int, *, scales: int = 1, deletes: bool = False
) -> Measured:
    rounds: list[Took] = []

    def store() -> float:
        rounds.append(bench.store(count, sealed, scales=scales, deletes=deletes))
        return count / float(rounds[-1]["seconds"])

    with BareLoops(bench.key, _values(bench, count // scales, sealed)) as loops:
        found = bench.in_turns({"store": store, "bare": loops.rate})
        per_value = loops.processor_s()
    ratios = [ratio * sealed for ratio in in_ratio(found["store"], found["bare"])]
    sides = {"store, rows/s": median(found["store"]), "bare, values/s": median(found["bare"])}
    return Measured(ratios, sides, shares(rounds, count, sealed * per_value))


def _values(bench: Bench, count: int, sealed: int) -> list[bytes]:
    rows = json.loads(bench.package(count, sealed).read_bytes())[: BARE // sealed]
    return [b64decode(row[name]) for row in rows for name in SEALED[:sealed]]


def workers(bench: Bench) -> Measured:
    """A worker on each of two cores beside no worker on one core."""
    found = bench.in_turns(
        {
            "two workers": lambda: PARALLEL / _seconds(bench, PARALLEL, cores=[0, 1]),
            "inline": lambda: PARALLEL / _seconds(bench, PARALLEL, cores=[0]),
        }
    )
    sides = {f"{name}, rows/s": median(rates) for name, rates in found.items()}
    return Measured(in_ratio(found["two workers"], found["inline"]), sides, "five sealed fields")


def fsync(bench: Bench) -> Measured:
    """As it is beside a program that waits for no disk."""
    count = ROWS[1] // 2
    found = bench.in_turns(
        {
            "with": lambda: count / float(bench.store(count, 1)["seconds"]),
            "without": lambda: count / float(bench.store(count, 1, sync=False)["seconds"]),
        }
    )
    sides = {f"{name}, rows/s": median(rates) for name, rates in found.items()}
    return Measured(in_ratio(found["with"], found["without"]), sides)


def _seconds(bench: Bench, count: int, cores: list[int]) -> float:
    return float(bench.store(count, 5, cores=cores)["seconds"])
