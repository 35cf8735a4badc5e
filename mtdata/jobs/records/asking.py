"""How the database is asked: its clock, its faults as ours, moves that are made as a whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.db.utils import DatabaseError, IntegrityError, InterfaceError, OperationalError

from mtdata.core.backoff import Backoff
from mtdata.core.errors import RecordsError
from mtdata.jobs.records.faults import RecordsBusy, is_locked, reason

Found = TypeVar("Found")
Given = ParamSpec("Given")
TRIES, PAUSE_S, LONGEST_S = 7, 0.3, 10.0
_CLOCKS = {
    "sqlite": "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')",
    "mysql": "SELECT utc_timestamp(6)",
    "postgresql": "SELECT clock_timestamp()",
}


def now() -> datetime:
    """The time by the database's clock: leases of two machines must be measured by one."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOCKS[connection.vendor])
        return moment_of(cursor.fetchone()[0])


def moment_of(found: str | datetime) -> datetime:
    """A time as the database has it, in UTC."""
    moment = datetime.fromisoformat(found) if isinstance(found, str) else found
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def where() -> str:
    """Which database that is, as its address tells it."""
    known = connection.settings_dict
    place = f"{known['HOST']}:{known['PORT']}/" if known["HOST"] else "/"
    return f"{connection.vendor.replace('gresql', 'gres')}://{place}{known['NAME']}"


def unindexed(column: str) -> F | Coalesce:
    """A column of texts as an expression of the same values, by which SQLite takes no index.

    It knows not how many rows have a value: of two indexes it may take that by which it looks at
    every job there ever was, and not that of the few which are under way.  The others know.
    """
    return Coalesce(column, Value("")) if connection.vendor == "sqlite" else F(column)


@contextmanager
def asking() -> Iterator[None]:
    """What the database says against it becomes a RecordsError; its words could quote a value."""
    try:
        yield
    except IntegrityError:
        raise
    except (DatabaseError, InterfaceError) as error:
        connection.close()  # a broken one would stay broken, and one that is read-only so
        raise _fault(error, "does not do what it was asked") from error


def _fault(error: Exception, what: str) -> RecordsError:
    kind = RecordsBusy if is_locked(error) else RecordsError
    return kind(f"the database of the records {where()} {what}: {reason(error)}")


def _never(made: object) -> bool:
    return False


def whole(
    move: Callable[[], Found],
    tries: int = TRIES,
    *,
    patient: bool = True,
    stands: Callable[[Found], bool] = _never,
) -> Found:
    """Make the move in one transaction, and anew when the connection broke or two stood in each
    other's way: then nothing of it was done, or all of it, and only the word of that was lost.

    `stands` looks whether what an earlier try gave was committed, and is the end of it; a move
    without it has to find that out itself.  Who is not patient waits for a lock but once: a person
    is there, and can try again.  Within another move it is a part of that, which is made anew as a
    whole.  RecordsError where it is not made at last.
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            return move()
    made: list[Found] = []
    for turn in range(1, tries + 1):
        try:
            with transaction.atomic():
                if not (made and stands(made[0])):
                    made = [move()]
            return made[0]
        except (OperationalError, InterfaceError) as error:
            connection.close()
            if turn == tries or (is_locked(error) and not patient):
                raise _fault(error, "does not answer") from error
            rest(turn)
        except IntegrityError:
            raise
        except DatabaseError as error:
            connection.close()
            raise _fault(error, "refuses") from error
    raise AssertionError("the last turn returns or raises")


def rest(failures: int) -> None:
    """Wait after so many tries in vain; two that stood in each other's way come back apart."""
    time.sleep(Backoff(PAUSE_S, LONGEST_S).pause_s(failures))


@contextmanager
def locked_transaction(first: Callable[[], object]) -> Iterator[None]:
    """One transaction that begins with `first`, such as a lock; what follows is done once.

    Its beginning is tried as often as `whole` tries a move; within another transaction it is a part
    of that.  RecordsError where it does not begin, or what is done in it is refused.
    """
    with asking(), ExitStack() as ended:
        ended.push(_started_transaction(first, 1 if connection.in_atomic_block else TRIES))
        yield


def _started_transaction(first: Callable[[], object], tries: int) -> ExitStack:
    for turn in range(1, tries + 1):
        try:
            with ExitStack() as stack:
                stack.enter_context(transaction.atomic())
                first()
                return stack.pop_all()
        except (OperationalError, InterfaceError):
            if turn == tries:
                raise
            connection.close()
            rest(turn)
    raise AssertionError("the last turn returns or raises")


def made_whole(
    *, patient: bool = True, stands: Callable[[Any], bool] = _never
) -> Callable[[Callable[Given, Found]], Callable[Given, Found]]:
    """The function as a move, which is made by `whole` at each call."""

    def of(move: Callable[Given, Found]) -> Callable[Given, Found]:
        @wraps(move)
        def make(*words: Given.args, **named: Given.kwargs) -> Found:
            return whole(partial(move, *words, **named), patient=patient, stands=stands)

        return make

    return of
