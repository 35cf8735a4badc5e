"""Commands that look at the study: status, held, deletions; each is loaded when it is called."""

from __future__ import annotations

import argparse
from typing import Any

from mtdata.cli.sites import late
from mtdata.cli.words import path_of

LOOKS = "study_looks"
SERVER = "a site's NAME; . = every one"
STATUS = """examples:
  mtdata status
  mtdata status mysite -v          every scale, and how much there is of all that grows with time
  mtdata status --watch            anew every two seconds, until Ctrl-C
  mtdata status mysite --json
  mtdata status --metrics /var/lib/prometheus/node-exporter/mtdata.prom

Exit 1 when something is overdue: a READY site had no good round for three times EVERY (15 minutes
at least), or its scales that must stay were not collected within six hours of their time.

The state of a site is the worst that holds: Not READY, Overdue, Failing (the last round saw no
whole site), Deletes stopped, Trouble (an open incident that is critical or an error), No round yet,
Due, nobody runs (a round is due for a minute), Warning, In part (a part of the last round failed),
Well.

rows: in sheets · held: safe, without a row yet · owed: safe, and still on the site ·
waiting: safe, the next round makes the row · last listed: when the scale was last seen whole ·
oldest: how long the oldest entry on the site is safe here
"""
DELETIONS = """examples:
  mtdata deletions                 before you set DELETE_MODE: True
  mtdata deletions mysite --json   every id that would go
"""
HELD = """examples:
  mtdata held
  mtdata held mysite --release QOL 4711    both versions of this entry become rows
  mtdata held mysite --release QOL all

Sealed entries need the right key, and malformed ones must be put right on the site.  --release
makes no row of them; a sealed one holds up no other version of its id any more.
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's commands."""
    state = commands.add_parser(
        "status", parents=[shared], help="how each pool stands", epilog=STATUS
    )
    state.add_argument("server", nargs="?", default=".", help=SERVER)
    state.set_defaults(run=late(LOOKS, "status"))
    state.add_argument(
        "--metrics",
        type=path_of,
        metavar="FILE",
        help="write the numbers of all sites for Prometheus (-: to standard output alone)",
    )
    state.add_argument("--watch", action="store_true", help="show it anew until Ctrl-C")
    deletions = commands.add_parser(
        "deletions",
        parents=[shared],
        help="what would be deleted and what not, and why",
        epilog=DELETIONS,
    )
    deletions.add_argument("server", nargs="?", default=".", help=SERVER)
    deletions.add_argument(
        "--dry-run",
        action="store_true",
        help="as always: this command only tells, `export` deletes",
    )
    deletions.set_defaults(run=late(LOOKS, "deletions"))
    held = commands.add_parser(
        "held", parents=[shared], help="entries that wait, and for what", epilog=HELD
    )
    held.add_argument("server", nargs="?", default=".", help=SERVER)
    held.add_argument(
        "--release",
        nargs=2,
        metavar=("SCALE", "ID"),
        help="let a held version through (ID or 'all'); the next export makes its row",
    )
    held.set_defaults(run=late(LOOKS, "held"))
