"""Rows read by their shape: as a mapping and as a line they are what the parser's rows are."""

from __future__ import annotations

from xml.sax.saxutils import escape

from hypothesis import given
from hypothesis import strategies as st

from mtdata.cake.client.matched_row import MatchedRow
from mtdata.cake.client.reading import CLICKS, Row
from mtdata.cake.client.reading_quick import QuickRows
from mtdata.cake.client.reading_xml import XmlRows
from mtdata.cake.client.shapes import Shapes
from mtdata.cake.columns import Columns
from mtdata.demo.cake.forms import Form
from mtdata.demo.cake.site import CakeSite
from tests.cake_account import BERLIN
from tests.exports.conftest import NOON
from tests.exports.test_reading import read, report

FIELDS = ("click_id", "click_date", "sub_id_1", "paid", "duplicate", "unknown")
TEXTS = st.text("ab ,\"'&<>=\n\té€\U0001f600").map(escape) | st.sampled_from(
    ["&#x16;", "&#65;", "&quot;", "true", "2023-05-02T12:00:03.95"]
)


def read_both_ways(body: bytes) -> tuple[list[Row], list[Row]]:
    shapes = Shapes("click")
    read(QuickRows(CLICKS, shapes), body)
    return read(QuickRows(CLICKS, shapes), body), read(XmlRows(CLICKS), body)


def columns(*, guard: bool = False) -> Columns:
    extra = [("Unknown", "unknown"), ("Gone", "gone")]
    return Columns("clicks", BERLIN, {"2": "EUR"}, extra=extra, guard=guard)


def same_lines(quick: list[Row], slow: list[Row]) -> bool:
    some, others = (columns(), columns(guard=True)), (columns(), columns(guard=True))
    return all(
        [one.line(row) for row in quick] == [other.line(row) for row in slow]
        and one.odd == other.odd
        for one, other in zip(some, others, strict=True)
    )


def xml_row(texts: dict[str, str]) -> str:
    inner = {
        name: f"<currency_id>{text}</currency_id>" if name == "paid" else text
        for name, text in texts.items()
    }
    return f"<click>{''.join(f'<{name}>{one}</{name}>' for name, one in inner.items())}</click>"


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, TEXTS)), max_size=5))
def test_a_line_is_the_same_whichever_way_its_row_was_read(rows: list[dict[str, str]]) -> None:
    quick, slow = read_both_ways(report("".join(map(xml_row, rows)), count=len(rows)))
    assert quick == slow
    assert same_lines(quick, slow)


def test_dirty_rows_of_a_day_become_the_same_lines() -> None:
    site = CakeSite(clicks_a_day=200_000)
    found = list(site.reports.newest_clicks(*NOON, ["plain", "test", "duplicate"], 0, 300))
    pieces = Form("xml", "Clicks", 12, "clicks").report(
        len(found), (site.reports.click(one, "xml") for one in found)
    )
    quick, slow = read_both_ways(b"".join(pieces))
    assert same_lines(quick, slow)
    assert sum(isinstance(row, MatchedRow) for row in quick) > 0.5 * len(quick)


def test_a_row_is_a_mapping_of_what_is_not_null() -> None:
    quick, _ = read_both_ways(report("<click><a>1</a><b/></click><click><b>2</b></click>" * 3))
    row = quick[-1]
    assert isinstance(row, MatchedRow)
    assert (dict(row), len(row), row.get("a"), row.get("c", "-")) == ({"b": "2"}, 1, None, "-")
    assert ("a" in row, "b" in row, "c" in row) == (False, True, False)


def test_nothing_of_a_row_is_shown_where_one_is_printed() -> None:
    quick, _ = read_both_ways(report("<click><a>secret</a></click>" * 3))
    assert isinstance(quick[-1], MatchedRow)
    assert "secret" not in f"{quick[-1]!r} {quick[-1]}"
