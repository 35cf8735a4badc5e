"""The benchmark file as a view of what is collected; it decides nothing and reads no disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple


class Benchmark(NamedTuple):
    """The highest id that we ever backed up for a scale (0 = none)."""

    current: int
    deleteable: bool


def benchmark_text(marks: Mapping[str, Benchmark], foreign: Mapping[str, object]) -> bytes:
    """Return benchMark.json: {"<Scale>": {"current": id, "deleteable": bool}}, sorted.

    `foreign` holds scales of an older file that this pool has not seen yet; they stay as they are.
    """
    view: dict[str, object] = dict(foreign)
    for scale, mark in marks.items():
        view[scale] = {"current": mark.current, "deleteable": mark.deleteable}
    return json.dumps(view, indent=2, sort_keys=True).encode() + b"\n"
