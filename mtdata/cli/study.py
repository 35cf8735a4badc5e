"""Commands that carry data: export, decode, verify; what they do is loaded when one is called."""

from __future__ import annotations

import argparse
from typing import Any

from mtdata.cli.sites import late
from mtdata.cli.words import path_of, seconds

ROUNDS = "study_rounds"
EXPORT = """examples:
  mtdata export                    the deleteable scales of every READY site
  mtdata export mysite             those of one site
  mtdata export mysite static      the scales that must stay: whole, when they changed
  mtdata export mysite all         both
  mtdata export mysite DASS21_AS   one scale
  mtdata export --json | jq .      the same for programs

It prints a table on a terminal, and nothing to a file or to cron when all is well.
Nothing is deleted on the site unless its DELETE_MODE is True.
"""
DECODE = """examples:
  mtdata decode                        every sheet again, into recovered_data of each pool
  mtdata decode mysite --check         write nothing: is every sheet what raw gives, byte for byte?
  mtdata decode mysite QOL --out /tmp/qol
"""
VERIFY = """examples:
  mtdata verify                    read every pool whole; exit 74 when something is wrong
  mtdata verify mysite --json      what was read, what is wrong, what was mended

What can be mended is mended; a file that somebody changed stays as it is, beside a new part.
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's commands."""
    export = commands.add_parser(
        "export", parents=[shared], help="one round: collect, verify, delete", epilog=EXPORT
    )
    export.add_argument("server", nargs="?", default=".", help="a site's NAME; . = every READY one")
    export.add_argument(
        "scale", nargs="?", default=".", help=". = deleteable ones, static, all, or a name"
    )
    export.set_defaults(run=late(ROUNDS, "export"))
    decode = commands.add_parser(
        "decode",
        aliases=["recover"],
        parents=[shared],
        help="sheets out of raw files again",
        epilog=DECODE,
    )
    decode.add_argument("server", nargs="?", default=".", help="a site's NAME; . = every one")
    decode.add_argument("scale", nargs="?", default=".", help=". = all, static, or a name")
    decode.add_argument(
        "--out",
        metavar="DIR",
        type=path_of,
        help="default: recovered_data of the pool; of several sites each has a folder there",
    )
    decode.add_argument(
        "--check", action="store_true", help="write nothing; compare with active_data byte for byte"
    )
    decode.set_defaults(run=late(ROUNDS, "decode"))
    _add_verify(commands, shared)


def _add_verify(commands: Any, shared: argparse.ArgumentParser) -> None:
    verify = commands.add_parser(
        "verify", parents=[shared], help="every digest and every row", epilog=VERIFY
    )
    verify.add_argument("server", nargs="?", default=".", help="a site's NAME; . = every one")
    verify.add_argument(
        "--rebuild-ledger",
        action="store_true",
        help="ledger.sqlite3 is lost: make it again from the files of the pool",
    )
    verify.add_argument(
        "--rate", type=megabytes, default=0, metavar="MB", help="read at most so many MB a second"
    )
    verify.add_argument(
        "--for",
        dest="limit",
        type=seconds,
        default=0,
        metavar="TIME",
        help="stop after 90 (seconds), 5m or 2h; the next call goes on with what is longest unread",
    )
    verify.set_defaults(run=late(ROUNDS, "verify"))


def megabytes(word: str) -> float:
    """A rate in MB a second; below a byte a second nothing would ever be read.

    ValueError for any other word.
    """
    number = float(word)
    if not 1e-6 <= number < float("inf"):
        raise ValueError
    return number
