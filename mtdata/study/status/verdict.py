"""One state of a site in a word, for terminal, page and programs; it reads nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from mtdata.study.status.shape import GlanceShape, SiteShape

Judged = TypeVar("Judged", SiteShape, GlanceShape)
Level = Literal["good", "warn", "bad", "quiet"]
PATIENCE = timedelta(minutes=1)
"""A round that is due begins within this time, or nobody runs."""
WELL = (0, 1)
"""Exit codes of rounds that saw the whole site; after any other what lies there is not known."""


def judged(shape: Judged, now: datetime, *, is_running: bool) -> Judged:
    """The site with its one state; `is_running`: a round goes on."""
    state, level = next(_states(shape, now, is_running=is_running))
    return replace(shape, state=state, level=level)


def _states(
    shape: SiteShape | GlanceShape, now: datetime, *, is_running: bool
) -> Iterator[tuple[str, Level]]:
    """All that hold, the one that matters most first."""
    last, grave = shape.last_round, shape.incidents_open
    if not shape.ready:
        yield "Not READY", "quiet"
    if shape.overdue:
        yield "Overdue", "bad"
    if last and last.exit not in WELL:
        yield "Failing", "bad"
    if shape.deletes_blocked:
        yield "Deletes stopped", "bad"
    if grave["critical"] or grave["error"]:
        yield "Trouble", "bad"
    if last is None:
        yield ("First round", "quiet") if is_running else ("No round yet", "warn")
    if not is_running and shape.next_round_at and shape.next_round_at + PATIENCE < now:
        yield "Due, nobody runs", "warn"
    if grave["warning"]:
        yield "Warning", "warn"
    if last and last.exit:
        yield "In part", "warn"
    yield "Well", "good"
