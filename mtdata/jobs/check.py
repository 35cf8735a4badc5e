"""Whether the records of jobs and the broker answer, for `mtdata check`; it changes nothing
but that the queue is made if it is not there yet."""

from __future__ import annotations

from pathlib import Path

from mtdata.config import Settings
from mtdata.config.broker import BrokerAddress
from mtdata.config.database import DatabaseAddress
from mtdata.config.values import is_loopback
from mtdata.core.checks import Finding, of_program
from mtdata.core.errors import ConfigError, MTDataError, RecordsError
from mtdata.jobs.memory import UNMEASURED, is_measured

_SHARED_OUT = (
    "by a pooler that shares connections (pool_mode = transaction or statement), where limits of "
    "time do not hold for each of them; give this database pool_mode = session, or name the server"
)
_OLDER = (
    "its tables are of an older program, and the next command makes them newer; the way back is a "
    "backup of before that: mtdata backup"
)
_UNPROVEN = (
    "DATABASE_TLS is {tls}: nobody proves that it is the server, so somebody on the way could read "
    "all of it; write verify, and DATABASE_CA"
)
_IN_CLEAR = (
    "amqp:// is in clear: password and rings can be read on the way; write amqps://, and BROKER_CA "
    "where its authority is your own"
)


def check_jobs(settings: Settings) -> list[Finding]:
    """Ask the database, and the broker where one rings; nothing of where nobody keeps records."""
    return [*_check_records(settings), *_check_broker(settings), *_check_memory()]


def _check_memory() -> list[Finding]:
    """Whether a job that takes too much would be seen; nothing is said where it would."""
    return [] if is_measured() else [of_program("memory", "odd", UNMEASURED)]


def check_jobs_offline(settings: Settings) -> list[Finding]:
    """Which database and broker the config names, and what is odd about the way there."""
    how, found = settings.programme, []
    if how.database is not None:
        told = how.database.redacted()
        found.append(_answered("DATABASE", told, unproven(how.database)))
    if how.engine == "celery" and how.broker is not None:
        found.append(_answered("BROKER", how.broker.redacted(), unproven(how.broker)))
    return found


def _check_records(settings: Settings) -> list[Finding]:
    address = settings.database
    if not address.is_shared and not Path(address.name).exists():
        return []  # made when somebody first orders a job
    from mtdata.jobs.records import fitness, setting  # brings Django along

    try:
        setting.open_records(address)
        fitness.refuse_narrow_texts()
        setting.open_existing(address)
        is_older = setting.is_older()
        fitness.refuse_unwritable()
        shared_out = fitness.is_shared_out()
    except MTDataError as error:
        told = str(error) if address.redacted() in str(error) else f"{address.redacted()}: {error}"
        return [of_program("DATABASE", "bad", told, error.exit_code)]
    finally:
        setting.close_records()
    odd = [_SHARED_OUT] if shared_out else []
    odd += [_OLDER] if is_older else []
    return [_answered("DATABASE", f"{address.redacted()}: it answers", [*odd, *unproven(address)])]


def _answered(what: str, told: str, odd: list[str]) -> Finding:
    return of_program(what, "odd" if odd else "good", "; ".join([told, *odd]))


def unproven(address: DatabaseAddress | BrokerAddress) -> list[str]:
    """What is odd about the way there, where it leads beyond this machine."""
    if not address.host or is_loopback(address.host):
        return []
    if isinstance(address, BrokerAddress):
        return [_IN_CLEAR] if address.kind == "amqp" else []
    return [] if address.tls == "verify" else [_UNPROVEN.format(tls=address.tls)]


def _check_broker(settings: Settings) -> list[Finding]:
    how = settings.programme
    if how.engine != "celery" or how.broker is None:
        return []
    from mtdata.jobs.celery import app, ring

    try:
        app.app_of(how.broker)
    except ConfigError as error:  # Celery is not installed, or BROKER_CA is none
        return [of_program("BROKER", "bad", str(error), error.exit_code)]
    if fault := ring.probe(how.broker):
        told = (
            f"{how.broker.redacted()}: {fault}; jobs wait up to SWEEP_S ({how.sweep_s:g} s) each "
            "until it rings again"
        )
        return [of_program("BROKER", "bad", told, RecordsError.exit_code)]
    told = f"{how.broker.redacted()}: a ring came through"
    return [_answered("BROKER", told, unproven(how.broker))]
