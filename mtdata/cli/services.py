"""The command that makes units of systemd for this program, this config and these sites."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import mtdata
from mtdata.cli.sites import Result
from mtdata.cli.tables import say
from mtdata.cli.words import filled, path_of
from mtdata.core.installing import documents

SYSTEMD = """examples:
  mtdata systemd                       the units for this program and this config, printed
  mtdata systemd --write DIR           into files; /etc/systemd/system is where systemd reads them
  mtdata systemd --user --write ~/.config/systemd/user    for a user's own systemd: no root needed
  mtdata systemd --as anna --site mysite    as the user anna; names of sites, the config unread

Names of sites, and folders that lie elsewhere, are those of the config.  A file that is there and
differs is replaced: what you add belongs into `systemctl edit`.  Nothing is started or enabled.
"""
NEXT_SYSTEM = """next, as root (docs/OPERATING.md):
  systemd-sysusers {folder}/mtdata.sysusers && systemd-tmpfiles --create {folder}/mtdata.tmpfiles
  systemctl daemon-reload && systemctl enable --now mtdata
  systemctl enable --now mtdata-web.socket mtdata-web     # the web page"""
NEXT_USER = """next:
  systemctl --user daemon-reload && systemctl --user enable --now mtdata
  loginctl enable-linger                                  # it goes on when you log out"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    systemd = commands.add_parser(
        "systemd", parents=[shared], help="units of systemd for here", epilog=SYSTEMD
    )
    systemd.add_argument("--user", action="store_true", help="for a user's own systemd")
    where = systemd.add_mutually_exclusive_group()
    where.add_argument("--print", action="store_true", help="on standard output (the default)")
    where.add_argument("--write", type=path_of, metavar="DIR", help="into files in this folder")
    systemd.add_argument(
        "--as", dest="account", type=filled, metavar="USER", default="mtdata",
        help="whom the services run as (default: mtdata)",
    )  # fmt: skip
    systemd.add_argument(
        "--site", action="append", type=filled, metavar="NAME", default=[],
        help="a site, where the config is not to be read; again for further ones",
    )  # fmt: skip
    systemd.set_defaults(run=_systemd)


def _systemd(options: argparse.Namespace) -> Result:
    from mtdata.daemon.units import unit_files

    files = unit_files(_service_place(options))
    if options.write is None:
        if not options.json:
            say("\n".join(f"# {name}\n{text}" for name, text in files.items()))
        return 0, {"files": [{"name": name, "text": text} for name, text in files.items()]}
    folder = Path(os.path.abspath(options.write))
    states = {name: _written(folder, name, text) for name, text in files.items()}
    if not options.json:
        for name, state in states.items():
            say(f"{state} {folder / name}")
        say(NEXT_USER if options.user else NEXT_SYSTEM.format(folder=folder))
    shown = [{"path": str(folder / name), "state": state} for name, state in states.items()]
    return 0, {"files": shown}


def _service_place(options: argparse.Namespace) -> Any:
    """For which program, config, user and sites; UsageError, ConfigError."""
    from mtdata.config.service import service_needs
    from mtdata.daemon.units import ServicePlace, credentials_of

    if options.site:
        credentials, folders = credentials_of(options.site), ()
    else:
        credentials, folders = service_needs(options.config, os.environ)  # type: ignore[assignment]
    root = Path(mtdata.__file__).resolve().parents[1]
    pages = documents()
    return ServicePlace(
        program=_program(root),
        config=os.path.abspath(options.config),
        user="" if options.user else options.account,
        credentials=tuple(credentials),
        writable=tuple(map(str, folders)),
        guide=str(pages / "OPERATING.md") if pages else "",
    )


def _program(root: Path) -> tuple[str, ...]:
    """The words that begin this program: that of the checkout, else what was called."""
    called = Path(os.path.abspath(sys.argv[0]))
    beside = Path(sys.executable).with_name("mtdata")
    for program in (root / "bin" / "mtdata", called, beside):
        if program.name == "mtdata" and program.is_file() and os.access(program, os.X_OK):
            return (str(program),)
    return (sys.executable, "-I", "-m", "mtdata")


def _written(folder: Path, name: str, text: str) -> str:
    """Put a file there as a whole; what came of it.  StorageError."""
    from mtdata.core.disk import FolderDisk
    from mtdata.daemon.units import PROGRAMS

    disk = FolderDisk(folder, mode=0o755 if name in PROGRAMS else 0o644)
    content, before = text.encode(), None
    if disk.size(name) is not None:
        before = b"".join(disk.stream(name))
    if before == content:
        return "unchanged"
    disk.replace(name, content)
    return "made" if before is None else "replaced"
