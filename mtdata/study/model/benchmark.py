"""The benchmark file as a view of what is collected; it decides nothing and reads no disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple


class Benchmark(NamedTuple):
    """The highest id that we ever backed up for a scale (0 = none)."""

    current: int
    deleteable: bool


def benchmark_text(marks: Mapping[str, Benchmark], before: bytes) -> bytes:
    """Return benchMark.json: {"<Scale>": {"current": id, "deleteable": bool}}, sorted.

    Scales of the file as it stood `before` that are not among the marks stay as they are.
    """
    try:
        found = json.loads(before or b"{}")
    except ValueError:
        found = None
    view = found if isinstance(found, dict) else {}
    view |= {scale: mark._asdict() for scale, mark in marks.items()}
    return json.dumps(view, indent=2, sort_keys=True).encode() + b"\n"
