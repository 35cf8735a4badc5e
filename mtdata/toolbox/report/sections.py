"""What a report shows, as pieces of HTML in the classes of the pages' sheet; no participant.

The page of the web and the file that stands alone are made of the same pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from mtdata.core.markup import Markup, element, together
from mtdata.toolbox.report import charts
from mtdata.toolbox.report.model import KINDS, StudyReport, TaskLine, by_scale
from mtdata.toolbox.report.notes import percent

NUMBER = "number"
MOST_SESSIONS, MOST_LINES = 40, 500
"""More than this nobody reads in a page, and no study has; the tables beside it have all."""


def sections(report: StudyReport, lines: StudyReport | None = None) -> Markup:
    """All cards of a report, one below the other; `lines` is what its tables have, if not all."""
    lines = lines or report
    cards = [
        _facts(report),
        _heat_map(lines),
        _mismatches(lines),
        _days(report),
        _dropoff(report),
        _times(lines),
        _tasks(lines),
    ]
    return together(cards)


def _card(heading: str, beside: str, *children: object) -> Markup:
    header = element("header", element("h2", heading), element("small", beside) if beside else None)
    return element("section", header, *children, class_="card", aria_label=heading)


def _table(
    label: str, head: Sequence[tuple[str, str]], rows: Iterable[Markup], look: str
) -> Markup:
    """A table that is a list on a phone; `head` are words and a class, '' for none."""
    columns = [element("th", words, scope="col", class_=kind or None) for words, kind in head]
    shown = list(islice(rows, MOST_LINES))
    table = element(
        "table",
        element("thead", element("tr", *columns)),
        element("tbody", *shown),
        class_=f"{look} list",
    )
    told = f"{label}, the table"
    return element("div", table, class_="wide", tabindex="0", role="region", aria_label=told)


def _name(words: object) -> Markup:
    return element("th", words, scope="row", class_="nowrap")


def _number(count: object, label: str) -> Markup:
    """A cell that says on a phone what it counts; an empty one is left out there."""
    shown = f"{count:,}" if isinstance(count, int) else count
    look = NUMBER if shown != "" else f"{NUMBER} off"
    return element("td", shown, class_=look, data_label=label)


def _bar(chart: Markup) -> Markup:
    return element("td", chart, class_="wide")


def _facts(report: StudyReport) -> Markup:
    lacking, done = report.missing
    rate = percent(lacking / done) if done else ""
    figures = [
        ("Participants", f"{report.participants:,}", _told_of_tests(report)),
        ("Tasks logged", f"{done:,}" if report.log_day else "no log", ""),
        ("Without an entry", f"{lacking:,}", rate),
        ("Entries", f"{sum(line.entries for line in report.tasks):,}", ""),
        ("Duplicates", f"{sum(line.duplicates for line in report.tasks):,}", "among the entries"),
    ]
    shown = [
        element(
            "div",
            element("dt", name),
            element("dd", figure, element("small", " ", beside) if beside else None),
        )
        for name, figure, beside in figures
    ]
    return element(
        "section", element("dl", *shown, class_="facts"), class_="card", aria_label="Sums"
    )


def _told_of_tests(report: StudyReport) -> str:
    if not report.tests:
        return ""
    return f"{report.tests:,} of tests {'among them' if report.with_tests else 'left out'}"


# --- the heat map


def _heat_map(report: StudyReport) -> Markup | None:
    grid: dict[str, dict[str, list[TaskLine]]] = {}
    for line in report.tasks:
        grid.setdefault(line.scale, {}).setdefault(line.session, []).append(line)
    if not grid:
        return None
    sessions = report.sessions[:MOST_SESSIONS]
    head = [("Scale", ""), *((session or "no session", NUMBER) for session in sessions)]
    rows = [
        element("tr", _name(scale), *(_heat(cells.get(one), one) for one in sessions))
        for scale, cells in grid.items()
    ]
    steps = [element("li", words, class_=f"heat-{level}") for level, words in enumerate(_STEPS)]
    return _card(
        "Missing by scale and session",
        _told_of_sessions(report),
        element("ul", *steps, class_="legend heat"),
        _table("Missing by scale and session", head, rows, "heat"),
    )


def _told_of_sessions(report: StudyReport) -> str:
    more = len(report.sessions) - MOST_SESSIONS
    return (
        f"of what was logged; {more:,} more sessions in the table"
        if more > 0
        else ("of what was logged")
    )


_STEPS = ("none", "up to 1 %", "up to 5 %", "up to 15 %", "up to 40 %", "more")


def _heat(lines: list[TaskLine] | None, session: str) -> Markup:
    if lines is None:
        return element("td", class_="off")
    label = session or "no session"
    done = sum(line.done or 0 for line in lines)
    found = sum(line.found for line in lines if line.done)
    if not done:
        entries = sum(line.entries for line in lines)
        words = f"{entries:,} entries" if entries else "none"
        return element("td", element("small", words), class_=NUMBER, data_label=label)
    rate = 1 - found / done
    return element(
        "td",
        percent(rate),
        class_=f"{NUMBER} heat-{charts.heat_level(rate)}",
        data_label=label,
        title=f"{done - found:,} of {done:,} without an entry",
    )


# --- tables and charts


def _mismatches(report: StudyReport) -> Markup:
    if not report.mismatches:
        words = "Log and entries agree." if report.log_day else "No entry lies there twice."
        return _card("Mismatches", "", element("p", words, class_="empty"))
    head = [
        ("What", ""),
        ("Scale", ""),
        ("Cases", NUMBER),
        ("Entries", NUMBER),
        ("Where", ""),
    ]
    rows = [
        element(
            "tr",
            _name(one.kind),
            element("td", one.scale),
            _number(one.cases, "cases"),
            _number(one.rows, "entries"),
            element("td", one.pattern, class_="nowrap" if one.pattern else "off"),
        )
        for one in report.mismatches
    ]
    kinds = {one.kind for one in report.mismatches}
    told = "; ".join(f"{kind}: {words}" for kind, words in KINDS.items() if kind in kinds)
    return _card(
        "Mismatches",
        "between log and entries",
        _table("Mismatches", head, rows, "plain"),
        element("p", element("small", told)),
    )


def _days(report: StudyReport) -> Markup | None:
    if not report.days:
        return None
    first, last = min(report.days), max(report.days)
    ends = element(
        "figcaption", element("small", first), element("small", last), class_="row apart"
    )
    chart = charts.per_day(report.days, "Entries per day")
    return _card(
        "Entries per day",
        f"the most on one day {max(report.days.values()):,}",
        element("figure", chart, ends, class_="days"),
    )


def _dropoff(report: StudyReport) -> Markup | None:
    if not report.dropoff:
        return None
    most = max(line.began for line in report.dropoff)
    head = [("Session", ""), ("Began", NUMBER), ("Finished", NUMBER), ("Share", "")]
    rows = [
        element(
            "tr",
            _name(one.session or "no session"),
            _number(one.began, "began"),
            _number(one.finished, "finished"),
            _bar(charts.part_of(one.finished, one.began, most, f"Finished {one.session}")),
        )
        for one in report.dropoff
    ]
    return _card("Who stays", "participants by session", _table("Who stays", head, rows, "bars"))


def _times(report: StudyReport) -> Markup | None:
    if not report.times:
        return None
    most = max(one.upper for one in report.times)
    head = [
        ("Scale", ""),
        ("Entries", NUMBER),
        ("Median", NUMBER),
        ("Middle half", NUMBER),
        ("Spread", ""),
    ]
    rows = [
        element(
            "tr",
            _name(one.scale),
            _number(one.entries, "entries"),
            _number(f"{one.median:,.0f} s", "median"),
            _number(f"{one.lower:,.0f} to {one.upper:,.0f} s", "half"),
            _bar(
                charts.middle_half(
                    one.lower, one.median, one.upper, most, f"Seconds on {one.scale}"
                )
            ),
        )
        for one in report.times
    ]
    return _card(
        "Time on page", "as the site measured it", _table("Time on page", head, rows, "bars")
    )


def _tasks(report: StudyReport) -> Markup | None:
    if not report.tasks:
        return None
    words = ("In the log", "Entries", "Duplicates", "Missing", "Rate")
    head = [("Scale", ""), ("Tag", ""), *((word, NUMBER) for word in words)]
    rows = [
        element(
            "tr",
            _name(one.scale),
            element("td", one.tag, class_=None if one.tag else "off"),
            _number("" if one.logged is None else one.logged, "logged"),
            _number(one.entries if one.data_found else "no data", "entries"),
            _number(one.duplicates, "twice"),
            _number("" if one.done is None else one.done - one.found, "missing"),
            _number(percent(one.missing_rate), "rate"),
        )
        for one in by_scale(report.tasks)
    ]
    return _card("Tasks", "all sessions together", _table("Tasks", head, rows, "plain"))
