"""The report's charts as SVG, in the classes of the pages' own sheet; they hold no participant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from mtdata.core.charts import BROAD, picture, stacked
from mtdata.core.markup import Markup, element

BAR_HEIGHT, MOST_BARS, WEEK = 14, 400, 7
LEVELS = (0.0, 0.01, 0.05, 0.15, 0.4)
"""Shares above which a cell of the heat map is one step darker."""


def heat_level(rate: float) -> int:
    """How dark a share of 0 to 1 is shown: 0 for none, up to 5."""
    return sum(rate > level for level in LEVELS)


def per_day(days: Mapping[str, int], label: str) -> Markup:
    """A bar for each day from the first to the last, or for each week where these are too many."""
    first, last = date.fromisoformat(min(days)), date.fromisoformat(max(days))
    step = 1 if (last - first).days < MOST_BARS else WEEK
    bars: dict[str, list[int]] = {}
    day = first
    while day <= last:
        bars[str(day)] = [0]
        day += timedelta(days=step)
    for name, count in days.items():
        place = (date.fromisoformat(name) - first).days // step * step
        bars[str(first + timedelta(days=place))][0] += count
    return stacked(bars, {"bar": "entries"}, label)


def part_of(part: int, whole: int, most: int, label: str) -> Markup:
    """A bar of `whole` in the length of `most`, of which `part` is darker."""
    wide = BROAD * whole / most if most else 0
    dark = BROAD * part / most if most else 0
    drawn = [_bar(0, wide, "calm"), _bar(0, dark, "bar")]
    return _row(drawn, label, f"{part:,} of {whole:,}")


def middle_half(lower: float, median: float, upper: float, most: float, label: str) -> Markup:
    """The middle half of values as a bar from 0 to `most`, with a mark at the median."""
    scale = BROAD / most if most else 0
    drawn = [
        _bar(0, BROAD, "empty"),
        _bar(lower * scale, max(4, (upper - lower) * scale), "calm"),
        _bar(max(0, median * scale - 4), 8, "bar"),
    ]
    return _row(drawn, label, f"{lower:,.0f} to {upper:,.0f}, median {median:,.0f}")


def _row(drawn: list[Markup], label: str, told: str) -> Markup:
    return picture(BAR_HEIGHT, label, told, drawn, "chart row", BROAD)


def _bar(x: float, width: float, look: str) -> Markup:
    return element(
        "rect", x=round(x, 2), y=0, width=round(width, 2), height=BAR_HEIGHT, rx=2, class_=look
    )
