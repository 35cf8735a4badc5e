"""Charts: well-formed, in words as well, without a style, and nothing of a word becomes a tag."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from mtdata.web import charts

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


def test_a_word_stays_a_word() -> None:
    for picture in (charts.strip({EVIL: [1, 0]}, EVIL), charts.rows_per_day({EVIL: 1}, EVIL)):
        assert "<script" not in picture
        assert "style=" not in picture
        assert EVIL in drawn(picture).get("aria-label", "")
