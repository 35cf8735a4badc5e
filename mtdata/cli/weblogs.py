"""The commands of web logs: their words; what they do is loaded when one is called."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

from mtdata.cli.sites import Result, late
from mtdata.cli.words import path_of

IMPORTS, LOOKS = "weblogs_imports", "weblogs_looks"
WEBLOGS = """examples:
  mtdata weblogs import example.org                  yesterday's logs, what is new of them
  mtdata weblogs import example.org 2026-11-28       those of a day
  mtdata weblogs import example.org --dry-run --explain
                                                     send nothing: what would be left out, and why
  mtdata weblogs import example.org 2026-11-28 --force a.log.gz
                                                     once more, though it was; says what is doubled
  mtdata weblogs range example.org 2026-11-01 2026-11-28
  mtdata weblogs daily                               yesterday of every site: for cron
  mtdata weblogs range example.org 2026-11-01 2026-11-28 --queue
                                                     a job of each day, carried by the runners
  mtdata weblogs weekly 2026-11-01 2026-11-28        every site, in weeks that share no day
  mtdata weblogs ledger example.org 2026-11-28       which lines went out in which batch
  mtdata weblogs quarantine example.org              lines of which nobody knows if they are stored
  mtdata weblogs quarantine example.org --resolve resend --batch 17

A second import of a day sends only what is new: no line is counted twice.  Exit 1: a line is
missing, invalid or in doubt; 69: Matomo, the bucket or the database does not answer.
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's commands."""
    room = commands.add_parser(
        "weblogs", parents=[shared], help="web logs into Matomo", epilog=WEBLOGS
    )
    verbs = room.add_subparsers(dest="verb", metavar="VERB", required=True)
    verb = partial(_verb, verbs, shared)
    _add_imports(verb)
    _add_looks(verb)


def _verb(
    verbs: Any,
    shared: argparse.ArgumentParser,
    name: str,
    act: Callable[[argparse.Namespace], Result],
    told: str,
) -> Any:
    one = verbs.add_parser(name, parents=[shared], help=told)
    one.set_defaults(run=act)
    return one


def _add_imports(verb: Callable[..., Any]) -> None:

    imported = verb("import", late(IMPORTS, "import_logs"), "one day of one site")
    imported.add_argument("site", metavar="SITE", help="a site of weblogs.config")
    imported.add_argument("day", metavar="DAY", nargs="?", default="", help="default: yesterday")
    imported.add_argument("--dry-run", action="store_true", help="read all, send nothing")
    imported.add_argument(
        "--explain", action="store_true", help="show samples of the lines that are left out"
    )
    imported.add_argument(
        "--force",
        metavar="FILE",
        nargs="*",
        help="send these logs of the day (none named: all) once more, though they were; it asks",
    )
    imported.add_argument("--yes", action="store_true", help="do not ask")
    _add_queue(imported)
    spans = verb(
        "range",
        late(IMPORTS, "range_logs"),
        "every day from START to END, both included",
    )
    spans.add_argument("site", metavar="SITE")
    spans.add_argument("start", metavar="START")
    spans.add_argument("end", metavar="END")
    _add_queue(spans)
    _add_queue(verb("daily", late(IMPORTS, "daily_logs"), "yesterday of every site"))
    weekly = verb(
        "weekly",
        late(IMPORTS, "weekly_logs"),
        "every site from START to END, a week at a time",
    )
    weekly.add_argument("start", metavar="START")
    weekly.add_argument("end", metavar="END")
    _add_queue(weekly)


def _add_queue(verb: Any) -> None:
    verb.add_argument(
        "--queue", action="store_true", help="make a job of each day, for the runners to carry"
    )


def _add_looks(verb: Callable[..., Any]) -> None:
    shown = verb("ledger", late(LOOKS, "show_ledger"), "what went out, and what became of it")
    shown.add_argument("site", metavar="SITE", help="with --move also . for every one")
    shown.add_argument("day", metavar="DAY", nargs="?", default="")
    shown.add_argument(
        "--move",
        action="store_true",
        help="bring what its file has into the database of the records (`ledger: records`)",
    )
    compared = verb(
        "reconcile", late(LOOKS, "show_reconcile"), "the ledger beside Matomo's reports"
    )
    compared.add_argument("site", metavar="SITE")
    compared.add_argument("day", metavar="DAY", nargs="?", default="")
    doubts = verb(
        "quarantine",
        late(LOOKS, "show_quarantine"),
        "lines of which nobody knows if they are stored",
    )
    doubts.add_argument("site", metavar="SITE")
    doubts.add_argument(
        "--resolve",
        choices=["stored", "resend", "auto"],
        help="end the doubt; auto: by Matomo's reports, where they prove it",
    )
    doubts.add_argument(
        "--batch", type=int, action="append", default=[], help="this one alone (may be repeated)"
    )
    one = verb("stat", late(LOOKS, "show_stat"), "files, bytes, lines and hits of a day")
    one.add_argument("site", metavar="SITE", help="a site of weblogs.config; . for every one")
    one.add_argument("day", metavar="DAY", nargs="?", default="")
    _add_table_options(one)
    several = verb("stats", late(LOOKS, "show_stats"), "the same of each day from START to END")
    several.add_argument("site", metavar="SITE", help="a site of weblogs.config; . for every one")
    several.add_argument("start", metavar="START")
    several.add_argument("end", metavar="END")
    _add_table_options(several)
    files = verb("csv", late(LOOKS, "show_csv"), "CSV out of .stat tables, ours or the original's")
    files.add_argument("files", metavar="FILE", nargs="*", type=path_of, help="default: *.stat*")


def _add_table_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--csv", action="store_true", help="as CSV, every cell quoted")
    verb.add_argument(
        "--out",
        metavar="FOLDER",
        type=path_of,
        help="into a file for each site, SITE-DAY.stat or SITE-START_END.stat (.csv with --csv)",
    )
