"""How long the first page of many sites takes on the server, asked for the first time."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import yaml

from benchmarks.bench import Bench
from benchmarks.figures import Measured
from benchmarks.web.served import SITE, Page, home_of
from mtdata.study.ledger import Ledger
from mtdata.study.model.scale import Scale

SITES, SCALES, ROUNDS = 20, 50, 2000


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


def _asked(page: Page, sizes: list[float]) -> float:
    begun = perf_counter()
    body = page.get("/").content
    took = 1e3 * (perf_counter() - begun)
    if body.count(b'id="pool-of-') != SITES:
        raise SystemExit("the first page does not show every site")
    sizes.append(len(body))
    return took


def _home(folder: Path) -> Path:
    home = home_of(folder)
    sites = {f"site{number:02}": {**SITE, "PATH": f"pool{number:02}"} for number in range(SITES)}
    (home / "config" / "server.config").write_text(yaml.safe_dump(sites), encoding="utf-8")
    for name, site in sites.items():
        _fill(home / site["PATH"], name)
    return home


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
