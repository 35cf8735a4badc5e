"""The command that makes sample config and the key that signs receipts; it never overwrites."""

from __future__ import annotations

import argparse
from typing import Any

from mtdata.cli.sites import Result
from mtdata.cli.tables import note, say
from mtdata.cli.words import path_of
from mtdata.config import write_samples
from mtdata.core.errors import ConfigError, StorageError
from mtdata.core.signing import make_signing_key

INIT = """examples:
  mtdata init                      config/server.config and its neighbours, and in keys/ the key
                                   that signs receipts (docs/RECEIPTS.md)
  mtdata init /etc/mtdata          the same elsewhere; then: mtdata --config /etc/mtdata check
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    init = commands.add_parser(
        "init", parents=[shared], help="sample config, never overwriting", epilog=INIT
    )
    init.add_argument(
        "folder", nargs="?", type=path_of, metavar="DIR", help="default: the folder of --config"
    )
    init.set_defaults(run=_init)


def _init(options: argparse.Namespace) -> Result:
    folder = options.folder or options.config
    made = write_samples(folder)
    try:
        made += make_signing_key(folder.parent.resolve() / "keys")
    except (StorageError, ConfigError) as error:  # all else is there; a home may do without
        note(f"mtdata: the key that signs receipts was not made: {error}")
    if not options.json:
        for path in made:
            say(f"made {path}")
        if not made:
            say("every file is there already; nothing was changed")
    return 0, {"made": [str(path) for path in made]}
