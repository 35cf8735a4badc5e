"""The commands over many jobs: `stop --all` of a crowd, `prune` of what ended long ago."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from mtdata.cli.sites import Result, settings_of, with_records
from mtdata.cli.tables import note, say
from mtdata.core.errors import UsageError
from mtdata.duties import KINDS

if TYPE_CHECKING:  # with all that reads config files, and the records
    from mtdata.config import Settings
    from mtdata.jobs.records.pruning import PrunedPiece

MOST_TOLD = 10_000
"""Files that are named in JSON, which is one object; the log and the lines name every one."""


def add_all_of_these(order: argparse.ArgumentParser) -> None:
    """What `stop --all` takes in place of an ID."""
    order.add_argument("--all", action="store_true", help="instead of one: all of these")
    order.add_argument("--status", choices=["Queued", "In Progress"], default="")
    order.add_argument("--kind", default="", help="those of this kind")
    order.add_argument("--owner", help="those that this user queued ('': the command line)")


def stop_all(options: argparse.Namespace, settings: Settings) -> Result:
    """Stop every job that fits and has not ended."""
    from django.db.models import Q

    from mtdata.jobs import queue
    from mtdata.jobs.records import queries, share

    ours = Q() if options.owner is None else Q(owner=options.owner)
    found = share.to_stop(ours, status=options.status, kind=options.kind)
    stopped = queue.stop_all(settings, found, "stopped by hand")
    if not options.json:
        for job in stopped:
            say(f"{job.name} is {job.status}")
        note(f"mtdata: {len(stopped)} jobs were stopped")
    return 0, {"jobs": [queries.summary_of(job) for job in stopped]}


def add_prune(orders: Any, shared: argparse.ArgumentParser) -> None:
    """Enter the command."""
    told = "forget jobs that ended long ago; what they made stays, and is named"
    prune = orders.add_parser("prune", parents=[shared], help=told)
    prune.add_argument(
        "--older-than", metavar="SPAN", help="that ended so long ago, as 90d (default: JOBS_KEEP)"
    )
    prune.add_argument("--dry-run", action="store_true", help="only show what would be forgotten")
    prune.set_defaults(run=_prune)


def _keep_s(options: argparse.Namespace, configured: float) -> float:
    """UsageError where nothing is named, or no such span."""
    from mtdata.config.keeping import KEPT, kept_s

    if options.older_than is None and configured:
        return configured
    try:
        asked = 0.0 if options.older_than is None else kept_s(options.older_than)
    except ValueError as error:
        raise UsageError(f"--older-than: {error}; allowed is a duration from 7d to 3660d") from None
    if not asked:
        raise UsageError(f"JOBS_KEEP is off: name --older-than, {KEPT.removesuffix(', or off')}")
    return asked


def _prune(options: argparse.Namespace) -> Result:
    settings = with_records(settings_of(options))
    keep_s = _keep_s(options, settings.programme.jobs_keep_s)
    from mtdata.jobs.records import setting

    setting.open_migrated(settings.database)
    from mtdata.jobs.pruning import forgotten_piece, pruning_of

    jobs = pruning_of(settings, KINDS, keep_s)
    count = needed = 0
    files: list[str] = []
    more = 0
    while True:
        piece = forgotten_piece(jobs, dry_run=options.dry_run)
        count, needed = count + len(piece.forgotten), needed + piece.needed
        made = [place for job in piece.forgotten for place in job.files]
        files += made[: MOST_TOLD - len(files)]
        more += len(made)
        if not options.json:
            _say(piece, dry_run=options.dry_run)
        if piece.next is None:
            break
    told = "would be forgotten" if options.dry_run else "were forgotten"
    note(f"mtdata: {count} jobs {told}; {needed} that ended before {jobs.before:%Y-%m-%d} stay")
    found = {"forgotten": count, "needed": needed, "dry_run": options.dry_run}
    return 0, {**found, "before": jobs.before.isoformat(), "files": files, "files_total": more}


def _say(piece: PrunedPiece, *, dry_run: bool) -> None:
    from mtdata.jobs.pruning import told_lines

    for job in piece.forgotten:
        for line in told_lines(job):
            say(f"would be {line}" if dry_run and line.startswith("forgotten") else line)
