"""What a demo is told by the command line: ways to show something; it prints nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

Result = tuple[int, dict[str, Any]]
"""An exit code, and the answer in JSON."""


class Screen(NamedTuple):
    """How something is shown; `warn` goes to standard error."""

    say: Callable[[str], None]
    warn: Callable[[str], None]
    table: Callable[[str, Sequence[str], Iterable[Sequence[object]]], None]
    counting: Callable[..., AbstractContextManager[Callable[[int], None]]]
    """A bar of that title and total, unless `quiet`; it is told how many more are done."""


class DemoRun(Protocol):
    """Shows a duty at work on this machine alone, with so many rows or for so many days."""

    def __call__(self, count: int, /, keep: Path | None, screen: Screen, *, quiet: bool) -> Result:
        """What came of it; config, keys and pool stay in `keep`."""
        ...


class DemoServe(Protocol):
    """Lets the stand-in of a duty stay, with so many rows that nobody has taken yet."""

    def __call__(self, rows: int, home: Path, /) -> AbstractContextManager[str]:
        """What there is to say of it, while the `with` lasts; the config in `home` names it.

        UsageError when something is in that folder.
        """
        ...


class Demo(NamedTuple):
    """A demo as the help tells of it: `example` is its words and what it does, a line each."""

    about: str
    rows: int  # so many, where nobody says how many
    rows_of: str
    examples: Sequence[tuple[str, str]]
    run: DemoRun
    remark: str = ""
    days: int = 0  # so many it can show at most, one after the other; 0 for none
    run_days: DemoRun | None = None
    serve: DemoServe | None = None


def ending(shown: dict[str, Any], faults: Sequence[str], screen: Screen) -> Result:
    """How a demo ends: 0, or 65 with what was not as it should be."""
    for fault in faults:
        screen.warn(f"mtdata: {fault}")
    if not faults:
        return 0, shown
    error = {"kind": "PartFailed", "message": "; ".join(faults), "exit": 65}
    return 65, shown | {"error": error}
