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
from mtdata.toolbox.rows import fold, unique_names
from mtdata.toolbox.verdict import answered_number, is_wrong

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
    absent = [name for name in items if fold(name) not in columns]
    counts = {
        "entries": entries.number("SELECT count(*) FROM scored"),
        "scores": _filled(entries, codebook),
        "items_without_column": len(absent),
        "wrong_values_left_out": entries.number("SELECT sum(wrong) FROM scored"),
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
    """Three steps: the cells that count as numbers, those of each score, the scores.

    Items of one rule are one list, so that the rule is understood once: with a hundred items that
    takes longer than what it is asked of.
    """
    by_rule: dict[tuple[str, str], list[str]] = {}
    for name, variable in items.items():
        rule = (answered_number(variable, "cell"), is_wrong(variable, "cell"))
        by_rule.setdefault(rule, []).append(name)
    lists, wrong = [], ["0"]
    places: dict[str, str] = {}
    for number, ((answer, fault), names) in enumerate(by_rule.items()):
        cells = f"[{', '.join(_cell(name, columns) for name in names)}]"
        lists.append(f"list_transform({cells}, lambda cell: {answer}) AS answers_{number}")
        wrong.append(f"list_sum(list_transform({cells}, lambda cell: ({fault})::INTEGER))")
        places |= {name: f"answers_{number}[{place}]" for place, name in enumerate(names, 1)}
    scores = codebook.sub_scales.values()
    of_score = [
        f"[{', '.join(places[item] for item in score.items)}] AS items_{place}"
        for place, score in enumerate(scores)
    ]
    kept = ", ".join(f"frame_{name}" for name in FRAME)
    frame = ", ".join(f"{getattr(entries.frame, name)} AS frame_{name}" for name in FRAME)
    first = f"rowid AS entry, {frame}, {', '.join(lists)}, {' + '.join(wrong)} AS wrong"
    last = [f"{score_of(s, f'items_{place}')} AS score_{place}" for place, s in enumerate(scores)]
    return (
        f"SELECT entry, {kept}, wrong, {', '.join(last)} FROM"
        f" (SELECT *, {', '.join(of_score)} FROM (SELECT {first} FROM entries))"
    )


def _cell(name: str, columns: Mapping[str, str]) -> str:
    column = columns.get(fold(name))
    return "NULL::VARCHAR" if column is None else identifier(column)


def score_of(score: SubScale, items: str) -> str:
    """One score of a list of numbers, NULL where one is not answered; SQL."""
    answered = f"list_aggregate({items}, 'count')"
    value = {
        "sum": f"list_sum({items})",
        "mean": f"list_sum({items}) / {answered}",
        "prorated": f"list_sum({items}) * {len(score.items)} / {answered}",
    }[score.rule]
    times = "" if score.times == 1 else f" * {float(score.times)!r}::DOUBLE"
    return f"CASE WHEN {answered} >= {score.least} THEN ({value}){times} END::DOUBLE"


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
