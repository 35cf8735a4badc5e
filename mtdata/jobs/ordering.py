"""From the words of a person to an order for the records; it enters none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtdata.config.settings import did_you_mean
from mtdata.core.errors import UsageError
from mtdata.jobs.kind import Kind, Kinds, Parameters

if TYPE_CHECKING:
    from mtdata.jobs.records.orders import Order


def kind_of(name: str, kinds: Kinds) -> Kind:
    """The kind of that name, or UsageError."""
    if name in kinds:
        return kinds[name]
    raise UsageError(
        f"there is no kind of job {name[:64]!a}; there are {', '.join(sorted(kinds))}."
        f"{did_you_mean(name, kinds)}"
    )


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


def order_of(kind: Kind, parameters: Parameters, owner: str = "") -> Order:
    """The job as the records take it."""
    from mtdata.jobs.records.orders import Order

    return Order(
        kind=kind.name,
        parameters=parameters,
        base=kind.base(parameters),
        key=kind.key(parameters),
        max_runners=kind.max_runners,
        can_undo=kind.undo is not None,
        owner=owner,
    )
