"""Tables and progress for people; JSON goes elsewhere.  rich is loaded only when it is shown."""

from __future__ import annotations

import logging
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from mtdata import logs
from mtdata.core.clock import SystemClock
from mtdata.core.control import on_lines
from mtdata.core.step import Step, Watch, unwatched
from mtdata.core.words import size

LEAST_FOLDED = 24
"""The last column is folded, but not narrower than this."""
FRAMED, FRAMELESS = 3, 2
"""How much wider each column is than its words."""


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str = ""
) -> None:
    """Print a table on standard output, numbers to the right; where there is no row, `empty`.

    Into a file or another program each row is one plain line: it can be found, cut and copied.
    """
    lines = [list(row) for row in rows]
    if not lines:
        if empty:
            say(empty)
        return
    numeric = [all(isinstance(cell, int) for cell in column) for column in zip(*lines, strict=True)]
    cells = [[on_lines(str(cell)) for cell in line] for line in lines]
    heads = [on_lines(column) for column in columns]
    show = _drawn if sys.stdout.isatty() else _plain
    show(on_lines(title), [heads, *cells], numeric)


def _drawn(title: str, lines: Sequence[Sequence[str]], numeric: Sequence[bool]) -> None:
    """In frames, as wide as the terminal; where words would be cut, without, or row by row."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    room = console.width - _width_needed(lines)
    if room < FRAMELESS * (len(numeric) - 1):
        _listed(title, lines, console.width)
        return
    shown = Table(title=title or None, title_justify="left")
    if room < FRAMED * len(numeric) + 1:
        shown = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for place, (head, to_right) in enumerate(zip(lines[0], numeric, strict=True)):
        last = place == len(numeric) - 1  # the words that say why; they alone are folded
        justify: Literal["left", "right"] = "right" if to_right else "left"
        shown.add_column(Text(head), justify=justify, overflow="fold", no_wrap=to_right or not last)
    for line in lines[1:]:
        shown.add_row(*map(Text, line))
    console.print(shown)


def _width_needed(lines: Sequence[Sequence[str]]) -> int:
    """How wide every column whole is, but for the last, which is folded."""
    widths = [_width(column) for column in zip(*lines, strict=True)]
    return sum(widths[:-1]) + min(widths[-1], LEAST_FOLDED)


def _width(column: Sequence[str]) -> int:
    from rich.cells import cell_len  # some letters are two wide

    return max(cell_len(line) for cell in column for line in cell.split("\n"))


def _listed(title: str, lines: Sequence[Sequence[str]], width: int) -> None:
    """Each row on lines of its own: the first cell, below it the others with their names."""
    if title:
        print(title)
    for row in lines[1:]:
        told = [f"{head} {cell}" for head, cell in zip(lines[0], row, strict=True) if cell]
        begin = "  " if title else ""
        print(f"{begin}{row[0]}")
        for line in textwrap.wrap("; ".join(told[1:]), width - 4, break_on_hyphens=False):
            print(f"{begin}  {line}")


def _plain(title: str, lines: Sequence[Sequence[str]], numeric: Sequence[bool]) -> None:
    """Column beside column with two spaces between: no frame, no colour, nothing folded."""
    from rich.cells import cell_len

    rows = [[" ".join(cell.split("\n")) for cell in line] for line in lines]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    if title:
        print(title)
    for row in rows:
        cells = (
            f"{'' if to_right else cell}{' ' * (width - cell_len(cell))}{cell if to_right else ''}"
            for cell, width, to_right in zip(row, widths, numeric, strict=True)
        )
        print("  ".join(cells).rstrip())


def folded_at(width: int) -> int:
    """Where lines for people are folded: at that width on a terminal, nowhere in a pipe."""
    return width if sys.stdout.isatty() else sys.maxsize


def clear() -> None:
    """Begin a terminal's page anew."""
    from rich.console import Console

    Console().clear()


def ago(seconds: int) -> str:
    """A length of time in the largest unit that tells it well."""
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if abs(seconds) >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 row`, `2 rows`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def say(text: str) -> None:
    """One line for people, on standard output."""
    print(on_lines(text))


def note(text: str, level: int = logging.INFO) -> None:
    """One line beside the output, on standard error; the level is what the journal gets."""
    logs.on_stderr(text, level)


@contextmanager
def watching(title: str) -> Iterator[Watch]:
    """Show the step in hand on a terminal, how fast it goes and what is left; else nothing."""
    if not sys.stderr.isatty():
        yield unwatched
        return
    from rich.console import Console
    from rich.text import Text

    rate = StepRate(SystemClock().ticks)
    with Console(stderr=True).status(Text(title)) as status:
        yield lambda step: status.update(Text(on_lines(f"{title}: {step}{rate.words(step)}")))


class StepRate:
    """How fast the step in hand goes, from the first sign of it on."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks, self._begun, self._done = ticks, 0.0, 0
        self._what: tuple[str, bool] | None = None

    def words(self, step: Step) -> str:
        """Such as ", 2,000 a second, 14 s left", ", 3.1 MiB a second"; '' while nobody can tell."""
        now, counts_bytes = self._ticks(), not step.rows and step.came > 0
        done = step.came if counts_bytes else step.rows
        if self._what != (step.what, counts_bytes):
            self._what, self._begun, self._done = (step.what, counts_bytes), now, done
        rate = (done - self._done) / max(1e-9, now - self._begun)
        if rate < 1 or now - self._begun < 1:
            return ""
        if counts_bytes:
            return f", {size(round(rate))} a second"
        left = max(0, step.expected - step.rows) / rate
        return f", {rate:,.0f} a second" + (f", {ago(round(left))} left" if left else "")


@contextmanager
def measuring(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar of `total` bytes on a terminal, to be told how many more are done; else nothing."""
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total)
        yield lambda count: progress.advance(task, count)


@contextmanager
def counting(
    title: str, total: int, *, quiet: bool = False, of: str = "rows"
) -> Iterator[Callable[[int], None]]:
    """A bar of `total` rows, or of what else is counted, on a terminal; else nothing.

    It is to be told how many more there are.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("   {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total, pace="")

        def move(count: int) -> None:
            progress.advance(task, count)
            speed = progress.tasks[task].speed
            progress.update(task, pace=f"{speed:,.0f} {of}/s" if speed else "")

        yield move
