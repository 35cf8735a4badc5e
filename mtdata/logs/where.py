"""What a line is about: site, scale and round, carried along the calls; it writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import NamedTuple, ParamSpec, TypeVar

Given = ParamSpec("Given")
Found = TypeVar("Found")


class Where(NamedTuple):
    """'' or None is what is not known."""

    site: str = ""
    scale: str = ""
    round: int | None = None


_where: ContextVar[Where] = ContextVar("where", default=Where())  # noqa: B039  # a tuple


def current() -> Where:
    """What lines of this thread are about now."""
    return _where.get()


@contextmanager
def at(
    *, site: str | None = None, scale: str | None = None, round: int | None = None
) -> Iterator[None]:
    """Lines in here are about these; what is not given stays as it was."""
    now = _where.get()
    token = _where.set(
        Where(
            now.site if site is None else site,
            now.scale if scale is None else scale,
            now.round if round is None else round,
        )
    )
    try:
        yield
    finally:
        _where.reset(token)


def carried(act: Callable[Given, Found]) -> Callable[Given, Found]:
    """`act`, with the site, scale and round of here and now, whichever thread calls it."""
    context = copy_context()

    def inside(*given: Given.args, **named: Given.kwargs) -> Found:
        return context.copy().run(act, *given, **named)  # a copy: several threads at a time

    return inside
