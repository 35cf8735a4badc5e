"""The command that makes sample config and the key that signs receipts; it never overwrites."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mtdata.cli.sites import Result
from mtdata.cli.tables import note, say
from mtdata.cli.words import path_of
from mtdata.core.errors import ConfigError, StorageError
from mtdata.duties import DUTIES
from mtdata.jobs.duty import Duties

INIT = """examples:
  mtdata init                      config/server.config and its neighbours, and in keys/ the key
                                   that signs receipts (docs/RECEIPTS.md)
  mtdata init ~/.config/mtdata     where it is found wherever you stand; so in /etc/mtdata
  mtdata init /srv/study/config    elsewhere; then: mtdata --config /srv/study/config check

It ends with the next step of each duty: which file to edit, and what to call then.
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
    from mtdata.config import write_samples  # with all that reads config files
    from mtdata.config.folders import HERE, home_folder
    from mtdata.config.schema import write_missing_schemas
    from mtdata.core.signing import make_signing_key

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
        for line in _next_steps(folder, DUTIES):
            say(line)
    return 0, {"made": [str(path) for path in made]}


def _program(folder: Path) -> str:
    """The program as it finds these files: with --config where it would look elsewhere."""
    from mtdata.config.folders import has_config, usual_folders

    named = os.environ.get("MTDATA_CONFIG")
    places = [Path(named).expanduser()] if named else filter(has_config, usual_folders(os.environ))
    first = next(iter(places), None)
    is_first = first is not None and os.path.abspath(first) == os.path.abspath(folder)
    return "mtdata" if is_first else f"mtdata --config {shlex.quote(str(folder))}"


def _next_steps(folder: Path, duties: Duties) -> Iterator[str]:
    """Which file to edit for each duty, and what to call then."""
    program = _program(folder)
    yield "next, for what you want:"
    for duty in duties:
        if duty.to_edit:
            yield f"  {duty.name}: edit {folder / duty.config_files[0]}: {duty.to_edit};"
            yield f"    then `{program} check`, then `{program} {duty.examples[0][0]}`"
