"""How long the first page of many sites takes on the server, asked for the first time."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import yaml

from benchmarks import large_ledger
from benchmarks.bench import Bench
from benchmarks.figures import Measured
from benchmarks.web.served import SITE, Page, home_of
from mtdata.core.pool_files import LEDGER_FILE
from mtdata.study.ledger import Ledger
from mtdata.study.model.scale import Scale

SITES, SCALES, ROUNDS = 20, 50, 2000
LARGE = large_ledger.Size(entries=500_000, scales=100, days=365, rounds=10_000)
"""Of each of the sites: ten million entries in all."""


def first_content(bench: Bench) -> Measured:
    """From the question to the last byte, in ms; the page has just been started."""
    home = _home(bench.folder / "overview")
    cold, warm, sizes = [], [], []
    for _ in range(bench.reps):
        with Page(home) as page:
            page.log_in()
            cold.append(_asked(page, sizes))
            warm.append(_asked(page, sizes))
    warm.sort()
    sides = {"ms again": warm[len(warm) // 2], "KB": max(sizes) / 1e3}
    return Measured(cold, sides, f"{SITES} sites of {SCALES} scales and {ROUNDS:,} rounds each")


def first_byte(bench: Bench) -> Measured:
    """From the question to the first byte, in ms; the page has just been started."""
    bench.needs_room(2 * SITES * LARGE.entries * large_ledger.BYTES)
    home = _large_home(bench)
    cold, again = [], []
    for _ in range(bench.reps):
        with Page(home) as page:
            page.log_in()
            cold.append(_first_byte(page))
            again.append(_first_byte(page))
    note = f"{SITES} sites of {LARGE.scales} scales and {LARGE.entries:,} entries each"
    return Measured(cold, {"ms again": median(again)}, note)


def _first_byte(page: Page) -> float:
    begun = perf_counter()
    with page.get("/", stream=True) as answer:
        next(answer.iter_content(1))
        return 1e3 * (perf_counter() - begun)


def _large_home(bench: Bench) -> Path:
    """One ledger is made, and stands in each pool; the rounds are each site's own."""
    home, made = bench.folder / "large-overview", bench.folder / LEDGER_FILE
    sites = _sites_of(home)
    bench.say(f"making {SITES} ledgers of {LARGE.entries:,} entries")
    large_ledger.make(made, LARGE)
    for name, site in sites.items():
        (home / site["PATH"]).mkdir()
        path = home / site["PATH"] / LEDGER_FILE
        shutil.copyfile(made, path)
        large_ledger.begin_rounds(path, name, LARGE)
    made.unlink()
    return home


def _asked(page: Page, sizes: list[float]) -> float:
    begun = perf_counter()
    body = page.get("/").content
    took = 1e3 * (perf_counter() - begun)
    if body.count(b'id="pool-of-') != SITES:
        raise SystemExit("the first page does not show every site")
    sizes.append(len(body))
    return took


def _home(folder: Path) -> Path:
    for name, site in _sites_of(folder).items():
        _fill(folder / site["PATH"], name)
    return folder


def _sites_of(home: Path) -> dict[str, dict[str, Any]]:
    """The sites of a new home, by name."""
    home_of(home)
    sites = {f"site{number:02}": {**SITE, "PATH": f"pool{number:02}"} for number in range(SITES)}
    (home / "config" / "server.config").write_text(yaml.safe_dump(sites), encoding="utf-8")
    return sites


def _fill(pool: Path, name: str) -> None:
    """A ledger as months of rounds leave it; nothing lies on the site."""
    pool.mkdir()
    begun = datetime.now(UTC) - timedelta(minutes=5 * ROUNDS)
    with closing(Ledger(pool / Ledger.NAME)) as ledger:
        names = [f"Scale{number:02}" for number in range(SCALES)]
        for scale in names:
            ledger.listing.see(Scale(scale, 0, deleteable=True))
        for number in range(ROUNDS):
            at = begun + timedelta(minutes=5 * number)
            run = ledger.runs.begin_run(f"export {name} .", at)
            ledger.runs.end_run(run, 0, {}, at, dict.fromkeys(names) if number % 500 == 0 else {})
