"""What a kind of job declares, its parameters among it; it reads and carries nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol

from mtdata.config import Settings
from mtdata.core.border import Border
from mtdata.core.clock import SystemClock
from mtdata.core.errors import JobError, UsageError
from mtdata.core.stop import StopToken
from mtdata.core.words import did_you_mean
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
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})", re.ASCII)
_DAY_FIRST = re.compile(r"(?P<day>\d{2})-(?P<month>\d{2})-(?P<year>\d{4})", re.ASCII)


class Parameter(NamedTuple):
    """One parameter: `read` makes of the words what is kept (JSON), or raises ValueError.

    `choices` are all there is to choose from, `examples` some of it, and so are the days that lie
    so many `days_ago`; all for pages alone.  A default that depends on the config is a function of
    it; with None nothing is kept of it.
    """

    name: str
    read: Callable[[Settings, str], Any]
    allowed: str
    default: Any = REQUIRED
    choices: Callable[[Settings], Sequence[str]] | None = None
    examples: Sequence[str] = ()
    days_ago: Sequence[int] = ()
    # raises as `read` does where what the value names is not that user's; None: it is nobody's
    check_owner: Callable[[Any, str], None] | None = None


class MapCell(NamedTuple):
    """A part on a map of its job, such as the hour 09 of a day: its row, and a short word."""

    row: str
    word: str


class Outlook(NamedTuple):
    """What an order comes to, as far as its kind can say; `calls` are at least and about at most.

    `per_s` is how many calls there may be in a second, `parts` how many parts the job will have.
    `settled_at` is when the last of its days has all its rows, where that is to come; the job
    waits until then, or where `waits` is not so it fails.
    """

    files: int
    place: str
    calls: tuple[int, int]
    per_s: float
    parts: int
    settled_at: datetime | None = None
    waits: bool = True


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

    def progress(
        self, rows: int, expected: int | None = None, step: str = "", *, pending: int = 0
    ) -> None:
        """Say how far it is; it also counts as a sign of life.  Stopped when it should end.

        `pending` more rows are there, which count once a later call has them among `rows`.
        """
        ...

    def say(self, level: str, text: str) -> None:
        """One line for the job's log; never an answer, a key or a password."""
        ...

    def add_artifact(self, name: str, place: str, **more: Any) -> None:
        """Enter what came out; it counts from when the part is done (rows, size, sha256)."""
        ...

    def count(self, calls: int, faults: int) -> None:
        """Count what was asked of a service since the last time, and how often in vain."""
        ...

    def fenced(self) -> AbstractContextManager[Any]:
        """One commit: Fenced when the part is this attempt's no more, and nothing is written."""
        ...

    def commit(self, move: Callable[[], Any]) -> None:
        """Make the move in one commit, and keep what it returns as the checkpoint.

        Where two stood in each other's way it is made anew, as a whole.  Fenced as above; Stopped
        where the job is to be stopped, and nothing is written.
        """
        ...


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
    key: Callable[[Parameters], str] = lambda parameters: ""
    # `split` asks for nothing but the parameters: the runner plans by it, without a child
    splits_by_order: bool = False
    max_runners: int = 1  # that carry parts of one job at a time
    resumes: bool = False  # goes on at its checkpoint where an earlier attempt was cut off
    # whether values go together; it is given those that could be read, which need not be all
    check: Callable[[Parameters], None] = lambda parameters: None
    limit_s: float = 86_400
    memory_bytes: int = 4 << 30
    hours: Callable[[Parameters], float] = lambda parameters: 0.0  # of reports that it asks for
    account: str = ""  # the parameter by which a job belongs to an account; '' = to none
    title: str = ""  # what people call it, such as "Clicks"
    about: str = ""  # what it does, for who chooses one
    # the page where one orders it, by the name of its route; '' = the form of its parameters
    page: str = ""
    # what of an order stands in its title; None: all of it
    told: Callable[[Parameters], Sequence[str]] | None = None
    # of a part by its name: where it stands on a map of the job, and what such a part is called
    cell: Callable[[str], MapCell | None] = lambda part: None
    unit: str = "part"
    row_length: int = 0  # so many first signs of a part's name tell its row of that map; 0: none do
    # two parameters, the first and the last day: a form takes several such pairs, each for a job
    ranges: tuple[str, str] | None = None
    # the parameter by which a job takes a day that is not over as it is (`now`), or waits (`wait`)
    settling: str = ""
    outlook: Callable[[Settings, Parameters], Outlook | None] = lambda settings, parameters: None
    # which day it is where the rows are counted, by what is known of the order
    today: Callable[[Settings, Mapping[str, str]], date] = lambda settings, given: (
        SystemClock().now().date()
    )
    mailed: str = ""  # the parameter with an address that is mailed links to what was made
    # through what its files go that a browser gets; None: they are given as they lie
    guard: Callable[[Settings, Parameters], Guard | None] = lambda settings, parameters: None
    # which of its jobs are never forgotten, however long ago they ended: those whose work stands,
    # to be undone or to refuse the same once more; the newest of each key, by whose plan the next
    # one goes; or none
    stays: Literal["standing", "newest", "none"] = "none"
    # modules that its work needs: a child loads them before its first order; a runner, which has
    # to know the kinds and does no work of theirs, waits without them
    brings: tuple[str, ...] = ()


Kinds = Mapping[str, Kind]


def kind_of(name: str, kinds: Kinds) -> Kind:
    """The kind of that name, or UsageError."""
    if name in kinds:
        return kinds[name]
    raise UsageError(
        f"there is no kind of job {name[:64]!a}; there are {', '.join(sorted(kinds))}."
        f"{did_you_mean(name, kinds)}"
    )


def in_order(kind: Kind | None, parameters: Mapping[str, Any]) -> Parameters:
    """Parameters as the kind declares them; databases keep them in an order of their own."""
    known = [one.name for one in kind.parameters if one.name in parameters] if kind else []
    return {name: parameters[name] for name in dict.fromkeys([*known, *sorted(parameters)])}


def day(settings: Settings, words: str, earliest: date = FIRST_DAY) -> str:
    """A day from YYYY-MM-DD or dd-mm-yyyy, as YYYY-MM-DD; one that has not come is refused.

    A kind that takes days before 2000 gives its own `earliest` (functools.partial).
    ValueError for what is no day.
    """
    form = _ISO.fullmatch(words) or _DAY_FIRST.fullmatch(words)
    if not form:
        raise ValueError("it is neither YYYY-MM-DD nor dd-mm-yyyy")
    try:
        found = date(*(int(form[name]) for name in ("year", "month", "day")))
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
    """For kinds with two days, if both are there: no first after its last.  Misfit where it is."""
    start, end = parameters.get(first), parameters.get(last)
    if start and end and start > end:
        raise Misfit(first, f"{first} {start} is after {last} {end}; both days are included")


def named_by_days(
    parameters: Parameters, first: str = "start", last: str = "end", what: str = "report"
) -> str:
    """For kinds with two days: the name of a report of these days, which begins with `what`."""
    return report_name(kept_day(parameters, first), kept_day(parameters, last), what=what)
