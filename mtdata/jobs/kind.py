"""What a kind of job declares, and how its parameters are read; it carries nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, Protocol

from mtdata.config import Settings
from mtdata.config.settings import did_you_mean
from mtdata.errors import JobError, MTDataError, UsageError
from mtdata.pulse import Pulse

REQUIRED = object()
Parameters = dict[str, Any]
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{2})-(\d{2})-(\d{4})", re.ASCII)


class Parameter(NamedTuple):
    """One parameter: `read` makes of the words what is kept (JSON), or raises ValueError."""

    name: str
    read: Callable[[Settings, str], Any]
    allowed: str
    default: Any = REQUIRED


class Work(Protocol):
    """What a body of work is given: its order, and the ways to say how it goes."""

    settings: Settings
    parameters: Parameters
    part: str
    job: str
    attempt: int
    checkpoint: Any
    pulse: Pulse

    def progress(self, rows: int, expected: int | None = None, step: str = "") -> None:
        """Say how far it is; it also counts as a sign of life.  Stopped when it should end."""
        ...

    def say(self, level: str, text: str) -> None:
        """One line for the job's log; never an answer, a key or a password."""
        ...

    def made(self, name: str, place: str, **more: Any) -> None:
        """Enter what came out; it counts from when the part is done (rows, size, sha256)."""
        ...

    def fenced(self) -> AbstractContextManager[Any]:
        """One commit: Fenced when the part is this attempt's no more, and nothing is written."""
        ...


def _no_key(parameters: Parameters) -> str:
    return ""


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
    hands: int = 1
    resumes: bool = False  # goes on at its checkpoint where an earlier attempt was cut off
    check: Callable[[Parameters], None] = lambda parameters: None
    limit_s: float = 86_400
    memory_bytes: int = 4 << 30


Kinds = Mapping[str, Kind]


def read_parameters(kind: Kind, settings: Settings, given: Mapping[str, str]) -> Parameters:
    """The parameters as they are kept.

    UsageError for a name that the kind does not have or that is missing, JobError for a bad value.
    """
    known = {parameter.name: parameter for parameter in kind.parameters}
    strange = [name for name in given if name not in known]
    if strange:
        near = did_you_mean(strange[0], known)
        raise UsageError(
            f"{kind.name} has no parameter {strange[0]!a}.{near} It takes {_takes(kind)}"
        )
    missing = [p.name for p in kind.parameters if p.default is REQUIRED and p.name not in given]
    if missing:
        raise UsageError(f"{kind.name} needs {', '.join(missing)}=; it takes {_takes(kind)}")
    found = {p.name: _value(kind, p, settings, given) for p in kind.parameters}
    try:
        kind.check(found)
    except ValueError as error:
        raise JobError(f"{kind.name}: {error}") from error
    return found


def _takes(kind: Kind) -> str:
    return ", ".join(f"{p.name}= ({p.allowed})" for p in kind.parameters)


def _value(kind: Kind, parameter: Parameter, settings: Settings, given: Mapping[str, str]) -> Any:
    if parameter.name not in given:
        return parameter.default
    try:
        return parameter.read(settings, given[parameter.name])
    except (ValueError, MTDataError) as error:
        raise JobError(
            f"{kind.name}: {parameter.name}: allowed is {parameter.allowed} ({error})"
        ) from error


def day(settings: Settings, words: str) -> str:
    """A day from YYYY-MM-DD or dd-mm-yyyy, as YYYY-MM-DD."""
    iso, first = _ISO.fullmatch(words), _DAY_FIRST.fullmatch(words)
    if iso:
        year, month, number = iso.groups()
    elif first:
        number, month, year = first.groups()
    else:
        raise ValueError("it is neither YYYY-MM-DD nor dd-mm-yyyy")
    try:
        return date(int(year), int(month), int(number)).isoformat()
    except ValueError:
        raise ValueError("there is no such day") from None


def days_in_order(parameters: Parameters) -> None:
    """For kinds with start and end: the start is not after the end."""
    if parameters["start"] > parameters["end"]:
        raise ValueError(
            f"start {parameters['start']} is after end {parameters['end']}; both days are included"
        )
