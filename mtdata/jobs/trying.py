"""Whether the records of jobs and the broker answer, for `mtdata check`; it changes nothing
but that the queue is made if it is not there yet."""

from __future__ import annotations

from pathlib import Path

from mtdata.checkup import Finding
from mtdata.config import Settings
from mtdata.domain.notice import PROGRAM
from mtdata.errors import ConfigError, MTDataError, RecordsError

_SHARED_OUT = (
    "it answers, by a pooler that shares connections (pool_mode = transaction or statement): time "
    "limits and the turns of machines at one account of CAKE do not hold there; give this database "
    "pool_mode = session, or name the server itself"
)


def check_jobs(settings: Settings) -> list[Finding]:
    """Ask the database, and the broker where one rings; nothing of where nobody keeps records."""
    return [*_check_records(settings), *_check_broker(settings)]


def _check_records(settings: Settings) -> list[Finding]:
    address = settings.database
    if not address.is_shared and not Path(address.name).exists():
        return []  # made when somebody first orders a job
    from mtdata.records import fitness, setting  # brings Django along

    try:
        setting.open_records(address)
        fitness.refuse_narrow_texts()
        setting.look_into(address)
        shared_out = fitness.is_shared_out()
    except MTDataError as error:
        told = str(error) if address.told() in str(error) else f"{address.told()}: {error}"
        return [Finding(PROGRAM, "DATABASE", "bad", told, error.exit_code)]
    finally:
        setting.close_records()
    if shared_out:
        return [Finding(PROGRAM, "DATABASE", "odd", f"{address.told()}: {_SHARED_OUT}")]
    return [Finding(PROGRAM, "DATABASE", "good", f"{address.told()}: it answers")]


def _check_broker(settings: Settings) -> list[Finding]:
    how = settings.programme
    if how.engine != "celery" or how.broker is None:
        return []
    from mtdata.jobs import broker, doorbell

    try:
        broker.app_of(how.broker)
    except ConfigError as error:  # Celery is not installed, or BROKER_CA is none
        return [Finding(PROGRAM, "BROKER", "bad", str(error), error.exit_code)]
    if fault := doorbell.try_out(how.broker):
        told = (
            f"{how.broker.told()}: {fault}; jobs wait up to SWEEP_S ({how.sweep_s:g} s) each until "
            "it rings again"
        )
        return [Finding(PROGRAM, "BROKER", "bad", told, RecordsError.exit_code)]
    return [Finding(PROGRAM, "BROKER", "good", f"{how.broker.told()}: a ring came through")]
