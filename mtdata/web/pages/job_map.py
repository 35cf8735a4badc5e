"""A job's parts as a map: a cell an hour or a day, in the colour of its state; it only looks."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Count, Min, Q
from django.db.models.functions import Substr
from django.urls import reverse

from mtdata.jobs.kind import Kind, MapCell
from mtdata.jobs.records.asking import asking
from mtdata.jobs.records.models import Job, Part
from mtdata.jobs.records.progress import tries_of
from mtdata.jobs.states import Stage, Status
from mtdata.web.pages.words import counted

MOST_CELLS, MOST_ROWS = 7 * 24, 21 * 24
"""More parts than the first are a cell a row of the map, such as a day; more rows are no map."""
COLUMNS = "number stage name status lost rows started_at ended_at not_before".split()
ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth"}


class Cell(NamedTuple):
    """A link: the word in it, its colour, what it says in words, where it leads."""

    word: str
    level: str
    told: str
    to: str


class MapRow(NamedTuple):
    """Cells with what they have in common, such as their day or their month."""

    label: str
    cells: list[Cell]


def map_of(job: Job, kind: Kind | None, total: int) -> list[MapRow]:
    """All `total` parts of a job's work; none where they are more than a map can show."""
    if total <= MOST_CELLS:
        return _by_part(job, kind)
    return _by_row(job, kind) if kind and kind.row_length else []


def _by_part(job: Job, kind: Kind | None) -> list[MapRow]:
    with asking():
        parts = list(job.parts.filter(stage=Stage.WORK).only(*COLUMNS).order_by("number"))
    placed = [(cell_place(kind, part), part) for part in parts]
    return [
        MapRow(label, [_cell(job, *pair) for pair in some])
        for label, some in itertools.groupby(placed, key=lambda pair: pair[0].row)
    ]


def _by_row(job: Job, kind: Kind) -> list[MapRow]:
    """A cell a row, which the database counts: a page comes every 2 s, and parts are thousands."""
    done, again = Q(status=Status.SUCCESS), Q(lost__gt=0)
    rows = job.parts.filter(stage=Stage.WORK).annotate(begin=Substr("name", 1, kind.row_length))
    counted = rows.values("begin").annotate(
        sample=Min("name"),
        first=Min("number"),
        total=Count("pk"),
        done=Count("pk", filter=done),
        bad=Count("pk", filter=Q(status=Status.FAILED)),
        run=Count("pk", filter=Q(status=Status.IN_PROGRESS)),
        warn=Count("pk", filter=again & (done | Q(status=Status.QUEUED))),
    )
    with asking():
        found = list(counted.order_by("first")[: MOST_ROWS + 1])
    if len(found) > MOST_ROWS:
        return []
    cells = [_whole(kind, row) for row in found]
    return [
        MapRow(label, [cell for _, cell in some])
        for label, some in itertools.groupby(cells, key=lambda pair: pair[0])
    ]


def cell_place(kind: Kind | None, part: Part) -> MapCell:
    """Where a part stands; the number of one that its kind has no place for."""
    known = kind.cell(part.name) if kind and part.stage == Stage.WORK else None
    return known or MapCell("", str(part.number))


def part_label(kind: Kind | None, part: Part) -> str:
    """What people call a part, such as "10 January 2016, hour 09"."""
    place = cell_place(kind, part)
    return f"{place.row}, {kind.unit} {place.word}" if kind and place.row else part.name


def _cell(job: Job, place: MapCell, part: Part) -> Cell:
    level, told = _state_of(part)
    to = f"{reverse('job_log', args=[job.pk])}?{urlencode({'part': part.name})}"
    name = place.word if place.row else part.name
    return Cell(place.word, level, f"{name}: {told}", to)


def _state_of(part: Part) -> tuple[str, str]:
    tries = tries_of(part)
    again = f" at the {ORDINALS.get(tries, f'{tries}th')} try" if tries > 1 else ""
    if part.status == Status.SUCCESS:
        return "warn" if again else "good", f"done{again}, {counted(part.rows, 'row')}"
    if part.status == Status.IN_PROGRESS:
        return "run", f"under way{again}, {counted(part.rows, 'row')}"
    if part.status == Status.FAILED:
        return "bad", f"failed{again}"
    if part.status == Status.STOPPED:
        return "", "stopped"
    return ("warn", "waits to be tried again") if part.lost else ("", "waits")


def _whole(kind: Kind, row: dict[str, Any]) -> tuple[str, Cell]:
    """A row as one cell, as bad as its worst part, behind what it has in common with others.

    Its address is below that of its page: hundreds of whole ones would be most of the page.
    """
    place = kind.cell(row["sample"])
    label = place.row if place else row["begin"]
    word, _, group = label.partition(" ")
    level = next((one for one in ("bad", "run", "warn") if row[one]), "")
    if row["done"] == row["total"]:
        level = level or "good"
    told = f"{label}: {row['done']} of {row['total']} done"
    to = f"parts/?{urlencode({'name': row['begin']})}"
    return group, Cell(word[:3], level, told, to)
