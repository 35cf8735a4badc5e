"""The benchmark file as a view of what is collected; it decides nothing and reads no disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple


class Benchmark(NamedTuple):
    """The highest id that we ever backed up for a scale (0 = none)."""

    current: int
    deleteable: bool


def benchmark_text(marks: Mapping[str, Benchmark], before: bytes) -> bytes:
    """Return benchMark.json: {"<Scale>": {"current": id, "deleteable": bool}}, sorted.

    Scales of the file as it stood `before` that are not among the marks stay as they are.  A file
    that says all of it is given back as it stands: most rounds change nothing.
    """
    return _text(tuple(marks.items()), before)


@lru_cache(maxsize=16)
def _text(marks: tuple[tuple[str, Benchmark], ...], before: bytes) -> bytes:
    """Worded once: round after round it is asked with marks and file as they were."""
    try:
        found = json.loads(before or b"{}")
    except ValueError:
        found = None
    view = found if isinstance(found, dict) else {}
    told = {scale: mark._asdict() for scale, mark in marks}
    if view and [*view] == sorted(view) and _plain({s: view.get(s) for s in told}) == _plain(told):
        return before
    view |= told
    return json.dumps(view, indent=2, sort_keys=True).encode() + b"\n"


def _plain(view: Mapping[str, Any]) -> str:
    """JSON in one line, which C writes; with an indent Python would, at ten times the cost."""
    return json.dumps(view, sort_keys=True)
