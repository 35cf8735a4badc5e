"""What a demo is told by the command line: ways to show something; it prints nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol


class CountingBar(Protocol):
    """Shows how far something is, on a terminal."""

    def __call__(
        self, title: str, total: int, *, quiet: bool = False
    ) -> AbstractContextManager[Callable[[int], None]]:
        """The context gives what is told how many more are done."""
        ...


class Screen(NamedTuple):
    """How something is shown; `warn` goes to standard error."""

    say: Callable[[str], None]
    warn: Callable[[str], None]
    table: Callable[[str, Sequence[str], Iterable[Sequence[object]]], None]
    counting: CountingBar


class DemoRun(Protocol):
    """Shows a duty at work on this machine alone."""

    def __call__(
        self, rows: int, keep: Path | None, screen: Screen, *, quiet: bool
    ) -> tuple[int, dict[str, Any]]:
        """The exit code and the answer in JSON; config, keys and pool stay in `keep`."""
        ...


class Demo(NamedTuple):
    """A demo as the help tells of it: `example` is its words and what it does, a line each."""

    about: str
    rows: int  # so many, where nobody says how many
    rows_of: str
    examples: Sequence[tuple[str, str]]
    run: DemoRun
    remark: str = ""
