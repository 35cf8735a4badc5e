"""The docs pages of figures: the part that is written here, and the notes that are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.machine import ENOUGH, QUIET

DOCS = Path(__file__).resolve().parent.parent / "docs"
BEGIN = "<!-- from here on written by `bin/bench {} --write-docs` -->"
SIZES = 3
Table = Callable[[dict[str, Any]], list[str]]
END = "<!-- as far as here; what follows is written by people and kept -->"


def write_page(what: str, result: dict[str, Any]) -> None:
    """Write the measured part of that table anew; what stands before and behind it stays."""
    name, table = PAGES.get(what, ("BENCHMARKS.md", _table))
    page = DOCS / name
    text, begin = page.read_text(encoding="utf-8"), BEGIN.format(what)
    before, _, rest = text.partition(begin)
    _, _, behind = rest.partition(END)
    page.write_text(
        f"{before}{begin}\n\n{_measured(result, table)}\n{END}{behind}", encoding="utf-8"
    )


def _measured(result: dict[str, Any], table: Table) -> str:
    lines = [*_doubts(result), *table(result["figures"])]
    lines += ["", "What was beside what (medians), and where the time went:", ""]
    lines += [f"- `{name}`: {_sides(figure)}" for name, figure in result["figures"].items()]
    lines += ["", "The machine:", ""]
    lines += [f"- {name}: {value}" for name, value in result["machine"].items()]
    return "\n".join(lines) + "\n"


def _table(figures: dict[str, Any]) -> list[str]:
    lines = ["| figure | measured | target | met | prototype |", "|---|---|---|---|---|"]
    return lines + [_line(name, figure) for name, figure in figures.items()]


def _sizes_table(figures: dict[str, Any]) -> list[str]:
    """What each costs at three sizes, which are the first things beside the figure."""
    lines = ["| what | smallest | ten times | a hundred times | growth | wanted | met |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for name, figure in figures.items():
        sizes = [f"{size}: {cost:,.4g}" for size, cost in figure.get("sides", {}).items()]
        at_sizes = (sizes + [""] * SIZES)[:SIZES]
        cells = (f"`{name}`: {figure['what']}", *at_sizes, shown(figure), figure["target"])
        lines.append(f"| {' | '.join(cells)} | {verdict(figure)} |")
    return lines


PAGES: dict[str, tuple[str, Table]] = {"scale": ("SCALE.md", _sizes_table)}
"""The page of some figures and how they stand there, where that is not BENCHMARKS.md."""


def _doubts(result: dict[str, Any]) -> list[str]:
    """What a reader must know before believing a time; nothing for a run as it should be."""
    load, repetitions = float(result["machine"]["load before"]), result["repetitions"]
    if load < QUIET and repetitions >= ENOUGH:
        return []
    return [
        f"**Provisional: {repetitions} repetition(s), and a load of {load:g} before the run. "
        "Times on busy cores say little, whichever way they fall; measure again on a quiet "
        "machine.**",
        "",
    ]


def _line(name: str, figure: dict[str, Any]) -> str:
    cells = (f"`{name}`: {figure['what']}", shown(figure), figure["target"], verdict(figure))
    return f"| {' | '.join(cells)} | {figure['prototype']} |"


def shown(figure: dict[str, Any]) -> str:
    """Median, and the range of the repetitions."""
    if "median" not in figure:
        return "not measured"
    span = f" [{figure['low']:.4g}..{figure['high']:.4g}]" if figure["repetitions"] > 1 else ""
    return f"{figure['median']:.4g}{span}"


def verdict(figure: dict[str, Any]) -> str:
    """Whether the target is met, in a word."""
    return {True: "yes", False: "**no**", None: "-"}[figure.get("met")]


def _sides(figure: dict[str, Any]) -> str:
    told = [f"{name} {value:,.4g}" for name, value in figure.get("sides", {}).items()]
    return "; ".join([*told, *filter(None, [figure.get("note")])])
