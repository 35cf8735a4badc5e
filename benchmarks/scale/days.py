"""What the days that a pool has cost a round of a daemon that finds nothing."""

from __future__ import annotations

import time
from datetime import timedelta

from benchmarks.bench import Bench
from benchmarks.figures import Measured
from benchmarks.moved_clock import MovedClock
from benchmarks.scale.growth import grown, least_cpu_ms
from benchmarks.study.days import FIRST, collect_days
from mtdata.config import load
from mtdata.study.operations import commands
from mtdata.study.round.round_files import SETTLED_NS, FilesInStep

DAYS = (4, 40, 400)
SCALES = 25


def idle_rounds(bench: Bench, sizes: tuple[int, ...] = DAYS) -> Measured:
    """A raw file and a sheet of each scale and day; what one round an hour spends is beside it."""
    more: dict[str, float] = {}

    def cost(days: int) -> float:
        with bench.home({}, deletes=True) as home:
            collect_days(bench, home, scales=SCALES, days=days, count=1, sealed=0)
            home.offer({f"Scale{number:03}": (home.folder / "none", 0) for number in range(SCALES)})
            time.sleep(1 + SETTLED_NS / 1e9)  # the folders were made a moment ago
            site, known = load(home.folder / "config", {}).site("bench"), FilesInStep(home.pool)
            clock = MovedClock(FIRST + timedelta(days=days))

            def round_of(memory: FilesInStep | None) -> None:
                if not commands.export(site, ".", clock=clock, in_step=memory).is_idle:
                    raise RuntimeError("the round found something")

            round_of(known)
            more[f"{days} days, ms of a round that looks at every file"] = least_cpu_ms(
                lambda: round_of(None)
            )
            return least_cpu_ms(lambda: round_of(known))

    found = grown(sizes, "days, CPU ms a round", cost)
    note = f"{SCALES} scales with new rows each day; of a daemon one round an hour looks"
    return Measured(found.ratios, {**found.sides, **more}, note)
