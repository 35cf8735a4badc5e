"""Charts as SVG; each says in words what it shows, and none has a style of its own.

Every word in them is escaped: what comes out is HTML as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtdata.core.markup import Markup, element

WIDTH, HEIGHT, TOP, FOOT, GAP = 280, 84, 14, 14, 3
STRIP_HEIGHT, SHADE, SMALL_HEIGHT = 18, 5, 56
BROAD, STACK_HEIGHT, LEAST = 1200, 120, 3
GOOD, BAD, NONE = "good", "bad", "empty"
WORDS = {GOOD: "good", BAD: "with faults", NONE: "without a round"}


def rows_per_day(days: Mapping[str, int], label: str) -> Markup:
    """A bar for each day, the highest as high as the chart."""
    most, width = max(days.values(), default=0), WIDTH / max(1, len(days))
    room = HEIGHT - TOP - FOOT
    drawn: list[Markup] = [_text(0, 10, f"most {most:,}")]
    for place, (day, count) in enumerate(days.items()):
        height = max(1.5, room * count / most) if count else 1
        sort, words = "bar" if count else "empty", f"{day}: {count:,}"
        drawn.append(_cell(place, width, HEIGHT - FOOT - height, height, sort, words))
    drawn += _ends(days, HEIGHT - 2)
    told = f"{sum(days.values()):,} in {len(days)} days, the most in one {most:,}"
    return picture(HEIGHT, label, told, drawn)


def small(days: Mapping[str, int], label: str) -> Markup:
    """A bar for each day without a word beside it, today's in the colour of the accent."""
    most, width = max(days.values(), default=0), WIDTH / max(1, len(days))
    drawn: list[Markup] = []
    for place, (day, count) in enumerate(days.items()):
        height = max(4, SMALL_HEIGHT * count / most) if count else 2
        drawn.append(
            element(
                "rect",
                title(f"{day}: {count:,}"),
                x=round(place * width + GAP, 2),
                y=round(SMALL_HEIGHT - height, 2),
                width=round(width - 2 * GAP, 2),
                height=round(height, 2),
                rx=3,
                class_="bar" if place == len(days) - 1 else "calm",
            )
        )
    told = f"{sum(days.values()):,} in {len(days)} days, the most in one {most:,}"
    return picture(SMALL_HEIGHT, label, told, drawn, "chart small")


def stacked(
    days: Mapping[str, Sequence[int]], sorts: Mapping[str, str], label: str, look: str = ""
) -> Markup:
    """A bar for each day, of parts upon each other: `sorts` are their classes, each with its word.

    The sheet says how large it is: it is drawn as wide as its place, and has no word in it.  A part
    that is not nothing is seen, however small.  Where it is `small`, no bar says its numbers.
    """
    most, width = max(map(sum, days.values()), default=0), BROAD / max(1, len(days))
    room = STACK_HEIGHT - LEAST * len(sorts)
    paths: dict[str, list[str]] = {sort: [] for sort in (*sorts, NONE)}
    said: list[Markup] = []
    for place, (day, counts) in enumerate(days.items()):
        top = float(STACK_HEIGHT)
        for sort, count in zip(sorts, counts, strict=True):
            if count:
                height = max(LEAST, room * count / most)
                top -= height
                paths[sort].append(_column(place, width, top, height))
        if not any(counts):
            paths[NONE].append(_column(place, width, STACK_HEIGHT - 1, 1))
        if not look:
            words = f"{day}: {_counted(counts, sorts) if any(counts) else 'nothing'}"
            said.append(_cell(place, width, 0, STACK_HEIGHT, "over", words))
    drawn: list[Markup] = [
        element("path", d="".join(columns), class_=sort)
        for sort, columns in paths.items()
        if columns
    ]
    totals = [sum(column) for column in zip(*days.values(), strict=True)] or [0] * len(sorts)
    told = f"{_counted(totals, sorts)} in {len(days)} days, the most in one {most:,}"
    look = f"chart stacked {look}".strip()
    return picture(STACK_HEIGHT, label, told, drawn + said, look, BROAD)


def _counted(counts: Sequence[int], sorts: Mapping[str, str]) -> str:
    return ", ".join(f"{n:,} {word}" for n, word in zip(counts, sorts.values(), strict=True))


def _column(place: int, width: float, y: float, height: float) -> str:
    """A column as a piece of a path: of hundreds of bars each sort is one element."""
    gap = min(2.0 * GAP, width / 4)
    x, wide = place * width + gap / 2, width - gap
    return f"M{x:.6g} {y:.6g}h{wide:.6g}v{height:.6g}h-{wide:.6g}z"


def strip(days: Mapping[str, Sequence[int]], label: str) -> Markup:
    """A cell for each day: its good rounds and the others; a bad one is lower as well as red."""
    width = WIDTH / max(1, len(days))
    drawn: list[Markup] = []
    for place, (day, (good, bad)) in enumerate(days.items()):
        sort = of_day(good, bad)
        lower = {GOOD: 0, BAD: SHADE, NONE: 2 * SHADE}[sort]
        words = f"{day}: {told_of_day(good, bad)}"
        drawn.append(_cell(place, width, lower, STRIP_HEIGHT - lower, sort, words))
    sorts = [of_day(good, bad) for good, bad in days.values()]
    told = "days: " + ", ".join(f"{sorts.count(sort)} {WORDS[sort]}" for sort in WORDS)
    return picture(STRIP_HEIGHT, label, told, drawn)


def of_day(good: int, bad: int) -> str:
    """The class of a day: good, bad or none."""
    return BAD if bad else GOOD if good else NONE


def told_of_day(good: int, bad: int) -> str:
    """How the rounds of a day went, in words."""
    if not good and not bad:
        return "no round"
    return f"{good} good" + (f", {bad} with faults" if bad else "")


def _cell(place: int, width: float, y: float, height: float, sort: str, words: str) -> Markup:
    return element(
        "rect",
        title(words),
        x=round(place * width + GAP / 2, 2),
        y=round(y, 2),
        width=round(width - GAP, 2),
        height=round(height, 2),
        class_=sort,
    )


def _ends(days: Mapping[str, int], y: int) -> list[Markup]:
    known = list(days)
    if not known:
        return []
    return [_text(0, y, known[0][5:]), _text(WIDTH, y, known[-1][5:], anchor="end")]


def _text(x: float, y: float, words: str, anchor: str | None = None) -> Markup:
    return element("text", words, x=x, y=y, text_anchor=anchor)


def title(words: str) -> Markup:
    """What is said of an element to who points at it or listens."""
    return element("title", words)


def picture(
    height: int,
    label: str,
    told: str,
    drawn: list[Markup],
    look: str = "chart",
    width: int = WIDTH,
) -> Markup:
    """One picture of these elements."""
    return element(
        "svg",
        title(label),
        element("desc", told),
        *drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        preserveAspectRatio=None if width == WIDTH else "none",
        class_=look,
        role="img",
        aria_label=f"{label}: {told}",
    )
