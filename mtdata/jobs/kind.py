"""What a kind of job declares, its parameters among it; it reads and carries nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple, Protocol

from mtdata.config import Settings
from mtdata.core.border import Border
from mtdata.core.clock import SystemClock
from mtdata.core.errors import JobError
from mtdata.core.stop import StopToken
from mtdata.jobs.states import report_name

REQUIRED = object()
AHEAD = timedelta(hours=14)
"""Somewhere on earth it is that much later than UTC: there the day has come."""
FIRST_DAY = date(2000, 1, 1)
"""No order asks for an earlier day, unless its kind says so."""
RECKONED = date(2, 1, 1), date(9998, 12, 31)
"""Between these a calendar can reckon in any zone; an order of the records is held to no more."""
Parameters = dict[str, Any]
Guard = Callable[[Iterable[bytes]], Generator[bytes]]
"""Makes of a file, piece by piece, what a person's spreadsheet may open without harm."""
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{2})-(\d{2})-(\d{4})", re.ASCII)


class Parameter(NamedTuple):
    """One parameter: `read` makes of the words what is kept (JSON), or raises ValueError.

    `choices` are all there is to choose from, `examples` some of it; both for pages alone.  A
    default that depends on the config is a function of it.
    """

    name: str
    read: Callable[[Settings, str], Any]
    allowed: str
    default: Any = REQUIRED
    choices: Callable[[Settings], Sequence[str]] | None = None
    examples: Sequence[str] = ()


class Misfit(ValueError):
    """Values that do not go together; `at` is the parameter where a page tells it."""

    def __init__(self, at: str, words: str) -> None:
        super().__init__(words)
        self.at = at


class Work(Protocol):
    """What a body of work is given: its order, and the ways to say how it goes."""

    settings: Settings
    parameters: Parameters
    part: str
    job: str
    attempt: int
    checkpoint: Any
    stop_token: StopToken

    def progress(self, rows: int, expected: int | None = None, step: str = "") -> None:
        """Say how far it is; it also counts as a sign of life.  Stopped when it should end."""
        ...

    def say(self, level: str, text: str) -> None:
        """One line for the job's log; never an answer, a key or a password."""
        ...

    def add_artifact(self, name: str, place: str, **more: Any) -> None:
        """Enter what came out; it counts from when the part is done (rows, size, sha256)."""
        ...

    def fenced(self) -> AbstractContextManager[Any]:
        """One commit: Fenced when the part is this attempt's no more, and nothing is written."""
        ...


def _no_key(parameters: Parameters) -> str:
    return ""


def _no_guard(settings: Settings, parameters: Parameters) -> Guard | None:
    return None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of job; whatever it does is done part by part."""

    name: str
    parameters: tuple[Parameter, ...]
    split: Callable[[Work], Sequence[str]]
    run: Callable[[Work], None]
    base: Callable[[Parameters], str]
    # what a stop takes back: of the named parts, or of all of the job (None)
    undo: Callable[[Work, Sequence[str] | None], None] | None = None
    # puts together what all parts made, when the last of them is done
    close: Callable[[Work], None] | None = None
    key: Callable[[Parameters], str] = _no_key
    max_runners: int = 1  # that carry parts of one job at a time
    resumes: bool = False  # goes on at its checkpoint where an earlier attempt was cut off
    check: Callable[[Parameters], None] = lambda parameters: None
    limit_s: float = 86_400
    memory_bytes: int = 4 << 30
    hours: Callable[[Parameters], float] = lambda parameters: 0.0  # of reports that it asks for
    account: str = ""  # the parameter by which a job belongs to an account; '' = to none
    about: str = ""  # what it does, for who chooses one
    # two parameters, the first and the last day: a form takes several such pairs, each for a job
    ranges: tuple[str, str] | None = None
    # through what its files go that a browser gets; None: they are given as they lie
    guard: Callable[[Settings, Parameters], Guard | None] = _no_guard


Kinds = Mapping[str, Kind]


def day(settings: Settings, words: str, earliest: date = FIRST_DAY) -> str:
    """A day from YYYY-MM-DD or dd-mm-yyyy, as YYYY-MM-DD; one that has not come is refused.

    A kind that takes days before 2000 gives its own `earliest` (functools.partial).
    """
    iso, first = _ISO.fullmatch(words), _DAY_FIRST.fullmatch(words)
    if iso:
        year, month, number = iso.groups()
    elif first:
        number, month, year = first.groups()
    else:
        raise ValueError("it is neither YYYY-MM-DD nor dd-mm-yyyy")
    try:
        found = date(int(year), int(month), int(number))
    except ValueError:
        raise ValueError("there is no such day") from None
    if found > (SystemClock().now() + AHEAD).date():
        raise ValueError(f"{found} has not come yet")
    if found < earliest:
        raise ValueError(f"{found} is before {earliest}")
    return found.isoformat()


def kept_day(parameters: Parameters, name: str) -> date:
    """A day of an order that is in the records, whoever put it there.  JobError when it is none."""
    with Border(JobError, f"{name}: it is no day that a job can ask for"):
        found = date.fromisoformat(parameters[name])
        if not RECKONED[0] <= found <= RECKONED[1]:
            raise JobError(f"{name}: {found} is no day that a job can ask for")
        return found


def days_in_order(parameters: Parameters, first: str = "start", last: str = "end") -> None:
    """For kinds with two days: the first is not after the last."""
    start, end = parameters[first], parameters[last]
    if start > end:
        raise Misfit(first, f"{first} {start} is after {last} {end}; both days are included")


def named_by_days(parameters: Parameters, first: str = "start", last: str = "end") -> str:
    """For kinds with two days: the name of a report of these days."""
    return report_name(kept_day(parameters, first), kept_day(parameters, last))
