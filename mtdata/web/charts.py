"""Charts as SVG, drawn on the server; each says in words what it shows, and none has a style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import svg
from django.utils.safestring import SafeString, mark_safe

WIDTH, HEIGHT, TOP, FOOT, GAP = 280, 84, 14, 14, 3
STRIP_HEIGHT, SHADE = 18, 5
GOOD, BAD, NONE = "good", "bad", "empty"
WORDS = {GOOD: "good", BAD: "with faults", NONE: "without a round"}


def rows_per_day(days: Mapping[str, int], label: str) -> SafeString:
    """A bar for each day, the highest as high as the chart."""
    most, width = max(days.values(), default=0), WIDTH / max(1, len(days))
    room = HEIGHT - TOP - FOOT
    drawn: list[svg.Element] = [_text(0, 10, f"most {most:,}")]
    for place, (day, count) in enumerate(days.items()):
        height = max(1.5, room * count / most) if count else 1
        drawn.append(
            svg.Rect(
                x=round(place * width + GAP / 2, 2),
                y=round(HEIGHT - FOOT - height, 2),
                width=round(width - GAP, 2),
                height=round(height, 2),
                class_=["bar" if count else "empty"],
                elements=[_title(f"{day}: {count:,}")],
            )
        )
    drawn += _ends(days, HEIGHT - 2)
    told = f"{sum(days.values()):,} in {len(days)} days, the most in one {most:,}"
    return _drawn(HEIGHT, label, told, drawn)


def strip(days: Mapping[str, Sequence[int]], label: str) -> SafeString:
    """A cell for each day: its good rounds and the others; a bad one is lower as well as red."""
    width = WIDTH / max(1, len(days))
    drawn: list[svg.Element] = []
    for place, (day, (good, bad)) in enumerate(days.items()):
        sort = of_day(good, bad)
        lower = {GOOD: 0, BAD: SHADE, NONE: 2 * SHADE}[sort]
        drawn.append(
            svg.Rect(
                x=round(place * width + GAP / 2, 2),
                y=lower,
                width=round(width - GAP, 2),
                height=STRIP_HEIGHT - lower,
                class_=[sort],
                elements=[_title(f"{day}: {told_of_day(good, bad)}")],
            )
        )
    sorts = [of_day(good, bad) for good, bad in days.values()]
    told = "days: " + ", ".join(f"{sorts.count(sort)} {WORDS[sort]}" for sort in WORDS)
    return _drawn(STRIP_HEIGHT, label, told, drawn)


def of_day(good: int, bad: int) -> str:
    """The class of a day: good, bad or none."""
    return BAD if bad else GOOD if good else NONE


def told_of_day(good: int, bad: int) -> str:
    """How the rounds of a day went, in words."""
    if not good and not bad:
        return "no round"
    return f"{good} good" + (f", {bad} with faults" if bad else "")


def _ends(days: Mapping[str, int], y: int) -> list[svg.Element]:
    known = list(days)
    if not known:
        return []
    return [_text(0, y, known[0][5:]), _text(WIDTH, y, known[-1][5:], anchor="end")]


def _text(x: float, y: float, words: str, anchor: str | None = None) -> svg.Text:
    extra = {"text-anchor": anchor} if anchor else None
    return svg.Text(x=x, y=y, text=escape(words), extra=extra)


def _title(words: str) -> svg.Title:
    return svg.Title(text=escape(words))


def _drawn(height: int, label: str, told: str, drawn: list[svg.Element]) -> SafeString:
    """The library escapes nothing: whatever is a word was escaped here."""
    picture = svg.SVG(
        viewBox=svg.ViewBoxSpec(0, 0, WIDTH, height),
        class_=["chart"],
        extra={"role": "img", "aria-label": escape(f"{label}: {told}")},
        elements=[_title(label), svg.Desc(text=escape(told)), *drawn],
    )
    return mark_safe(picture.as_str())  # noqa: S308
