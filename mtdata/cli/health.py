"""The command that says whether a service does its work, for the HEALTHCHECK of a container."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from mtdata.cli.sites import Result, settings_of
from mtdata.cli.tables import say
from mtdata.duties import DUTIES

HEALTH = """examples:
  mtdata health                    in a container: the service that its first process is
  mtdata health daemon             no READY site is overdue, as `mtdata status` has it
  mtdata health web --port 8080    /healthz of the page answers: the records do, and can be written
  mtdata health runner             a runner by the name of this machine gave its signs of life

Exit 0 when all is well, 1 when not; it changes nothing.
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's command."""
    health = commands.add_parser(
        "health", parents=[shared], help="does a service do its work?", epilog=HEALTH
    )
    health.add_argument("service", nargs="?", choices=["daemon", "web", "runner"])
    health.add_argument("--port", type=int, default=None, help="of the page (default: 8080)")
    health.set_defaults(run=_health)


def _health(options: argparse.Namespace) -> Result:
    from mtdata.daemon.health import Service, look, service_here

    service = Service(options.service) if options.service else service_here()
    if options.port is not None:
        service = service._replace(port=options.port)
    found = look(service, partial(settings_of, options), DUTIES)
    if not options.json:
        say(f"{service.name}: {found.told}")
    shown: dict[str, Any] = {"service": service.name, "well": found.is_well, "told": found.told}
    if found.is_well:
        return 0, shown
    return 1, {**shown, "error": {"kind": "Unhealthy", "message": found.told, "exit": 1}}
