"""The command that says which program this is, for whoever reports a fault; it shows no secret."""

from __future__ import annotations

import argparse
import os
from typing import Any

from mtdata import __version__
from mtdata.cli.sites import Result
from mtdata.cli.tables import say, table

VERSION = """examples:
  mtdata version                   as `mtdata --version`
  mtdata version --verbose         and commit, Python, system, libraries, places: what a report of a
                                   fault wants
  mtdata version --json            the same as JSON
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    told = "which program this is, and on what it runs"
    version = commands.add_parser("version", parents=[shared], help=told, epilog=VERSION)
    version.set_defaults(run=_version)


def _version(options: argparse.Namespace) -> Result:
    if not options.json:
        say(f"mtdata {__version__}")
        if not getattr(options, "verbose", 0):
            return 0, {}
    shown = _everything(options)
    if not options.json:
        table("", ("what", "which"), [*_facts(shown), *shown["libraries"].items()])
    return 0, shown


def _everything(options: argparse.Namespace) -> dict[str, Any]:
    import platform

    from mtdata.core import inventory
    from mtdata.core.installing import PACKAGE, documents

    config, home = _config_and_home(options)
    return {
        "version": __version__,
        "commit": inventory.commit(),
        "python": inventory.python(),
        "platform": platform.platform(),
        "package": str(PACKAGE),
        "documents": str(documents() or ""),
        "config": config,
        "home": home,
        "extras": inventory.extras(),
        "drivers": inventory.drivers(),
        "libraries": inventory.libraries(),
    }


def _config_and_home(options: argparse.Namespace) -> tuple[str, str]:
    """The folder of the config and the home that it makes; '' where there is none."""
    from mtdata.cli.sites import config_folder
    from mtdata.config.folders import home_folder
    from mtdata.core.errors import ConfigError

    try:
        folder = config_folder(options).absolute()
    except ConfigError:
        return "", ""
    return str(folder), str(home_folder(folder, os.environ))


def _facts(shown: dict[str, Any]) -> list[tuple[str, str]]:
    """All but the libraries, a row each."""
    facts = {**shown, "extras": ", ".join(shown["extras"])}
    drivers = facts.pop("drivers")
    facts |= {f"driver of {name}": told for name, told in drivers.items()}
    return [
        (name, told or "none")
        for name, told in facts.items()
        if name not in ("version", "libraries")
    ]
