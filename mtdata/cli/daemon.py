"""The command that stays: the daemon, until it is asked to end."""

from __future__ import annotations

import argparse
import signal
from typing import TYPE_CHECKING, Any

from mtdata.cli.sites import Result, recorded
from mtdata.duties import DUTIES
from mtdata.jobs.duty import daily_of, refuse_shared_names

if TYPE_CHECKING:  # with all that reads config files
    from mtdata.config import Settings

DAEMON = """examples:
  mtdata daemon                    all READY sites, until SIGTERM; SIGHUP reads the config anew
  mtdata daemon --once             what is due now, then end: for cron (bin/martin.sh) or a timer

systemd/mtdata.service runs it; docs/OPERATING.md says how to install it.
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's commands."""
    daemon = commands.add_parser(
        "daemon", parents=[shared], help="everything on schedule", epilog=DAEMON
    )
    daemon.add_argument("--once", action="store_true", help="do what is due now, and end")
    daemon.set_defaults(run=_daemon)


def _judge(settings: Settings) -> None:
    """Refuse a config by which it would sit there for ever, silently, or mix up two sites."""
    from mtdata.jobs.daily_reports import are_planned

    refuse_shared_names(DUTIES, settings)
    has_sites = any(duty.rounds().sites(settings) for duty in DUTIES if duty.rounds)
    if not has_sites and not are_planned(daily_of(DUTIES), settings):
        settings.chosen(".")


def _daemon(options: argparse.Namespace) -> Result:
    from mtdata.daemon.loop import Daemon  # with all that sends news

    daemon = Daemon(lambda: recorded(options, _judge))
    if options.once:
        code = daemon.once()
        return code, {"exit": code}
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, daemon.ask_to_stop)
    signal.signal(signal.SIGHUP, daemon.ask_to_reload)
    code = daemon.run()
    return code, {"exit": code}
