"""The command by which a person's rows are removed from a pool: erase; it prints no answer."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from mtdata.cli.sites import Result, answer, each_site, recorded
from mtdata.cli.tables import counted, say, table, watching
from mtdata.cli.words import filled
from mtdata.core.errors import UsageError

if TYPE_CHECKING:  # with all that reads config files
    from mtdata.config import SiteConfig

MOST = 200
ERASE = """examples:
  mtdata erase 17 --server mysite              where rows of participant 17 lie; changes nothing
  mtdata erase 17 --server mysite --yes        remove them from sheets and from what was made of
                                               them; a certificate in reports/ of the pool
  mtdata erase 17 --server mysite --yes --raw  from raw files as well
  mtdata erase - --server mysite < number      the participant from standard input, so that it is
                                               in no shell's history
  mtdata erase 17 --server mysite --field userId
                                               rows whose userId is 17 as well

A participant is known by the fields participant and participantId, also sealed (…RSA), and by the
id of the scale Participant.  What was erased stays away: collected again, from an old copy of a
file or of the ledger.  docs/ERASE.md says what this cannot reach.
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    told = "a participant's rows: where they are, and away with them"
    command = commands.add_parser("erase", parents=[shared], help=told, epilog=ERASE)
    command.add_argument("participant", type=filled, help="as the study knows them; - = read it")
    command.add_argument("--server", required=True, type=filled, help="a site's NAME")
    command.add_argument("--yes", action="store_true", help="do it; else it is only told")
    command.add_argument("--raw", action="store_true", help="from raw files as well")
    command.add_argument(
        "--field",
        metavar="NAME",
        action="append",
        default=[],
        type=filled,
        help="one more field that names the participant",
    )
    command.add_argument("--only", action="store_true", help="look at the fields of --field alone")
    command.set_defaults(run=_erase)


def _erase(options: argparse.Namespace) -> Result:
    from mtdata.study.erasure.person import Person  # with all that opens a pool
    from mtdata.study.operations.erasing import erase

    if options.only and not options.field:
        raise UsageError("--only wants at least one --field")
    person = Person(_value(options.participant), tuple(options.field), options.only)
    site = recorded(options).site(options.server)

    def act(site: SiteConfig) -> dict[str, Any]:
        with watching(site.name) as watch:
            return erase(site, person, yes=options.yes, raw=options.raw, watch=watch)

    done, faults = each_site((site,), act)
    for name, shown in done.items():
        if not options.json:
            _show(name, shown, options)
    return answer("sites", done, {one["exit"] for one in done.values()}, faults)


def _value(word: str) -> str:
    value = sys.stdin.readline().strip() if word == "-" else word
    if not value or len(value) > MOST:
        raise UsageError(f"PARTICIPANT wants 1 to {MOST} letters")
    return value


def _show(name: str, shown: dict[str, Any], options: argparse.Namespace) -> None:
    goes = "removed" if shown["erased"] else "would go"
    table(
        name,
        ("kind", "scale", "rows", "", "file"),
        [
            (one["kind"], one["scale"], one["rows"], goes if one["goes"] else "stays", one["file"])
            for one in shown["files"]
        ],
    )
    say("beyond reach of this program:")
    for told in shown["beyond_reach"]:
        say(f"  {told}")
    if shown["erased"]:
        say(f"{counted(shown['rows'], 'row')} removed; certificate: {shown['certificate']}")
        say(f"for the person, by whom it can be shown whom it is about: {shown['token']}")
        for path in shown["changed_meanwhile"]:
            say(f"changed meanwhile and let be: {path}; run the command again")
    elif not shown["rows"]:
        say("nothing to remove but from raw files: add --raw")
    elif not options.yes:
        say(f"nothing was changed; {counted(shown['rows'], 'row')} would go. To do it: --yes")
