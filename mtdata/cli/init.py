"""The command that makes a folder with sample config: init.  It never overwrites."""

from __future__ import annotations

import argparse
from typing import Any

from mtdata.cli.sites import Result
from mtdata.cli.tables import say
from mtdata.cli.words import path_of
from mtdata.config import write_samples

INIT = """examples:
  mtdata init                      config/server.config and its neighbours
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
    made = write_samples(options.folder or options.config)
    if not options.json:
        for path in made:
            say(f"made {path}")
        if not made:
            say("every file is there already; nothing was changed")
    return 0, {"made": [str(path) for path in made]}
