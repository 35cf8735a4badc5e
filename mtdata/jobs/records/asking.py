"""How the database is asked: its clock, its faults as ours, moves that are made as a whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

from django.db import connection, transaction
from django.db.utils import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
)

from mtdata.core.errors import RecordsError
from mtdata.jobs.records.faults import RecordsBusy, is_locked, reason

Found = TypeVar("Found")
TRIES, PAUSE_S = 7, 0.1
_CLOCKS = {
    "sqlite": "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')",
    "mysql": "SELECT utc_timestamp(6)",
    "postgresql": "SELECT clock_timestamp()",
}


def now() -> datetime:
    """The time by the database's clock: leases of two machines must be measured by one."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOCKS[connection.vendor])
        found = cursor.fetchone()[0]
    moment = datetime.fromisoformat(found) if isinstance(found, str) else found
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def where() -> str:
    """Which database that is, as its address tells it."""
    known = connection.settings_dict
    place = f"{known['HOST']}:{known['PORT']}/" if known["HOST"] else "/"
    return f"{connection.vendor.replace('gresql', 'gres')}://{place}{known['NAME']}"


@contextmanager
def asking() -> Iterator[None]:
    """What the database says against it becomes a RecordsError; its words could quote a value."""
    try:
        yield
    except IntegrityError:
        raise
    except (DatabaseError, InterfaceError) as error:
        connection.close()  # a broken one would stay broken, and one that is read-only so
        kind = RecordsBusy if is_locked(error) else RecordsError
        raise kind(
            f"the database of the records {where()} does not do what it was asked: {reason(error)}"
        ) from error


def whole(move: Callable[[], Found], tries: int = TRIES, *, patient: bool = True) -> Found:
    """Make the move in one transaction, and anew when the connection broke or two stood in each
    other's way: then nothing of it was done, or all of it, which a move has to find out itself.

    Who is not patient waits for a lock but once: a person is there, and can try again.
    """
    for turn in range(1, tries + 1):
        try:
            with transaction.atomic():
                return move()
        except (OperationalError, InterfaceError) as error:
            connection.close()
            locked = is_locked(error)
            if turn == tries or (locked and not patient):
                kind = RecordsBusy if locked else RecordsError
                raise kind(
                    f"the database of the records {where()} does not answer: {reason(error)}"
                ) from error
            time.sleep(PAUSE_S * 2**turn)
        except IntegrityError:
            raise
        except DatabaseError as error:
            connection.close()
            raise RecordsError(
                f"the database of the records {where()} refuses: {reason(error)}"
            ) from error
    raise AssertionError("the last turn returns or raises")
