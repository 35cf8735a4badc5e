"""The heartbeat around a round, and what its pool could not take: that is the program's then."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from mtdata.alerts import notify
from mtdata.config import Settings
from mtdata.core.errors import BusyError, MTDataError, PostError, Stopped, UsageError

log = logging.getLogger(__name__)


class EndedRound(Protocol):
    """How a round ended: its exit code, and kind, scale, detail of what no ledger took."""

    exit: int
    unentered: list[tuple[str, str, str]]


def beat(settings: Settings, site_name: str, sign: str) -> None:
    """Tell the heartbeat service that a round begins ("start"), or ended: "success" or "fail"."""
    if not (url := settings.log.heartbeat_url):
        return
    from mtdata.alerts.hooks import Manner, ping  # with requests

    try:
        manner = Manner(settings.log.ca, settings.log.agent)
        ping(url.get_secret_value(), site_name, sign, manner=manner)
    except PostError as error:
        log.warning("%s", error)


@contextmanager
def beating(
    settings: Settings, site_name: str, tell: Callable[[Settings, str, str], None] = beat
) -> Iterator[list[EndedRound]]:
    """The heartbeat around a round, which lays its report into the list; `tell` sends each sign.

    What the pool's own ledger could not take is entered in the program's.
    """
    ended: list[EndedRound] = []
    tell(settings, site_name, "start")
    try:
        yield ended
    except (BusyError, UsageError, Stopped):  # it was none, or the next one goes on with it
        raise
    except MTDataError as error:
        _note_round(settings, site_name, [(error.incident or "task_failed", "", str(error))])
        tell(settings, site_name, "fail")
        raise
    _note_round(settings, site_name, [one for report in ended for one in report.unentered])
    well = all(report.exit in (0, 1) for report in ended)
    tell(settings, site_name, "success" if well else "fail")


def incident_scale(site_name: str) -> str:
    """What stands for the scale in an incident of the program's that concerns one pool."""
    return f"pool {site_name}"


def _note_round(settings: Settings, site_name: str, told: list[tuple[str, str, str]]) -> None:
    """Open what a round could not enter in its pool, and close what an earlier one could not."""
    pool = incident_scale(site_name)
    entered = {(kind, f"{pool} {scale}".strip()): detail for kind, scale, detail in told}
    for (kind, place), detail in entered.items():
        notify.program_incident(settings, kind, place, detail)
    for one in notify.program_incidents(settings):
        if f"{one.scale} ".startswith(f"{pool} ") and (one.kind, one.scale) not in entered:
            notify.close_program_incident(settings, one.kind, one.scale)
