"""The command that makes sample config and the key that signs receipts; it never overwrites."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
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
  mtdata init ~/.config/mtdata     where it is found wherever you stand; so in /etc/mtdata
  mtdata init /srv/study/config    elsewhere; then: mtdata --config /srv/study/config check
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    init = commands.add_parser(
        "init", parents=[shared], help="sample config, never overwriting", epilog=INIT
    )
    init.add_argument(
        "folder",
        nargs="?",
        type=path_of,
        metavar="DIR",
        help="default: the folder that --config or MTDATA_CONFIG names, else ./config",
    )
    init.set_defaults(run=_init)


def _init(options: argparse.Namespace) -> Result:
    from mtdata.config.folders import HERE, home_folder
    from mtdata.config.schema import write_missing_schemas

    folder = options.folder or options.config or HERE
    made = write_samples(folder)
    made += write_missing_schemas(folder)
    home = home_folder(Path(os.path.abspath(folder)), os.environ)
    try:
        made += make_signing_key(home / "keys")
    except (StorageError, ConfigError) as error:  # all else is there; a home may do without
        note(f"mtdata: the key that signs receipts was not made: {error}")
    if not options.json:
        for path in made:
            say(f"made {path}")
        if not made:
            say("every file is there already; nothing was changed")
    return 0, {"made": [str(path) for path in made]}
