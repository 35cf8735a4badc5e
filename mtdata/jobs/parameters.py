"""What people ask of a kind of job, read once for the command line, the pages and the API.

What a wrong parameter is, and how that is told, stands here alone.  It queues and carries nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mtdata.config import Settings
from mtdata.core.errors import JobError, MTDataError, UsageError
from mtdata.core.words import did_you_mean
from mtdata.jobs.kind import REQUIRED, Kind, Parameter, Parameters

MOST_VALUE = 1000
UNKNOWN, NEEDED = "there is no such parameter", "it is needed"


class Reading(NamedTuple):
    """What came of the words: the values that could be read, and every fault by its parameter.

    A fault of no one parameter stands under ''.  `error` is the first of them for who wants one.
    """

    parameters: Parameters
    faults: dict[str, str]
    error: MTDataError | None = None

    def sound(self) -> Parameters:
        """The parameters as they are kept.

        UsageError for a name that the kind does not have or that is missing, JobError for a bad
        value or for values that do not go together.
        """
        if self.error is not None:
            raise self.error
        return self.parameters


def parse_assignments(words: list[str]) -> dict[str, str]:
    """What NAME=VALUE words give; UsageError for another word, or a name that comes twice."""
    given: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name in given:
            why = "twice" if equals else "without ="
            raise UsageError(f"{name[:64]!a} is given {why}; write NAME=VALUE, each name once")
        given[name] = value
    return given


def validate(kind: Kind, settings: Settings, given: Mapping[str, str]) -> Reading:
    """The words that were given, read and judged with every fault at once; it raises nothing."""
    known = {parameter.name: parameter for parameter in kind.parameters}
    unknown = [name for name in given if name not in known]
    missing = [p.name for p in kind.parameters if p.default is REQUIRED and p.name not in given]
    found, bad = _values([p for p in kind.parameters if p.name not in missing], settings, given)
    faults = dict.fromkeys(unknown, UNKNOWN) | dict.fromkeys(missing, NEEDED) | bad
    error = _error(kind, unknown, missing, bad) if faults else None
    try:
        kind.check(found)
    except ValueError as misfit:
        faults.setdefault(getattr(misfit, "at", ""), str(misfit))
        error = error or JobError(f"{kind.name}: {misfit}")
    return Reading(found, faults, error)


def _values(
    parameters: Sequence[Parameter], settings: Settings, given: Mapping[str, str]
) -> tuple[Parameters, dict[str, str]]:
    """What could be read, and why the others could not."""
    found: Parameters = {}
    bad: dict[str, str] = {}
    for parameter in parameters:
        name = parameter.name
        try:
            if name in given:
                found[name] = parameter.read(settings, _readable(given[name]))
            elif parameter.default is not None:
                found[name] = default_of(parameter, settings)
        except (ValueError, MTDataError) as error:
            bad[name] = str(error)
    return found, bad


def default_of(parameter: Parameter, settings: Settings) -> Any:
    """What holds where nothing is given, or REQUIRED; it may raise as `read` does."""
    given = parameter.default
    return given(settings) if callable(given) else given


def _readable(words: str) -> str:
    if len(words) > MOST_VALUE:
        raise ValueError(f"it has {len(words)} characters; {MOST_VALUE} are the most")
    if any(unicodedata.category(one) in ("Cc", "Cs") for one in words) or "\ufffd" in words:
        raise ValueError("it holds control characters, or is not UTF-8")
    return words


def _error(
    kind: Kind, unknown: Sequence[str], missing: Sequence[str], bad: Mapping[str, str]
) -> MTDataError:
    """The first fault for a person at a command line, with all that the kind takes."""
    known = {parameter.name: parameter for parameter in kind.parameters}
    takes = ", ".join(f"{name}= ({one.allowed})" for name, one in known.items())
    if unknown:
        near = did_you_mean(unknown[0], known)
        return UsageError(f"{kind.name} has no parameter {unknown[0]!a}.{near} It takes {takes}")
    if missing:
        return UsageError(f"{kind.name} needs {', '.join(missing)}=; it takes {takes}")
    name, why = next(iter(bad.items()))
    return JobError(f"{kind.name}: {name}: allowed is {known[name].allowed} ({why})")
