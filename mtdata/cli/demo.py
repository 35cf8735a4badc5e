"""The command that shows what the program does on this machine alone: a demo of each duty."""

from __future__ import annotations

import argparse
import logging
from functools import partial
from importlib import import_module
from typing import Any

from mtdata.cli.sites import Result
from mtdata.cli.tables import counting, note, say, table
from mtdata.cli.words import examples, path_of
from mtdata.core.errors import UsageError
from mtdata.demo.screen import Demo, Screen
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
        "--keep", type=path_of, metavar="DIR", help="leave config, keys, pool and a job there"
    )
    demo.add_argument("-q", "--quiet", action="store_true", help="print nothing when all is well")
    demo.set_defaults(run=_demo)


def _usual(known: dict[str, Demo]) -> str:
    return "; ".join(f"{one.rows_of or 'default'}: {one.rows}" for one in known.values())


def _demo(options: argparse.Namespace) -> Result:
    chosen = demos()[options.what]
    rows = chosen.rows if options.rows is None else options.rows
    if not 1 <= rows <= MOST_ROWS:
        raise UsageError(f"--rows takes a whole number from 1 to {MOST_ROWS}")
    screen = Screen(say, partial(note, level=logging.ERROR), table, counting)
    return chosen.run(rows, options.keep, screen, quiet=options.json or options.quiet)
