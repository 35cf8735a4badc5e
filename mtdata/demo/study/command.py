"""`mtdata demo`, as the command line finds it; what heavy it needs it loads when it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtdata.demo.screen import Demo, Result, Screen


def _run(rows: int, keep: Path | None, screen: Screen, *, quiet: bool) -> Result:
    from mtdata.demo.study.tour import tour  # only the demo needs the stand-ins
    from mtdata.study.status.result import table_of

    report, shown = tour(
        rows, keep, quiet=quiet, show=lambda name, one: screen.table(name, *table_of(one))
    )
    return report.exit, shown


def _run_days(days: int, keep: Path | None, screen: Screen, *, quiet: bool) -> Result:
    from mtdata.demo.study.sixty_days.tour import tour_of_days

    return tour_of_days(days, keep, screen, quiet=quiet)


@contextmanager
def _serve(rows: int, home: Path) -> Iterator[str]:
    from mtdata.demo.study.data import make_key, populate
    from mtdata.demo.study.site import StudySite
    from mtdata.demo.study.tour import SEED, demo_home, write_home

    with demo_home(home), StudySite() as site:
        private, public = make_key()
        populate(site, rows, SEED, public)
        write_home(home, site, private, deletes=False)
        yield f"A study site with {rows:,} rows, its answers sealed, at {site.url}"


DEMO = Demo(
    about="a study site",
    rows=300,
    rows_of="",
    examples=(
        ("demo", "a study site, one collection, what came out, what was deleted"),
        ("demo --rows 20000 --keep /tmp/demo", ""),
        ("demo --days 60 --keep /tmp/study", "60 days of a study, a round a day, faults planted"),
        ("demo --serve --keep /tmp/first", "the site alone stays, for a config that names it"),
        ("--config /tmp/demo/config status", ""),
        ("--config /tmp/demo/config user add anna --admin", ""),
        ("--config /tmp/demo/config web", ""),
    ),
    run=_run,
    days=60,
    run_days=_run_days,
    serve=_serve,
)
