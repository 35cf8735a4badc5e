"""A stretch of the wall clock, window by window: each as long as comes whole; it keeps nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from mtdata.cake.client.client import ReportPage
from mtdata.cake.window import Window, WindowSize, halvings
from mtdata.core.errors import ExportError, WindowTooLarge

Made = TypeVar("Made")
CALM = 4
"""So many windows must go well before one grows again that was too slow."""
TRIES = 3
"""So often a second is asked for that is too slow: no query is shorter, so it may be chance."""

LEAST_TOLD = "a second cannot be halved"
SHARED = (
    f"{LEAST_TOLD}. Does somebody else take reports from this account at the same time? CAKE then "
    "answers neither"
)


class SweepStep(NamedTuple, Generic[Made]):
    """A page of a window, or with None for the page: the window is whole.

    Everything given since the last whole window is void when a page has `start` 1.  `size` is that
    of the next window: with it and the window's end a sweep goes on where it was cut off.
    """

    window: Window
    page: ReportPage[Made] | None
    size: WindowSize


def sweep(
    stretch: Window,
    size: WindowSize,
    ask: Callable[[Window], Iterator[ReportPage[Made]]],
    cap: int,
) -> Iterator[SweepStep[Made]]:
    """Every window of the stretch in order, each moment in exactly one.

    A window that is too large is halved down to one second, and what is too large then is an
    ExportError with the reason; windows grow back where rows are few.
    """
    at, tries = stretch.start, 0
    while at < stretch.end:
        window, taken = size.window(at, stretch.end), 0
        try:
            for page in ask(window):
                taken = page.row_count
                yield SweepStep(window, page, size)
        except WindowTooLarge as fault:
            times = halvings(fault.rows, cap) if fault.rows else 1
            shorter = size.shorter(window, times, waits=CALM if fault.slow else 0)
            tries += 1
            if shorter is None and not (fault.slow and tries < TRIES):
                raise ExportError(f"{fault}; {SHARED if fault.slow else LEAST_TOLD}") from None
            if shorter is not None:
                size, tries = shorter, 0
            continue
        at, size, tries = window.end, size.longer(window, taken, cap), 0
        yield SweepStep(window, None, size)


def unshifted(
    pages: Iterable[ReportPage[Made]], what: str, id_of: Callable[[Made], int]
) -> Iterator[ReportPage[Made]]:
    """The pages as they come, as long as none repeats rows of one before.

    The number of rows is right all the same where a list moves on between two pages, or where only
    the first page is ever given: what comes twice stands in the place of rows that never came.
    WindowTooLarge then, for what fits on one page cannot be torn apart.  A list that grew while it
    was read may repeat as many rows as it grew by; an id that comes twice on one page is CAKE's.
    """
    seen: set[int] = set()
    first = repeated = 0
    for page in pages:
        if page.start == 1:
            first, repeated = page.row_count, 0
            seen.clear()
        if page.row_count > len(page.rows):
            ids = set(map(id_of, page.rows))
            repeated += len(ids & seen)
            if repeated > page.row_count - first:
                raise WindowTooLarge(
                    f"{what}: of {page.row_count:,} rows {repeated:,} came on two pages, so as "
                    "many others are missing"
                )
            seen |= ids
        yield page


def probe(gap: Window, ask: Callable[[Window], Iterator[ReportPage[Made]]]) -> None:
    """Make sure that nothing happened in an hour that the zone's clock never showed.

    ExportError where something did.
    """
    rows = next(iter(ask(gap))).row_count
    if rows:
        raise ExportError(
            f"{gap}: there are {rows:,} rows, though no clock of TIMEZONE ever showed that time: "
            "the instance is set to another zone; see TIMEZONE in export.config"
        )
