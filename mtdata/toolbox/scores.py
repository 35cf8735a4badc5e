"""The scores of a scale by its codebook, one line an entry; what counts is said in verdict.py.

An item that is missing, `prefer not to answer` or not in the codebook is not answered.  A score
with fewer answered items than its rule wants is empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mtdata.toolbox.codebook import Codebook, SubScale, Variable
from mtdata.toolbox.columns import by_folded_name
from mtdata.toolbox.database import identifier
from mtdata.toolbox.duplicates import counted_duplicates, find_duplicates
from mtdata.toolbox.entries import ScaleEntries
from mtdata.toolbox.faults import NoCodebook
from mtdata.toolbox.formats import ResultColumn, ResultTable, number_text, text_column
from mtdata.toolbox.sheets import unique_names
from mtdata.toolbox.verdict import WRONG, answered_number, literals, verdict

FRAME = ("participant", "session", "tag", "date", "id")
HOW = "`mtdata codebook --draft SCALE` makes a first one from what the pool holds"


def scored(entries: ScaleEntries, codebook: Codebook | None) -> tuple[ResultTable, dict[str, int]]:
    """The layout of the scores of a scale that is loaded, and what was counted.

    NoCodebook (78) where nothing says how it is scored.
    """
    if codebook is None or not codebook.sub_scales:
        lack = (
            "there is no codebook of it" if codebook is None else "its codebook has no sub_scales"
        )
        raise NoCodebook(f"{entries.scale}: {lack}, so nobody can say how it is scored. {HOW}")
    columns = by_folded_name(entries.columns)
    items = _items(codebook)
    entries.run(f"CREATE TABLE scored AS {_statement(entries, codebook, items, columns)}")
    find_duplicates(entries)
    absent = [name for name in items if name.casefold() not in columns]
    counts = {
        "entries": entries.number("SELECT count(*) FROM scored"),
        "scores": _filled(entries, codebook),
        "items_without_column": len(absent),
        "wrong_values_left_out": _wrong(entries, items, columns),
        "duplicates": sum(counted_duplicates(entries).values()),
    }
    return _layout(entries, codebook), counts


def _items(codebook: Codebook) -> dict[str, Variable]:
    """Each item of any score, once."""
    names = {name: None for score in codebook.sub_scales.values() for name in score.items}
    return {name: codebook.variables[name] for name in names}


def _statement(
    entries: ScaleEntries,
    codebook: Codebook,
    items: Mapping[str, Variable],
    columns: Mapping[str, str],
) -> str:
    """Two steps: the number of each item, then the scores of these."""
    places = {name: f"item_{place}" for place, name in enumerate(items)}
    numbers = [
        f"{_item(variable, columns.get(name.casefold()))} AS {places[name]}"
        for name, variable in items.items()
    ]
    frame = [f"{getattr(entries.frame, name)} AS frame_{name}" for name in FRAME]
    scores = [
        f"{score_of(score, [places[name] for name in score.items])} AS score_{place}"
        for place, score in enumerate(codebook.sub_scales.values())
    ]
    kept = ", ".join(f"frame_{name}" for name in FRAME)
    inner = f"SELECT rowid AS entry, {', '.join([*frame, *numbers])} FROM entries"
    return f"SELECT entry, {kept}, {', '.join(scores)} FROM ({inner})"


def _item(variable: Variable, column: str | None) -> str:
    if column is None:
        return "NULL::DOUBLE"
    return answered_number(variable, identifier(column))


def score_of(score: SubScale, cells: list[str]) -> str:
    """One score of cells that are numbers, NULL where one is not answered; SQL."""
    total = " + ".join(f"coalesce({cell}, 0)" for cell in cells)
    answered = " + ".join(f"({cell} IS NOT NULL)::INTEGER" for cell in cells)
    value = {
        "sum": f"({total})",
        "mean": f"({total}) / nullif({answered}, 0)",
        "prorated": f"({total}) * {len(cells)} / nullif({answered}, 0)",
    }[score.rule]
    times = "" if score.times == 1 else f" * {float(score.times)!r}::DOUBLE"
    return f"CASE WHEN {answered} >= {score.least} THEN ({value}){times} END::DOUBLE"


def _wrong(entries: ScaleEntries, items: Mapping[str, Variable], columns: Mapping[str, str]) -> int:
    """How many cells of items are no answer that the codebook knows."""
    counts = [
        f"count(*) FILTER ({verdict(variable, identifier(columns[name.casefold()]))}"
        f" IN ({literals(WRONG)}))"
        for name, variable in items.items()
        if name.casefold() in columns
    ]
    return entries.number(f"SELECT {' + '.join(counts)} FROM entries") if counts else 0


def _filled(entries: ScaleEntries, codebook: Codebook) -> int:
    cells = " + ".join(f"count(score_{place})" for place in range(len(codebook.sub_scales)))
    return entries.number(f"SELECT {cells} FROM scored")


def _layout(entries: ScaleEntries, codebook: Codebook) -> ResultTable:
    return ResultTable(tuple(_columns(codebook)), "scored", "entry")


def _columns(codebook: Codebook) -> Iterator[ResultColumn]:
    names = unique_names([*FRAME, *codebook.sub_scales])
    for name, cell in zip(names, FRAME, strict=False):
        yield text_column(name, f"frame_{cell}")
    for place, score in enumerate(codebook.sub_scales.values()):
        cell = f"score_{place}"
        label = score.title or names[len(FRAME) + place]
        yield ResultColumn(
            names[len(FRAME) + place], number_text(cell), cell, label, is_number=False
        )
