"""The commands of jobs: add, list, show, log, stop, retry, undo, and those who carry them.

Django is loaded when one of them is called, and never before.
"""

from __future__ import annotations

import argparse
import signal
from functools import partial
from typing import TYPE_CHECKING, Any

from mtdata.cli.jobs_many import add_all_of_these, add_prune, stop_all
from mtdata.cli.sites import Result, recorded, settings_of, with_records
from mtdata.cli.tables import counted, note, say, table
from mtdata.core.errors import UsageError
from mtdata.duties import DUTIES, KINDS
from mtdata.jobs.duty import ledgers_of, placed_file, signed_link
from mtdata.jobs.states import Status
from mtdata.web.needs import has_web

if TYPE_CHECKING:  # with all that reads config files
    from mtdata.config import Settings

JOBS = """examples:
  mtdata jobs add study.decode server=mysite scale=DASS21_AS
  mtdata jobs add study.export server=.
  mtdata jobs list --status Failed
  mtdata jobs show study.decode_mysite      by its name or its id
  mtdata jobs show ID --links               an address for an hour for each file in a store
  mtdata jobs stop ID                       it ends, and what it did is taken back
  mtdata jobs stop --all --owner anna       the same for all of hers that have not ended
  mtdata jobs retry ID                      finished parts are not done again
  mtdata jobs undo ID                       take back what an ended job did
  mtdata jobs prune --older-than 400d       forget what ended long ago (--dry-run shows it)

Days are written YYYY-MM-DD or dd-mm-yyyy.
"""
RUNNER = """examples:
  mtdata runner                    carries jobs until SIGTERM
  mtdata runner --once             carries what is queued, and ends: for cron
  mtdata runner --engine celery    the same, woken by the broker that BROKER names
"""
NOTHING_LEFT_S = 5.0


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's commands."""
    jobs = commands.add_parser("jobs", parents=[shared], help="queued work", epilog=JOBS)
    orders = jobs.add_subparsers(dest="order", metavar="ORDER", required=True)
    add = orders.add_parser("add", parents=[shared], help="queue a job")
    add.add_argument("kind", metavar="KIND")
    add.add_argument("words", metavar="NAME=VALUE", nargs="*")
    add.set_defaults(run=_add)
    listed = orders.add_parser("list", parents=[shared], help="the newest jobs")
    listed.add_argument("--status", choices=[one.value for one in Status], default="")
    listed.add_argument("--kind", default="")
    listed.set_defaults(run=_list)
    for name, act, told in (
        ("show", _show, "how far it is, and what came out"),
        ("log", _log, "what happened"),
        ("stop", _stop, "end it and take back what it did"),
        ("retry", _retry, "queue it again; finished parts stay finished"),
        ("undo", _undo, "take back what an ended job did"),
    ):
        order = orders.add_parser(name, parents=[shared], help=told)
        several = {"nargs": "?"} if act is _stop else {}
        order.add_argument("id", metavar="ID", help="the job's id or its name", **several)
        order.set_defaults(run=act)
        if act is _stop:
            add_all_of_these(order)
        if act is _show:
            told = "sign an address for each file in a store: whoever has it gets the file"
            order.add_argument("--links", action="store_true", help=told)
    add_prune(orders, shared)
    _add_runner(commands, shared)


def _add_runner(commands: Any, shared: argparse.ArgumentParser) -> None:
    runner = commands.add_parser(
        "runner", parents=[shared], help="carry queued jobs", epilog=RUNNER
    )
    runner.add_argument("--engine", choices=["embedded", "celery"], help="default: ENGINE")
    runner.add_argument(
        "--broker",
        metavar="URL",
        help="who rings (default: BROKER, whose password no list of processes shows)",
    )
    runner.add_argument("--slots", type=int, default=0, help="so many at a time (default: SLOTS)")
    runner.add_argument("--once", action="store_true", help="carry what is queued, and end")
    runner.set_defaults(run=_runner)
    migrate = commands.add_parser(
        "migrate", parents=[shared], help="make the tables of the records, or bring them up to date"
    )
    migrate.set_defaults(run=_migrate)


def _opened(options: argparse.Namespace) -> Settings:
    from mtdata.jobs.records import setting

    settings = with_records(settings_of(options))
    setting.open_migrated(settings.database)
    return settings


def _add(options: argparse.Namespace) -> Result:
    from mtdata.jobs.kind import kind_of
    from mtdata.jobs.parameters import parse_assignments

    given = parse_assignments(options.words)
    kind_of(options.kind, KINDS)  # a slip of the pen is told without the records
    settings = _opened(options)
    from mtdata.jobs import queue
    from mtdata.jobs.records import queries

    job = queue.add(settings, KINDS, options.kind, given)
    if not options.json:
        say(f"{job.name} is {job.status} ({job.pk})")
    return 0, queries.summary_of(job)


def _list(options: argparse.Namespace) -> Result:
    _opened(options)
    from mtdata.jobs.records import queries

    found = queries.newest_jobs(options.status, options.kind)
    if not options.json:
        table(
            "jobs",
            ("name", "status", "ordered", "kind", "id"),
            [
                (job["name"], _state(job), _minute(job["created_at"]), job["kind"], job["id"])
                for job in found
            ],
            "no job",
        )
    return 0, {"jobs": found}


def _state(job: dict[str, Any]) -> str:
    until = job["not_before"]
    return f"{job['status']}, waits until {_minute(until)}" if until else str(job["status"])


def _minute(at: str) -> str:
    return f"{at[:10]} {at[11:16]} UTC"


def _show(options: argparse.Namespace) -> Result:
    settings = _opened(options)
    from mtdata.jobs.kind import in_order
    from mtdata.jobs.records import orders, queries

    shown = queries.details_of(orders.job_named(options.id))
    shown["parameters"] = in_order(KINDS.get(shown["kind"]), shown["parameters"])
    if options.links:
        _sign(settings, shown["artifacts"])
    if not options.json:
        parts = shown["parts"]
        say(f"{shown['name']} ({shown['kind']}): {shown['status']}. {shown['reason']}".rstrip())
        told = f"{parts['done']:,} of {counted(parts['total'], 'part')}"
        say(f"{told}, {counted(shown['rows'], 'row')}")
        for made in shown["artifacts"]:
            say(str(made.get("link") or made.get("path") or made.get("url")))
    return 0, shown


def _sign(settings: Settings, artifacts: list[dict[str, Any]]) -> None:
    """Give each file of a store a signed address."""
    for made in artifacts:
        file = placed_file(DUTIES, settings, made.get("url", ""))
        link = signed_link(file) if file else None
        if link is not None:
            made["link"] = link


def _log(options: argparse.Namespace) -> Result:
    _opened(options)
    from mtdata.jobs.records import orders, queries

    job = orders.job_named(options.id)
    events = queries.events(job, 10_000)
    if not options.json:
        for event in events:
            say(f"{event['at'][:10]} {event['at'][11:19]} UTC {event['level']} {event['text']}")
    return 0, {**queries.summary_of(job), "events": events}


def _stop(options: argparse.Namespace) -> Result:
    if options.all == bool(options.id):
        raise UsageError("jobs stop takes the ID of a job, or --all and no ID")
    if not options.all and (options.status or options.kind or options.owner is not None):
        raise UsageError("--status, --kind and --owner go with --all")
    settings = _opened(options)
    if options.all:
        return stop_all(options, settings)
    from mtdata.jobs import queue
    from mtdata.jobs.records import orders

    job, told = queue.stop(settings, orders.job_named(options.id).pk)
    if told:
        note(f"mtdata: {job.name}: {told}; nothing was changed")
    return _ordered(options, job, {"note": told} if told else {})


def _retry(options: argparse.Namespace) -> Result:
    settings = _opened(options)
    from mtdata.jobs import queue
    from mtdata.jobs.records import orders

    return _ordered(options, queue.retry(settings, orders.job_named(options.id).pk, KINDS), {})


def _undo(options: argparse.Namespace) -> Result:
    settings = _opened(options)
    from mtdata.jobs import queue
    from mtdata.jobs.records import orders

    return _ordered(options, queue.undo(settings, orders.job_named(options.id).pk), {})


def _ordered(options: argparse.Namespace, job: Any, more: dict[str, Any]) -> Result:
    from mtdata.jobs.records import queries

    if not options.json:
        say(f"{job.name} is {job.status}")
    return 0, {**queries.summary_of(job), "attempt": job.attempt, **more}


def _migrate(options: argparse.Namespace) -> Result:
    from mtdata.jobs.records import setting

    settings = with_records(settings_of(options))
    if has_web():  # users, sessions and tokens have tables of their own
        from mtdata.web.setting import prepare_web

        prepare_web(settings, KINDS)
    setting.open_records(settings.database)
    steps = setting.migrate()
    if not options.json:
        say(
            f"{settings.database.redacted()}: {counted(steps, 'step')}"
            if steps
            else "the tables are up to date"
        )
    return 0, {"database": settings.database.redacted(), "steps": steps}


def _with_engine(options: argparse.Namespace, settings: Settings) -> Settings:
    """The settings with the engine and the broker of the command line."""
    from mtdata.config.broker import ALLOWED, as_configured, broker_of

    if not 0 <= options.slots <= 64:
        raise UsageError("--slots takes a whole number from 1 to 64")
    how = settings.programme
    engine = options.engine or how.engine
    if options.broker and engine != "celery":
        raise UsageError("--broker goes with --engine celery; an embedded runner has no broker")
    try:
        asked = broker_of(options.broker) if options.broker else None
        broker = as_configured(asked, how.broker_ca, how.broker_queue) if asked else how.broker
    except ValueError as error:
        raise UsageError(f"--broker: {error}; allowed is {ALLOWED}") from None
    if engine == "celery" and how.engine != "celery":
        note(
            "mtdata: programme.config: ENGINE is embedded, so orders do not ring this runner: it "
            f"looks every {how.sweep_s:g} s; write ENGINE: celery and BROKER there"
        )
    programme = how.model_copy(update={"engine": engine, "broker": broker})
    return settings.model_copy(update={"programme": programme})


def _runner(options: argparse.Namespace) -> Result:
    from mtdata.jobs.celery.runner import runner_of
    from mtdata.jobs.service import serve

    settings = _with_engine(options, with_records(recorded(options)))
    from mtdata.alerts import notify  # with all that sends news

    spread = partial(notify.spread, pools=partial(ledgers_of, DUTIES))
    slots = runner_of(settings, KINDS, options.slots, spread=spread)
    if options.once:
        return 0, {"exit": 0, "carried": slots.drain()}
    from mtdata.core.stop import EndRequest

    asked = EndRequest()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    ended_well = serve(slots, asked, settings.programme.grace_s + NOTHING_LEFT_S)
    code = 0 if ended_well else 70
    return code, {"exit": code}
