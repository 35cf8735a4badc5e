"""`mtdata demo --days N`: days of a study one after the other, and what is planted in its pool."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mtdata import logs
from mtdata.demo.screen import Result, Screen, ending
from mtdata.demo.study.sixty_days.plan import ACCOUNTS, NOT_COUNTED, date_of
from mtdata.demo.study.sixty_days.planted import FAULTS, HARMLESS, totals
from mtdata.demo.study.sixty_days.pool import SITE, STATIC, StudyPool, make_pool
from mtdata.demo.study.tour import demo_home
from mtdata.study.operations import commands
from mtdata.study.operations.verify import verify as verify_pool


def tour_of_days(days: int, keep: Path | None, screen: Screen, *, quiet: bool) -> Result:
    """Make a pool of so many days, prove it, and show what is in it and what is wrong with it."""
    say = (lambda text: None) if quiet else screen.say
    with demo_home(keep) as folder:
        home = Path(folder)
        logs.configure(None, home)
        say(_opening(days))
        try:
            with screen.counting("   round", days, quiet=quiet, of="days") as advance:
                made = make_pool(home, days=days, advance=advance)
            faults = list(_faults(made))
            if not quiet:
                _show(made, screen, say)
            shown = _summary(made)
            say("3. verify and decode --check: " + ("; ".join(faults) or "nothing is wrong."))
            if keep is not None:
                say(_ending(home))
        finally:
            logs.close()  # its home may be thrown away
    return ending(shown, faults, screen)


def _opening(days: int) -> str:
    first, last = date_of(1), date_of(days)
    people = len(ACCOUNTS) - len(NOT_COUNTED)
    return (
        f"1. A study from {first} to {last}, {days} days, with {people} participants and "
        f"{len(NOT_COUNTED)} accounts of its staff.\n   At the end of each day a round collects "
        "what came and deletes it on the site; only the time is set."
    )


def _faults(made: StudyPool) -> Iterator[str]:
    """What is not as it should be with the pool itself."""
    config = made.settings.site(SITE)
    for day, result in enumerate(made.rounds, 1):
        yield from (f"day {day}: {fault}" for fault in result.faults)
        if result.exit and not result.faults:
            yield f"the round of day {day} ended with {result.exit}"
    lying = {scale: rows for scale, rows in made.left.items() if scale not in STATIC and rows}
    yield from (f"{rows} rows of {scale} are left on the site" for scale, rows in lying.items())
    if wrong := verify_pool(config)["wrong"]:
        yield f"verify found {len(wrong)} things wrong"
    checked = commands.decode(config, ".", None, check=True)
    yield from (f"{one['sheet']}: {one['difference']}" for one in checked if one["difference"])


def _show(made: StudyPool, screen: Screen, say: Callable[[str], None]) -> None:
    lines = [(scale, rows, made.left[scale]) for scale, rows in made.sent.items()]
    screen.table("", ("scale", "rows the site wrote", "left there"), lines)
    planted = sorted(totals(made.planted).items())
    for title, kinds in (
        ("2. Planted: a report on the pool must find each of these, and nothing else", FAULTS),
        ("   Planted as well: a report on the pool must be silent about these", HARMLESS),
    ):
        told = [
            (kind, scale, number, words)
            for kind, words in kinds.items()
            for (found, scale), number in planted
            if found == kind
        ]
        say(title)
        screen.table("", ("kind", "scale", "number", "what it is"), told)


def _summary(made: StudyPool) -> dict[str, Any]:
    exits = [result.exit for result in made.rounds]
    scales = {scale: {"rows": n, "left": made.left[scale]} for scale, n in made.sent.items()}
    planted = [{**asdict(one), "harmless": one.harmless} for one in made.planted]
    return {"days": len(exits), "rounds": exits, "scales": scales, "planted": planted}


def _ending(home: Path) -> str:
    return (
        f"\nKept in {home}: try `mtdata --config {home / 'config'} status`, `verify`, or"
        "\n`decode demo --check`. Its answers, sealed on the site, lie open in pool/active_data."
    )
