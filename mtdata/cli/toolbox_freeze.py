"""The command that makes a dated dataset of a pool, or checks one: freeze."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtdata.cli.sites import Result, answer, each_site, settings_of
from mtdata.cli.tables import counted, say
from mtdata.cli.words import examples, path_of
from mtdata.core.errors import UsageError
from mtdata.core.words import size

if TYPE_CHECKING:  # with all that reads config files
    from mtdata.config import SiteConfig

FREEZE = examples(
    (
        ("freeze datasets", "datasets/<study>-<date>/ for each site"),
        ("freeze datasets --server study --pseudonyms", "without the site's own identifiers"),
        ("freeze --check datasets/study-2026-03-12", "is each file as it was written?"),
    )
)


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    freeze = commands.add_parser(
        "freeze", parents=[shared], help="a dated dataset that other tools open", epilog=FREEZE
    )
    freeze.add_argument("folder", metavar="DIR", type=path_of, help="where it is put")
    freeze.add_argument("--server", default=".", help="a site's NAME; . = every one with a pool")
    freeze.add_argument(
        "--pseudonyms",
        action="store_true",
        help="participants by a keyed hash (PSEUDONYM_KEY of the environment)",
    )
    freeze.add_argument(
        "--every-snapshot",
        action="store_true",
        help="of scales that must stay every day's snapshot, not the newest alone",
    )
    freeze.add_argument("--check", action="store_true", help="DIR is a dataset: check its digests")
    freeze.set_defaults(run=_freeze)


def _freeze(options: argparse.Namespace) -> Result:
    if options.check:
        return _check(options)
    from mtdata.toolbox.freeze import Freeze, freeze
    from mtdata.toolbox.pools import chosen_sites
    from mtdata.toolbox.pseudonym import pseudonym_key

    settings, folder = settings_of(options), Path(options.folder).absolute()
    key = pseudonym_key(os.environ) if options.pseudonyms else None
    words = [word for word in ("pseudonyms", "every_snapshot") if getattr(options, word)]

    def frozen(site: SiteConfig) -> dict[str, Any]:
        command = " ".join(["freeze", *(f"--{word}".replace("_", "-") for word in words)])
        every = options.every_snapshot
        made = freeze(Freeze(settings, site, command, key, every_snapshot=every), folder)
        if not options.json and sys.stdout.isatty():
            many = f"{counted(made.rows, 'row')} of {counted(made.scales, 'scale')}"
            say(f"{made.folder}: {many}, {counted(made.files, 'file')}, {size(made.bytes)}")
        return {**made._asdict(), "folder": str(made.folder), "exit": 0}

    shown, faults = each_site(chosen_sites(settings, options.server), frozen)
    return answer("sites", shown, {0}, faults)


def _check(options: argparse.Namespace) -> Result:
    from mtdata.toolbox.dataset_check import check_dataset

    if options.pseudonyms or options.every_snapshot:
        raise UsageError("--check only looks; --pseudonyms and --every-snapshot are for making one")
    files = check_dataset(Path(options.folder).absolute())
    if not options.json:
        say(f"{options.folder}: {counted(files, 'file')}, each as it was written")
    return 0, {"folder": str(options.folder), "files": files}
