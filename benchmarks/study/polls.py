"""Polls that bring little or nothing: how often the site is asked, and what is stored again."""

from __future__ import annotations

import json

from benchmarks.bench import SCALE, Bench
from benchmarks.figures import Measured

EMPTY_SCALES, POLLS, ROWS = 25, 12, 200


def idle(bench: Bench) -> Measured:
    """Requests of the second poll of a site whose scales are all empty."""
    nothing = bench.folder / "nothing.json"
    nothing.write_bytes(b"[]")
    asked = []
    for _ in range(bench.reps):
        scales = {f"{SCALE}_{n}": (nothing, 0) for n in range(EMPTY_SCALES)}
        with bench.home(scales, deletes=True) as home:
            home.export()
            before = home.site.stats()
            took = home.export()
            after = home.site.stats()
        asked.append(float(sum(after[how] - before[how] for how in ("GET", "DELETE"))))
    return Measured(asked, {"the whole poll, ms": took["seconds"] * 1000})


def raw_stored(bench: Bench) -> Measured:
    """Every poll shows all rows again and some new ones; each must be stored once."""
    bodies = json.loads(bench.package(POLLS * ROWS, 1).read_bytes())
    path = bench.folder / "growing.json"
    with bench.home({SCALE: (path, 0)}) as home:
        for poll in range(1, POLLS + 1):
            shown = bodies[: poll * ROWS]
            path.write_text(json.dumps(shown, separators=(",", ":")), encoding="utf-8")
            home.offer({SCALE: (path, len(shown))})
            home.export()
        stored = sum(file.stat().st_size for file in (home.pool / "raw_data").glob("*.json"))
    unique = sum(len(json.dumps(body, separators=(",", ":"))) for body in bodies)
    return Measured([stored / unique], {"stored, bytes": stored, "unique, bytes": unique})
