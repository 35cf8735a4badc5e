"""The command that shows what the program does on this machine alone: a demo of each duty."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from mtdata.cli.sites import Result
from mtdata.cli.tables import counting, note, say, table
from mtdata.cli.words import examples, path_of
from mtdata.core.errors import UsageError
from mtdata.demo.screen import Demo, DemoRun, Screen
from mtdata.duties import DUTIES

MOST_ROWS = 1_000_000
ALONE = "Nothing leaves this machine."


def demos() -> dict[str, Demo]:
    """The demo of each duty that has one; the first is shown where nobody says which."""
    return {
        duty.name: import_module(f"mtdata.demo.{duty.demo}").DEMO for duty in DUTIES if duty.demo
    }


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    known = demos()
    first = next(iter(known))
    lines = [line for one in known.values() for line in one.examples]
    remarks = [one.remark for one in known.values() if one.remark]
    demo = commands.add_parser(
        "demo",
        parents=[shared],
        help="the main job, on this machine alone",
        epilog=f"{examples(lines)}\n{'  '.join([ALONE, *remarks])}\n",
    )
    demo.add_argument(
        "what",
        nargs="?",
        default=first,
        choices=list(known),
        help=", or ".join(
            f"{one.about} (the default)" if name == first else one.about
            for name, one in known.items()
        ),
    )
    demo.add_argument("--rows", type=int, metavar="N", help=f"rows on the site ({_usual(known)})")
    demo.add_argument(
        "--days", type=int, metavar="N", help=f"so many days instead ({_days(known)})"
    )
    demo.add_argument(
        "--keep", type=path_of, metavar="DIR", help="leave config, keys, pool and a job there"
    )
    demo.add_argument(
        "--serve",
        action="store_true",
        help=f"the stand-in alone stays until Ctrl-C, with a config in --keep ({_served(known)})",
    )
    demo.add_argument("-q", "--quiet", action="store_true", help="print nothing when all is well")
    demo.set_defaults(run=_demo)


def _usual(known: dict[str, Demo]) -> str:
    return "; ".join(f"{one.rows_of or 'default'}: {one.rows}" for one in known.values())


def _days(known: dict[str, Demo]) -> str:
    return "; ".join(f"{name}: up to {one.days}" for name, one in known.items() if one.run_days)


def _served(known: dict[str, Demo]) -> str:
    return ", ".join(name for name, one in known.items() if one.serve)


def _demo(options: argparse.Namespace) -> Result:
    chosen = demos()[options.what]
    if options.serve:
        return _stand_in(chosen, options)
    count, run = _wanted(chosen, options.rows, options.days)
    screen = Screen(say, partial(note, level=logging.ERROR), table, counting)
    return run(count, options.keep, screen, quiet=options.json or options.quiet)


def _wanted(chosen: Demo, rows: int | None, days: int | None) -> tuple[int, DemoRun]:
    """Which show it is, and of how many rows or days."""
    if days is None:
        rows = chosen.rows if rows is None else rows
        if not 1 <= rows <= MOST_ROWS:
            raise UsageError(f"--rows takes a whole number from 1 to {MOST_ROWS}")
        return rows, chosen.run
    if chosen.run_days is None or rows is not None:
        raise UsageError(f"--days is for a demo of days ({_days(demos())}), without --rows")
    if not 1 <= days <= chosen.days:
        raise UsageError(f"--days takes a whole number from 1 to {chosen.days}")
    return days, chosen.run_days


def _stand_in(chosen: Demo, options: argparse.Namespace) -> Result:
    """Let the stand-in stay until somebody ends it."""
    if chosen.serve is None or options.keep is None or options.days is not None:
        told = _served(demos())
        raise UsageError(f"--serve is for a demo of {told}, with --keep DIR and without --days")
    rows, _ = _wanted(chosen, options.rows, None)
    where = options.keep / "config"
    with chosen.serve(rows, options.keep) as told, suppress(KeyboardInterrupt):
        if not options.json:
            say(f"{told}\nThe config that names it is in {where}; Ctrl-C ends it.")
            sys.stdout.flush()  # whoever waits for it may read a pipe
        while True:
            signal.pause()
    return 0, {"home": str(options.keep)}
