"""Any document in XML: the quick way, by the shapes of rows, reads what the parser reads."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.cake.client.reading import CLICKS
from mtdata.cake.client.reading_quick import QuickRows
from mtdata.cake.client.reading_xml import XmlRows
from mtdata.cake.client.shapes import Shapes
from mtdata.core.errors import AnswerBroken
from tests.exports.answers import XML, outcome, read, report

ODD = (
    *("&#x16;", "&#22;", "&#x0;", "&#xFFFE;", "&#65;", "&#x1F600;", "&quot;&apos;&gt;", "x]]&gt;"),
    *("<![CDATA[a<b>&amp;]]>", "a<!-- <b/> -->c", "&amp;amp;", "\x01\x1f", "  ", "a]]>b", "\0"),
    *("&#x00000016;", "&#x000000016;", "&#x110000;", "&#+65;", "&#6_5;", "&odd;", "\x85\xa0"),
)
PLAIN = st.text("ab0 <>&\"']=-é€\U0001f600").map(escape)
TEXTS = PLAIN | PLAIN | PLAIN | st.text("a\n\r\t ") | st.sampled_from(ODD)
LEAVES = st.sampled_from([*"abcdefghijk", "paid", "click_date", "n:d"])


@st.composite
def elements(draw: st.DrawFn, depth: int = 0) -> str:
    name = draw(LEAVES)
    start = name + draw(st.sampled_from(["", ' xmlns="API:id"', " k='&lt;v&#x41;'"]))
    form = draw(st.sampled_from([0, 1, 2, 2, 2, 2, 4] if depth < 2 else [0, 1, 2, 2]))
    if form == 0:
        return f"<{start} />"
    if form == 1:
        return f'<{start} xsi:nil="{draw(st.sampled_from(["true", "1", "false"]))}" />'
    if form < 4:
        return f"<{start}>{draw(TEXTS)}</{name}>"
    inner = draw(st.lists(elements(depth + 1), max_size=4))
    gap = draw(st.sampled_from(["", "\n  ", " "]))
    return f"<{start}>{gap.join(inner)}</{name}>"


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    some = ["".join(draw(st.lists(elements(), max_size=5))) for _ in range(draw(st.integers(1, 3)))]
    rows = [f"<click>{draw(st.sampled_from(some))}</click>" for _ in range(draw(st.integers(0, 6)))]
    between = draw(st.sampled_from(["", "", "\r\n  ", "<!-- <click> -->", "<click/>"]))
    body = between.join(["", *rows, ""])
    head = draw(st.sampled_from(["<success>true</success>", "", "", "<!-- <clicks> -->"]))
    return report(body, count=len(rows), head=head)


@given(documents(), st.integers(1, 200))
def test_the_quick_way_reads_what_the_parser_reads(body: bytes, size: int) -> None:
    slow, head = outcome(XmlRows(CLICKS), body, 10**9)
    quick, quick_head = outcome(QuickRows(CLICKS), body, size)
    assert quick == slow
    if slow != "broken":
        assert quick_head == head
        assert outcome(XmlRows(CLICKS), body, size)[0] == slow


@st.composite
def tidy_documents(draw: st.DrawFn) -> bytes:
    """Rows as CAKE sends them: fields in one order, each null, empty or a text; some objects."""

    def leaf(name: str) -> str:
        nothing = [
            "",
            f"<{name} />",
            f"<{name}/>",
            f'<{name} xsi:nil="true" />',
            f"<{name}></{name}>",
        ]
        texts = st.builds(f"<{name}>{{}}</{name}>".format, TEXTS)
        return draw(texts | texts | st.sampled_from(nothing))

    def thing(name: str, *inside: str) -> str:
        gone = draw(st.sampled_from([False, False, True]))
        return "" if gone else f"<{name}>{''.join(map(leaf, inside))}</{name}>"

    def row() -> str:
        parts = [leaf("id"), leaf("date"), thing("offer", "offer_id", "name"), leaf("sub")]
        return f"<click>{''.join([*parts, thing('isp', 'isp_id'), leaf('last')])}</click>"

    gap = draw(st.sampled_from(["", "", "\r\n "]))
    rows = [row() for _ in range(draw(st.integers(1, 9)))]
    return report(gap.join(["", *rows, ""]), count=len(rows))


@given(tidy_documents(), st.integers(1, 400))
def test_the_quick_way_reads_rows_of_few_shapes_as_the_parser_does(body: bytes, size: int) -> None:
    shapes = Shapes("click")
    slow = outcome(XmlRows(CLICKS), body, 10**9)[0]
    for _ in range(2):  # the second time with what it learned
        assert outcome(QuickRows(CLICKS, shapes), body, size)[0] == slow


@pytest.mark.parametrize("empty", ["<offer></offer>", "<offer> </offer>", "<offer/>", "<offer />"])
def test_an_object_without_any_of_its_fields_is_an_empty_field(empty: str) -> None:
    """Each of the fields may be missing, so the pattern must not take the tag for an object."""
    rows = ["<offer><a>1</a></offer>", "<offer><b>2</b></offer>", "<offer><a/></offer>", empty]
    body = report("".join(f"<click>{row}</click>" for row in rows), count=len(rows))
    shapes = Shapes("click")
    for _ in range(2):
        assert read(QuickRows(CLICKS, shapes), body) == read(XmlRows(CLICKS), body)


@pytest.mark.parametrize("text", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x85", b"\xa0"])
@pytest.mark.parametrize("place", [b"<b>", b"<a>"])
def test_bytes_that_are_no_characters_are_refused_wherever_they_stand(
    text: bytes, place: bytes
) -> None:
    """In a text, and between two tags, where all that is blank is passed over."""
    good = report("<click><a>1</a><b>2</b></click>" * 3, count=3)
    bad = good.replace(place, place + text if place == b"<b>" else text + place)
    shapes = Shapes("click")
    read(QuickRows(CLICKS, shapes), good)
    for reader in (XmlRows(CLICKS), QuickRows(CLICKS, shapes)):
        with pytest.raises(AnswerBroken, match="no UTF-8"):
            read(reader, bad)


def test_rows_of_no_field_are_read_as_the_parser_reads_them() -> None:
    rows = ["<a>1</a>", "<b>2</b>", "<a/>", "", " "]
    body = report("".join(f"<click>{row}</click>" for row in rows), count=len(rows))
    shapes = Shapes("click")
    for _ in range(2):
        assert outcome(QuickRows(CLICKS, shapes), body, 30) == outcome(XmlRows(CLICKS), body, 30)


def test_rows_that_differ_in_what_is_null_become_one_shape(sent: dict[str, Any]) -> None:
    shapes = Shapes("click")
    for _ in range(2):
        read(QuickRows(CLICKS, shapes), sent["xml"])
    rows = sent["xml"].decode("latin-1").split("<clicks>")[1].split("</click>")[:-1]
    fit = sum(len(shapes.fitting(f"{row}</click>", 0, len(row))[0]) for row in rows)
    assert fit > 0.8 * len(rows)
    assert len(shapes._shapes) <= 4


@given(documents(), st.integers(0, 400), st.integers(1, 100))
def test_an_answer_that_breaks_off_is_never_taken_for_whole(
    body: bytes, cut: int, size: int
) -> None:
    for make in XML:
        with pytest.raises(AnswerBroken):
            read(make(), body[: -1 - cut], size)
