"""Whether a service on this machine does its work, for what keeps containers; it only looks.

systemd hears that from the services themselves (`core/systemd.py`); elsewhere somebody has to ask.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from mtdata.config import Settings
from mtdata.core.errors import UsageError
from mtdata.jobs.duty import Duties

FIRST_PROCESS = Path("/proc/1/cmdline")
PORT, PATIENCE_S = 8080, 10.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # asked at, not listened at
_SAYS_WHICH = "say which service is meant: mtdata health daemon, web or runner"


class Service(NamedTuple):
    """One of `daemon`, `web` and `runner`; of the page also where it listens."""

    name: str
    host: str = "127.0.0.1"
    port: int = PORT


class Health(NamedTuple):
    """Whether it does its work, and in which words."""

    is_well: bool
    told: str


def service_of(words: Sequence[str]) -> Service | None:
    """The service that this command line begins; None where it begins none of them."""
    program = next((n for n, word in enumerate(words) if Path(word).name == "mtdata"), None)
    if program is None:
        return None
    behind = [*words[program + 1 :]]
    name = next((word for word in behind if word in LOOKS), None)
    if name is None:
        return None
    host, port = _option(behind, "--host") or "127.0.0.1", _option(behind, "--port")
    bare = host.strip("[]")
    return Service(name, _EVERYWHERE.get(bare, bare), int(port) if port.isdecimal() else PORT)


def _option(words: Sequence[str], name: str) -> str:
    """What stands behind an option, by a blank or by =; the last counts."""
    found = ""
    for word, follows in zip(words, [*words[1:], ""], strict=True):
        if word == name:
            found = follows
        elif word.startswith(f"{name}="):
            found = word.partition("=")[2]
    return found


def service_here(first_process: Path = FIRST_PROCESS) -> Service:
    """The service that this container is for, by its first process.  UsageError for none."""
    try:
        words = first_process.read_bytes().decode(errors="replace").split("\0")
    except OSError:
        raise UsageError(_SAYS_WHICH) from None
    found = service_of(words)
    if found is None:
        raise UsageError(f"the first process here is none of ours; {_SAYS_WHICH}")
    return found


def look(service: Service, settings: Callable[[], Settings], duties: Duties) -> Health:
    """How the service is; the config is read where it takes one."""
    return LOOKS[service.name](service, settings, duties)


def _of_daemon(service: Service, settings: Callable[[], Settings], duties: Duties) -> Health:
    """By the last good round of each site: what hangs or fails for long is overdue."""
    held, overdue, count = settings(), [], 0
    for rounds in (duty.rounds() for duty in duties if duty.rounds):
        for site in rounds.sites(held):
            count += 1
            if rounds.is_overdue(site):
                overdue.append(site.name)
    if overdue:
        return Health(False, f"overdue: {', '.join(overdue)}; `mtdata status` says since when")
    return Health(True, f"no site of {count} is overdue")


def _of_web(service: Service, settings: Callable[[], Settings], duties: Duties) -> Health:
    where = f"http://{service.host}:{service.port}/healthz"
    asked = http.client.HTTPConnection(service.host, service.port, timeout=PATIENCE_S)
    try:
        asked.request("GET", "/healthz")
        status = asked.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        told = getattr(error, "strerror", None) or "no answer of a web page"
        return Health(False, f"{where}: {told}")
    finally:
        asked.close()
    return Health(status == http.client.OK, f"{where}: {status}")


def _of_runner(service: Service, settings: Callable[[], Settings], duties: Duties) -> Health:
    """By its signs of life in the records: one that hangs gives none."""
    from mtdata.jobs.records import runner_view, setting  # brings Django along

    held = settings()
    if not held.database.is_shared and not Path(held.database.name).exists():
        return Health(False, "there are no records yet, so no runner either")
    try:
        setting.open_existing(held.database)
        count = runner_view.count_heard_here(held.programme)
    finally:
        setting.close_records()
    return Health(count > 0, f"runners of this machine that were heard of in time: {count}")


Look = Callable[[Service, Callable[[], Settings], Duties], Health]
LOOKS: dict[str, Look] = {"daemon": _of_daemon, "web": _of_web, "runner": _of_runner}
"""How each service is looked at."""
