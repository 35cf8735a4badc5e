"""The commands of programme data: their words; what they do is loaded when one is called."""

from __future__ import annotations

import argparse
from typing import Any

from mtdata.cli.sites import late
from mtdata.cli.words import path_of

IMPORTS, EXPORTS = "programme_imports", "programme_exports"
TEAMS = """examples:
  mtdata teams import teams.csv                    check every row, then bring them in
  mtdata teams import teams.csv --dry-run          check them, and write nothing
  mtdata teams import teams.csv --good-rows        leave out the rows that are wrong
  mtdata teams import teams.csv --duplicates update   change the teams that are there
  mtdata teams import teams.csv --queue            make it a job, for the runners to carry
  mtdata jobs stop teams_teams.csv                 stop it: what it wrote is taken back
  mtdata jobs undo teams_teams.csv                 the same of one that has ended

The file: UTF-8, a first line with the columns name, description, manager, members in any order (or
without these words: in this order), then a line a team.  ^C stops it and takes back what it wrote.
"""
FORMS = """examples:
  mtdata forms import responses.csv                check every row, then bring them in
  mtdata forms export                              all of them as CSV, into OUTPUT
  mtdata forms export --from "2017-05-15 00:00" --to 2020-05-15 --format xlsx
  mtdata forms export --email anna@example.org --queue   a job; who is mailed gets a link
  mtdata jobs undo forms_csv                       remove the file of one that has ended

Times are those of TIMEZONE; both ends are included, and of a day alone all of it.
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's commands."""
    for sort, told, epilog in (
        ("teams", "teams, brought in from CSV", TEAMS),
        ("forms", "form responses, in and out", FORMS),
    ):
        room = commands.add_parser(sort, parents=[shared], help=told, epilog=epilog)
        verbs = room.add_subparsers(dest="verb", metavar="VERB", required=True)
        _add_import(verbs, shared, sort)
        if sort == "forms":
            _add_export(verbs, shared)


def _add_import(verbs: Any, shared: argparse.ArgumentParser, sort: str) -> None:
    one = verbs.add_parser("import", parents=[shared], help="bring in the rows of a CSV file")
    one.set_defaults(run=late(IMPORTS, "import_file", sort=sort))
    one.add_argument("file", metavar="FILE", type=path_of, help="- for standard input")
    one.add_argument("--dry-run", action="store_true", help="check every row, write nothing")
    one.add_argument("--good-rows", action="store_true", help="leave out rows that are wrong")
    if sort == "teams":
        one.add_argument(
            "--duplicates",
            choices=["skip", "update", "fail"],
            default="skip",
            help="what to do with a name that is there (default: skip)",
        )
    one.add_argument("--again", action="store_true", help="even if this very file was imported")
    one.add_argument("--queue", action="store_true", help="make it a job, and end")


def _add_export(verbs: Any, shared: argparse.ArgumentParser) -> None:
    one = verbs.add_parser("export", parents=[shared], help="give form responses out as a file")
    one.set_defaults(run=late(EXPORTS, "export_forms"))
    told = "YYYY-MM-DD[ HH:MM[:SS]] of the {} response, included (default: no end)"
    one.add_argument("--from", metavar="TIME", help=told.format("first"))
    one.add_argument("--to", metavar="TIME", help=told.format("last"))
    one.add_argument("--format", choices=["csv", "parquet", "xlsx"], help="default: csv")
    one.add_argument(
        "--email", metavar="ADDRESS", help="one that MAIL_ALLOWED has; it gets a link to the file"
    )
    one.add_argument("--queue", action="store_true", help="make it a job, and end")
