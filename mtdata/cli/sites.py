"""What the commands share: the config they are given, each site in its turn, the answer of all.

Every room of commands imports it before any word is read, so it loads nothing that works.
"""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtdata import logs
from mtdata.alerts.levels import level_of
from mtdata.alerts.program_fault import ProgramFault, contained
from mtdata.cli.tables import note
from mtdata.core import owner
from mtdata.core.errors import MTDataError, OwnerError, Stopped, UsageError
from mtdata.core.exit_codes import exit_code
from mtdata.core.loading import unsearched

if TYPE_CHECKING:  # the words of a command line are read without it
    from mtdata.config import Settings, SiteConfig

log = logging.getLogger(__name__)


Result = tuple[int, dict[str, Any]]
"""An exit code, and what `--json` prints."""


def late(room: str, act: str, **more: Any) -> Callable[[argparse.Namespace], Result]:
    """An act out of a room of this folder that takes its time to load."""

    def run(options: argparse.Namespace) -> Result:
        with unsearched():
            module = import_module(f"mtdata.cli.{room}")
        found: Result = getattr(module, act)(options, **more)
        return found

    return run


def settings_of(options: argparse.Namespace) -> Settings:
    """The config that the command line names, else the first that is found."""
    with unsearched():
        from mtdata.config import load

    return load(config_folder(options), os.environ)


def config_folder(options: argparse.Namespace) -> Path:
    """The folder of the config; found once it stays: a daemon that reads anew moves to no other."""
    if options.config is None:
        from mtdata.config.folders import find_folder

        found = find_folder(os.environ)
        log.info("config: %s is used", os.path.abspath(found.folder))
        if found.others:
            others = ", ".join(map(os.path.abspath, found.others))
            log.info("config: there is one in %s as well, which nobody reads", others)
        options.config = found.folder
    folder: Path = options.config
    return folder


def recorded(
    options: argparse.Namespace, judge: Callable[[Settings], object] = lambda settings: None
) -> Settings:
    """The config for a command that carries something; from here on the log goes to its files.

    `judge` may refuse the settings before that by an error.
    """
    settings = settings_of(options)
    judge(settings)
    refuse_strangers(settings)
    how = settings.log
    logs.configure(
        how.logging, settings.home, json_lines=how.json_lines, json_fields=how.json_fields
    )
    return settings


def refuse_strangers(settings: Settings) -> None:
    """OwnerError, before the first write, where this runs as another user than whose files it has.

    One pool of several that is not ours is refused in its turn; the others go on.
    """
    if os.geteuid() == 0:  # who may write anywhere would lock out whoever may not
        owner.refuse(settings.home / "state", owner.STATE)
        owner.refuse(settings.home / "logs", owner.LOGS)
    sites = [site for site in settings.sites if site.ready] or list(settings.sites)
    found = [owner.stranger(site.path, owner.POOL) for site in sites]
    if found and found[0] and all(found):
        raise OwnerError(owner.stranger_advice(found[0], sites[0].path))


def with_records(settings: Settings) -> Settings:
    """The settings, where the file of the records is ours or not there yet; else OwnerError."""
    if not settings.database.is_shared:
        file = Path(settings.database.name)
        owner.refuse(file.parent, (file.name, f"{file.name}-wal", f"{file.name}.migrating"))
    return settings


def each_site(
    sites: tuple[SiteConfig, ...], act: Callable[[SiteConfig], Any]
) -> tuple[dict[str, Any], dict[str, MTDataError]]:
    """Do something for each site; one site's fault, ours too, does not end another's turn."""
    by_name = {site.name: site for site in sites}
    return each(by_name, lambda name: act(by_name[name]))


def each(
    names: Iterable[str], act: Callable[[str], Any]
) -> tuple[dict[str, Any], dict[str, MTDataError]]:
    """What comes of each by its name, and the faults of the others."""
    done: dict[str, Any] = {}
    faults: dict[str, MTDataError] = {}
    for name in names:
        try:
            with contained(name):
                done[name] = act(name)
        except (Stopped, UsageError):
            raise
        except MTDataError as error:
            faults[name] = error
            if isinstance(error, ProgramFault):  # of which the log knows
                note(f"mtdata: {name}: {error}\n{error.places}", logging.ERROR)
                continue
            with logs.at(site=name):
                log.log(level_of(error.incident), "%s", error, extra=logs.TOLD)
            note(f"mtdata: {name}: {error}", logging.ERROR)
    return done, faults


def answer(
    key: str, shown: dict[str, Any], codes: set[int], faults: dict[str, MTDataError]
) -> Result:
    """The exit code of all sites together, and the JSON with the worst fault beside it."""
    code = exit_code(codes | {fault.exit_code for fault in faults.values()})
    for name, fault in faults.items():
        shown[name] = {"exit": fault.exit_code, "scales": {}, "faults": [str(fault)]}
    whole: dict[str, Any] = {key: shown}
    if code:
        first = next(iter(faults.values()), None)
        told = [text for site in shown.values() for text in site.get("faults", [])]
        message = "; ".join(told) or "some part failed; see the incidents"
        kind = type(first).__name__ if first else "PartFailed"
        kind = "Fault" if isinstance(first, ProgramFault) else kind  # as where there is no site
        whole["error"] = {"kind": kind, "message": message, "exit": code}
    return code, whole
