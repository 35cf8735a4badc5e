"""A claim and the lists, on SQLite in this process, where 10,000 jobs to a million have ended."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.figures import Measured
from benchmarks.scale import crowd
from benchmarks.scale.growth import least_cpu_ms
from benchmarks.web.served import Page, home_of
from mtdata.duties import KINDS

SIZES = (10_000, 100_000, 1_000_000)
WAITING = 30
KEPT = 86_400.0
"""Of 10,000 jobs, half a minute apart, two thirds ended longer ago: a whole piece at each size."""
_found: dict[Bench, dict[str, dict[int, float]]] = {}


def growth(which: str, bench: Bench, sizes: tuple[int, ...] = SIZES) -> Measured:
    """What it costs with the most jobs ÷ with the fewest; CPU ms, or bytes a job."""
    if bench not in _found:
        _found[bench] = _measured(bench, sizes)
    found = _found[bench][which]
    sides = {f"{size:,} jobs": cost for size, cost in found.items()}
    return Measured([found[sizes[-1]] / found[sizes[0]]], sides)


def _measured(bench: Bench, sizes: tuple[int, ...]) -> dict[str, dict[int, float]]:
    from mtdata.config import load
    from mtdata.jobs.records import setting

    home = home_of(bench.folder / "crowd")
    settings = load(home / "config", os.environ)
    setting.open_records(settings.database)
    crowd.add_queued(WAITING)
    found: dict[str, dict[int, float]] = {}
    try:
        for before, size in zip((0, *sizes), sizes, strict=False):
            bench.say(f"making {size - before:,} jobs more")
            crowd.add_ended(before, size)
            for name, act in _acts().items():
                act()
                found.setdefault(name, {})[size] = least_cpu_ms(act)
            setting.close_records()
            file = os.path.getsize(settings.database.name)
            found.setdefault("bytes", {})[size] = file / size
            found.setdefault("page", {})[size] = _page_ms(home)
    finally:
        setting.close_records()
    return found


def _acts() -> dict[str, Callable[[], object]]:
    from mtdata.jobs.records import claims, orders, queries, runner_view, runners
    from mtdata.jobs.records.pruning import Pruning

    runner = runners.register("bench", 1)
    kinds = {f"bench.kind{number}": KINDS["study.decode"] for number in range(10)}
    return {
        "claim": partial(claims.claim, runner, 60.0, [crowd.KIND]),
        "list": queries.job_page,
        "list_kind": partial(queries.job_page, kind="bench.kind3"),
        "list_words": partial(queries.job_page, words="no such name"),
        "list_last": partial(queries.job_page, page=10**9),
        "states": runner_view.jobs_by_status,
        "name": partial(orders._free, "bench_1"),
        "prune": lambda: Pruning(kinds, KEPT).piece(dry_run=True),
    }


def _page_ms(home: Path) -> float:
    """Processor time of the page's process for the list of jobs, asked again and again."""
    with Page(home) as page:
        page.log_in()
        page.get("/jobs/")
        found = []
        for _ in range(5):
            began = page.cpu_ms()
            body = page.get("/jobs/").text
            found.append(page.cpu_ms() - began)
            if body.count('scope="row"') < WAITING:
                raise SystemExit("the list of jobs is not there")
    return sorted(found)[2]
