"""Charts: well-formed, in words as well, without a style, and nothing of a word becomes a tag."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from mtdata.core import charts

SPACE = "{http://www.w3.org/2000/svg}"
EVIL = '<script>"&'


def drawn(picture: str) -> ElementTree.Element:
    """It is XML."""
    return ElementTree.fromstring(picture)


@pytest.mark.parametrize("counts", [[], [0], [0, 0, 5], [1, 10**9]])
def test_bars_are_as_many_as_days_and_inside(counts: list[int]) -> None:
    found = drawn(charts.rows_per_day({f"2026-03-{n:02}": c for n, c in enumerate(counts)}, "New"))
    bars = found.findall(f"{SPACE}rect")
    assert len(bars) == len(counts)
    for bar, count in zip(bars, counts, strict=True):
        assert charts.TOP <= float(bar.get("y", "")) <= charts.HEIGHT - charts.FOOT
        assert bar.get("class") == ("bar" if count else "empty")
    assert f"{sum(counts):,} in {len(counts)} days" in found.get("aria-label", "")


def test_a_strip_tells_three_sorts_of_days_by_shape_as_well_as_by_colour() -> None:
    found = drawn(charts.strip({"a": [3, 0], "b": [2, 1], "c": [0, 0]}, "Rounds"))
    cells = found.findall(f"{SPACE}rect")
    assert [cell.get("class") for cell in cells] == ["good", "bad", "empty"]
    assert len({cell.get("height") for cell in cells}) == 3
    titles = [cell.findtext(f"{SPACE}title") for cell in cells]
    assert titles == ["a: 3 good", "b: 2 good, 1 with faults", "c: no round"]
    assert "1 good, 1 with faults, 1 without a round" in found.get("aria-label", "")


SORTS = {"bar": "stored", "calm": "skipped", "bad": "in doubt"}


@pytest.mark.parametrize("look", ["", "small"])
@pytest.mark.parametrize(
    "counts", [[], [(0, 0, 0)], [(5, 0, 1), (0, 0, 0), (1, 10**9, 1)], [(1, 2, 3)] * 400]
)
def test_parts_of_a_bar_stand_upon_each_other_and_inside(
    counts: list[tuple[int, int, int]], look: str
) -> None:
    found = drawn(charts.stacked({f"day {n}": c for n, c in enumerate(counts)}, SORTS, "L", look))
    paths = {path.get("class"): path.get("d", "") for path in found.findall(f"{SPACE}path")}
    for place, sort in enumerate(SORTS):
        columns = re.findall(r"M[\d.]+ ([\d.]+)h[\d.]+v([\d.]+)h-[\d.]+z", paths.get(sort, ""))
        assert len(columns) == sum(bool(of_day[place]) for of_day in counts)
        for top, height in columns:
            assert float(top) >= 0
            assert charts.LEAST <= float(height) <= charts.STACK_HEIGHT - float(top) + 0.01
    assert paths.get("empty", "").count("M") == sum(not any(of_day) for of_day in counts)
    titles = [cell.findtext(f"{SPACE}title") for cell in found.findall(f"{SPACE}rect")]
    assert len(titles) == (0 if look else len(counts))
    total = sum(of_day[1] for of_day in counts)
    assert f"{total:,} skipped" in found.get("aria-label", "")


def test_a_bar_says_its_numbers() -> None:
    found = drawn(charts.stacked({"a": (1_234, 5, 6), "b": (0, 0, 0)}, SORTS, "L"))
    titles = [cell.findtext(f"{SPACE}title") for cell in found.findall(f"{SPACE}rect")]
    assert titles == ["a: 1,234 stored, 5 skipped, 6 in doubt", "b: nothing"]


def test_a_word_stays_a_word() -> None:
    stacked = charts.stacked({EVIL: [1]}, {"bar": EVIL}, EVIL)
    strip, rows = charts.strip({EVIL: [1, 0]}, EVIL), charts.rows_per_day({EVIL: 1}, EVIL)
    for picture in (strip, rows, stacked):
        assert "<script" not in picture
        assert "style=" not in picture
        assert EVIL in drawn(picture).get("aria-label", "")
