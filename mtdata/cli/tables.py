"""Tables and progress for people; JSON goes elsewhere.  rich is loaded only when it is shown."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from mtdata import logs
from mtdata.core.control import on_lines

WIDE = 2000


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table on standard output; numbers stand to the right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=on_lines(title), title_justify="left")
    lines = [list(row) for row in rows]
    for place, column in enumerate(columns):
        numeric = bool(lines) and all(isinstance(line[place], int) for line in lines)
        last = place == len(columns) - 1  # the words that say why; they alone are folded
        justify: Literal["left", "right"] = "right" if numeric else "left"
        shown.add_column(on_lines(column), justify=justify, overflow="fold", no_wrap=not last)
    for line in lines:
        shown.add_row(*(Text(on_lines(str(cell))) for cell in line))
    # into a file or another program each row is one line: commands in it can be copied and found
    Console(width=None if sys.stdout.isatty() else WIDE).print(shown)


def ago(seconds: int) -> str:
    """A length of time in the largest unit that tells it well."""
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if abs(seconds) >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def say(text: str) -> None:
    """One line for people, on standard output."""
    print(on_lines(text))


def note(text: str, level: int = logging.INFO) -> None:
    """One line beside the output, on standard error; the level is what the journal gets."""
    logs.on_stderr(text, level)


@contextmanager
def watching(title: str) -> Iterator[Callable[[str], None]]:
    """Show the step in hand on a terminal; nothing at all elsewhere."""
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console

    with Console(stderr=True).status(title) as status:
        yield lambda step: status.update(on_lines(f"{title}: {step}"))


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
def counting(title: str, total: int, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """A bar of `total` rows on a terminal, to be told how many more there are; else nothing."""
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
            progress.update(task, pace=f"{speed:,.0f} rows/s" if speed else "")

        yield move
