"""What was judged of scales, as tables for people, CSV and JSON; it judges nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mtdata.core.csv_lines import csv_lines
from mtdata.toolbox.drift import ColumnChange
from mtdata.toolbox.quality import ScaleQuality, VariableQuality

COUNTS = ("missing", "no_answer", "out_of_range", "decimal_comma", "unreadable")
SCALE = (
    "scale",
    "entries",
    "valid",
    "participants",
    "without_participant",
    *COUNTS,
    "delivered_twice",
    "written_twice",
    "share_of_duplicates",
    "first_day",
    "last_day",
    "codebook",
    "columns_changed",
)


def scale_row(scale: ScaleQuality) -> list[Any]:
    """The cells of SCALE."""
    return [
        scale.scale,
        scale.entries,
        scale.valid,
        scale.participants,
        scale.without_participant,
        *(scale.total(field) for field in COUNTS),
        scale.delivered_twice,
        scale.written_twice,
        scale.share_of_duplicates,
        scale.first_day,
        scale.last_day,
        scale.has_codebook,
        len(scale.columns),
    ]


def quality_files(scales: Sequence[ScaleQuality]) -> dict[str, bytes]:
    """The three CSV files of these scales: of scales, of variables, of columns; by their ending."""
    variables = [(one.scale, *variable) for one in scales for variable in one.variables]
    columns = [(one.scale, *change) for one in scales for change in one.columns]
    return {
        "quality": _csv([SCALE, *map(scale_row, scales)]),
        "quality_variables": _csv([("scale", *VariableQuality._fields), *variables]),
        "quality_columns": _csv([("scale", *ColumnChange._fields), *columns]),
    }


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    return b"".join(csv_lines(rows))


def as_json(scale: ScaleQuality) -> dict[str, Any]:
    """All of a scale."""
    return {
        **dict(zip(SCALE, scale_row(scale), strict=True)),
        "variables": [one._asdict() for one in scale.variables],
        "columns": [one._asdict() for one in scale.columns],
    }


def change_words(change: ColumnChange) -> str:
    """What became of a column, in words."""
    words = []
    if change.renamed_from or change.renamed_to:
        old, new = change.renamed_from or change.column, change.renamed_to or change.column
        words.append(f"{old} is {new} since then, by its name")
    if change.days_without:
        words.append(f"not there on {change.days_without} days in between")
    return "; ".join(words)
