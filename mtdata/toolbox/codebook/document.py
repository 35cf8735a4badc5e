"""A codebook as a page: facts and tables of plain text, for whoever writes it down; pure."""

from __future__ import annotations

from typing import NamedTuple

from mtdata.toolbox.codebook.model import Codebook, SubScale, Variable
from mtdata.toolbox.codebook.site_columns import SITE_COLUMNS

VARIABLE_COLUMNS = ("column", "wording", "type", "values", "notes")
SCORE_COLUMNS = ("score", "title", "rule", "range", "items", "notes")


class PageTable(NamedTuple):
    """A table under a heading; each row has a text for each column, maybe of several lines."""

    heading: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


class Page(NamedTuple):
    """A title, then facts as (name, text), then tables; no text is escaped for anything."""

    title: str
    facts: list[tuple[str, str]]
    tables: list[PageTable]


def page_of(codebook: Codebook) -> Page:
    """What a codebook says, for people."""
    facts = [
        ("Scale", codebook.scale),
        ("Measures", codebook.about),
        ("Citation", codebook.citation),
        ("Source", codebook.source),
        ("Not sure", codebook.unsure),
    ]
    own = {name.casefold() for name in codebook.variables}
    others = {name: one for name, one in SITE_COLUMNS.items() if name.casefold() not in own}
    tables = [
        PageTable("Variables", VARIABLE_COLUMNS, _variables(codebook.variables)),
        PageTable("Scores", SCORE_COLUMNS, [_score(codebook, n) for n in codebook.sub_scales]),
        PageTable("Columns that every scale may have", VARIABLE_COLUMNS, _variables(others)),
    ]
    title = f"{codebook.scale}: {codebook.title}" if codebook.title else codebook.scale
    return Page(title, [fact for fact in facts if fact[1]], [one for one in tables if one.rows])


def _variables(variables: dict[str, Variable]) -> list[tuple[str, ...]]:
    return [
        _row(name, one.wording, one.type, _values(one), ". ".join(_notes(one)))
        for name, one in variables.items()
    ]


def _row(*cells: str | list[str]) -> tuple[str, ...]:
    """A list is a cell of several lines."""
    lined = ([cell] if isinstance(cell, str) else cell for cell in cells)
    return tuple("\n".join(map(one_line, lines)) for lines in lined)


def one_line(text: str) -> str:
    """The text without line ends and control characters, which no page shows."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _values(variable: Variable) -> list[str]:
    limits = [] if variable.values else [_limits(variable)]
    labels = variable.labels.items()
    return [text for text in limits if text] + [
        f"{w} = {told}" if told else w for w, told in labels
    ]


def _limits(variable: Variable) -> str:
    low, high = variable.lowest, variable.highest
    if low is not None and high is not None:
        return f"from {low:g} to {high:g}"
    return f"from {low:g} on" if low is not None else f"up to {high:g}" if high is not None else ""


def _notes(variable: Variable) -> list[str]:
    notes = [
        "reverse-coded" if variable.reversed else "",
        f"in {variable.unit}" if variable.unit else "",
        "" if variable.required else "may be empty",
        variable.note.removesuffix("."),
    ]
    return [note for note in notes if note]


def _score(codebook: Codebook, name: str) -> tuple[str, ...]:
    score = codebook.sub_scales[name]
    ends = codebook.score_range(name)
    spread = f"{ends[0]:g} to {ends[1]:g}" if ends else ""
    items = ", ".join(score.items)
    return _row(name, score.title, rule_words(score), spread, items, score.note)


def rule_words(score: SubScale) -> str:
    """How a score is put together, in a line."""
    rule = "sum, in proportion where items are missing" if score.rule == "prorated" else score.rule
    times = f", times {score.times:g}" if score.times != 1 else ""
    return f"{rule}{times}; at least {score.least} of {len(score.items)} items answered"
