"""The command by which a person looks at a pool's identity and says what is meant: pool."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtdata.cli.sites import Result, answer, each_site, recorded, settings_of
from mtdata.cli.tables import say, table, watching
from mtdata.core.errors import UsageError

if TYPE_CHECKING:  # with all that reads config files
    from mtdata.config import SiteConfig

POOL = """examples:
  mtdata pool                      whose pool lies at each PATH, and whether it is the known one
  mtdata pool mysite --accept      what lies there now is meant: a pool begun anew (the folder is
                                   empty), an older copy of it, another SERVER or NAME
  mtdata pool mysite --take /mnt/old/pool
                                   take in what another folder's raw files hold and this pool does
                                   not: rows that a round brought there while the disk was away

A pool that was known is not begun anew in silence: `export` ends with 74 while its disk is away.
First look whether the disk is mounted; what --accept passes over is told, and is in the log.
--take copies raw files, makes their rows, and changes nothing in the other folder.
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    told = "is it the pool that was known? say what is meant"
    pool = commands.add_parser("pool", parents=[shared], help=told, epilog=POOL)
    pool.add_argument("server", nargs="?", default=".", help="a site's NAME; . = every one")
    meant = pool.add_mutually_exclusive_group()
    meant.add_argument("--accept", action="store_true", help="what lies at PATH now is meant")
    meant.add_argument("--take", metavar="DIR", help="take in the raw files of that pool's folder")
    pool.set_defaults(run=_pool)


def _pool(options: argparse.Namespace) -> Result:
    from mtdata.study.operations import reclaiming  # with all that opens a pool

    if options.accept or options.take is not None:
        return _say_so(options)
    settings = settings_of(options)
    sites = settings.sites if options.server == "." else (settings.site(options.server),)
    done, faults = each_site(sites, reclaiming.pool_json)
    if not options.json:
        _show(done)
    return answer("sites", done, {one["exit"] for one in done.values()}, faults)


def _say_so(options: argparse.Namespace) -> Result:
    if options.server == ".":
        raise UsageError("name the site that this is for")
    if options.take == "":
        raise UsageError("--take wants the folder of a pool")
    site = recorded(options).site(options.server)
    done, faults = each_site((site,), lambda site: _accept_or_take(options, site))
    for found in done.values():
        if options.accept and not options.json:
            say(f"from now on this is meant: {found['accepted'] or 'as before'}")
        elif not options.json:
            say(f"{len(found['files'])} files with {found['entries']} entries were taken in")
            for path in found["left"]:
                say(f"left out, for its name is that of no scale and day: {path}")
    return answer("sites", done, {found["exit"] for found in done.values()}, faults)


def _accept_or_take(options: argparse.Namespace, site: SiteConfig) -> dict[str, Any]:
    from mtdata.study.operations import reclaiming  # with all that opens a pool

    if options.accept:
        return reclaiming.accept(site, renamed=True)
    with watching(site.name) as watch:
        return reclaiming.take(site, Path(options.take), watch)


def _show(done: dict[str, dict[str, Any]]) -> None:
    columns = ("path", "pool", "name", "server", "age")
    table(
        "pools",
        ("site", *columns),
        [
            (name, *("" if one[c] is None else one[c] for c in columns))
            for name, one in done.items()
        ],
    )
    for one in done.values():
        for fault in one["faults"]:
            say(fault)
