"""Answers as they come, in any pieces: rows as they were sent, or a refusal; bounded in memory."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.cake.client.reading import CLICKS, NOTHING, Head, Reader, Row
from mtdata.cake.client.reading_json import JsonRows
from mtdata.cake.client.reading_quick import QuickRows
from mtdata.cake.client.reading_xml import XmlRows
from mtdata.cake.client.shapes import Shapes
from mtdata.core.errors import AnswerBroken
from mtdata.demo.cake.forms import Form
from mtdata.demo.cake.site import CakeSite
from tests.cake_account import BERLIN
from tests.exports.conftest import NOON, without_types

XML: list[Callable[[], Reader]] = [lambda: XmlRows(CLICKS), lambda: QuickRows(CLICKS)]
NAMES = ["by_parser", "by_shape"]
CREATED = expat.ParserCreate


def read(reader: Reader, body: bytes, size: int = 1 << 16) -> list[Row]:
    rows: list[Row] = []
    for start in range(0, len(body), size):
        rows += reader.feed(body[start : start + size])
    return rows + reader.close()


def pieces_taken(reader: Reader, start: bytes) -> int:
    """How much of nothing is taken before it is refused."""
    reader.feed(start)
    for number in range(200):
        try:
            reader.feed(b" " * 65_536)
        except AnswerBroken:
            return number
    return 200


def report(rows: str, *, count: int = 1, head: str = "<success>true</success>") -> bytes:
    declared = '<?xml version="1.0" encoding="utf-8"?>'
    counted = f"{head}<row_count>{count}</row_count>"
    return f"{declared}<r xmlns='x'>{counted}<clicks>{rows}</clicks></r>".encode()


@pytest.fixture(scope="module")
def sent() -> dict[str, Any]:
    """Rows of the stand-in with all their dirt, in each dialect."""
    site = CakeSite(clicks_a_day=200_000)
    found = list(site.reports.newest_clicks(*NOON, ["plain", "test", "duplicate"], 0, 400))
    bodies = {
        dialect: b"".join(
            Form(dialect, "Clicks", 12, "clicks").report(
                len(found), (site.reports.click(one, dialect) for one in found)
            )
        )
        for dialect in ("xml", "soap", "json")
    }
    return {**bodies, "rows": [site.reports.click_row(one) for one in found]}


@pytest.mark.parametrize("make", XML, ids=NAMES)
@pytest.mark.parametrize("dialect", ["xml", "soap"])
@pytest.mark.parametrize("size", [997, 65_536, 10**9])
def test_dirty_rows_come_as_they_were_sent(
    sent: dict[str, Any], make: Callable[[], Reader], dialect: str, size: int
) -> None:
    reader = make()
    assert read(reader, sent[dialect], size) == sent["rows"]
    head = reader.head
    assert (head.success, head.row_count, head.listed) == (True, len(sent["rows"]), True)


class HoldsBack:
    """A parser that reads the last that came when more comes, as expat 2.6 and later may."""

    def __init__(self, *words: Any) -> None:
        vars(self).update(parser=CREATED(*words), waiting="")

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.parser, name, value)

    def Parse(self, text: str, last: bool) -> None:
        self.parser.Parse(self.waiting + text * last, last)
        vars(self)["waiting"] = text


@pytest.mark.parametrize("make", XML, ids=NAMES)
@pytest.mark.parametrize("size", [997, 65_536])
def test_rows_that_the_parser_held_back_come_at_the_end(
    sent: dict[str, Any], monkeypatch: pytest.MonkeyPatch, make: Callable[[], Reader], size: int
) -> None:
    body = sent["xml"].rstrip()
    monkeypatch.setattr(expat, "ParserCreate", HoldsBack)
    reader = make()
    assert read(reader, body, size) == sent["rows"]
    assert (reader.head.row_count, reader.head.listed) == (len(sent["rows"]), True)


@pytest.mark.parametrize("make", XML, ids=NAMES)
def test_an_answer_that_breaks_off_gives_no_rows_that_were_held_back(
    sent: dict[str, Any], monkeypatch: pytest.MonkeyPatch, make: Callable[[], Reader]
) -> None:
    monkeypatch.setattr(expat, "ParserCreate", HoldsBack)
    with pytest.raises(AnswerBroken):
        read(make(), sent["xml"][:-9], 997)


@pytest.mark.parametrize("size", [997, 10**9])
def test_dirty_rows_come_from_json_as_from_xml(sent: dict[str, Any], size: int) -> None:
    reader = JsonRows(CLICKS, BERLIN)
    assert [without_types(row) for row in read(reader, sent["json"], size)] == sent["rows"]
    assert (reader.head.success, reader.head.row_count) == (True, len(sent["rows"]))


# Any document: the quick way reads what the parser reads

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


def outcome(reader: Reader, body: bytes, size: int) -> tuple[list[Row] | str, Head]:
    try:
        return read(reader, body, size), reader.head
    except AnswerBroken:
        return "broken", reader.head


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


@given(st.binary(max_size=300), st.integers(0, 300), st.integers(1, 60))
def test_any_bytes_are_read_or_refused(junk: bytes, place: int, size: int) -> None:
    whole = report("<click><a>1</a></click>" * 3, count=3)
    body = whole[: place % len(whole)] + junk + whole[place % len(whole) :]
    for make in (*XML, lambda: JsonRows(CLICKS, BERLIN)):
        for bytes_ in (body, junk):
            outcome(make(), bytes_, size)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.text(max_size=5) | st.sampled_from(["clicks", "d"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    ),
    st.integers(1, 50),
)
def test_any_json_is_read_or_refused(value: Any, size: int) -> None:
    for body in (json.dumps(value).encode(), json.dumps({"d": {"clicks": value}}).encode()):
        outcome(JsonRows(CLICKS, BERLIN), body, size)


# What is odd


@pytest.mark.parametrize("make", XML, ids=NAMES)
class TestXml:
    def rows(self, make: Callable[[], Reader], rows: str, **more: Any) -> list[Row]:
        return read(make(), report(rows, **more))

    def test_null_is_not_there_and_empty_is_empty(self, make: Callable[[], Reader]) -> None:
        row = '<click><a xsi:nil="true" /><b /><c></c><d xsi:nil="false">x</d></click>'
        assert self.rows(make, row) == [{"b": "", "c": "", "d": "x"}]
        assert self.rows(make, row * 3) == [{"b": "", "c": "", "d": "x"}] * 3

    def test_forbidden_characters_are_kept(self, make: Callable[[], Reader]) -> None:
        row = "<click><a>x&#x16;y&#19;z&#x0;&#xD800;&#xFFFF;</a><b>\x02</b></click>"
        found = self.rows(make, row * 2)
        assert found == [{"a": "x\x16y\x13z\ufffd\ufffd\uffff", "b": "\x02"}] * 2

    def test_a_reference_may_come_in_pieces(self, make: Callable[[], Reader]) -> None:
        body = report("<click><a>x&#x16;y &amp; z</a></click>" * 3, count=3)
        for size in range(1, 40):
            assert read(make(), body, size) == [{"a": "x\x16y & z"}] * 3

    def test_names_are_taken_without_their_namespace(self, make: Callable[[], Reader]) -> None:
        body = (
            b'<c:r xmlns:c="x"><c:row_count>1</c:row_count><c:clicks><c:click><c:a><i:b>1</i:b>'
            b"</c:a></c:click></c:clicks><c:success>true</c:success></c:r>"
        )
        reader = make()
        assert read(reader, body) == [{"a.b": "1"}]
        assert (reader.head.success, reader.head.row_count) == (True, 1)

    def test_an_empty_list_is_there(self, make: Callable[[], Reader]) -> None:
        reader = make()
        assert (
            read(reader, b"<r><success>true</success><row_count>0</row_count><clicks /></r>") == []
        )
        assert (reader.head.listed, reader.head.row_count) == (True, 0)

    def test_what_stands_behind_the_rows_counts_too(self, make: Callable[[], Reader]) -> None:
        reader = make()
        body = b"<r><clicks><click><a>1</a></click></clicks><row_count>1</row_count></r>"
        assert read(reader, body) == [{"a": "1"}]
        assert (reader.head.row_count, reader.head.success) == (1, None)

    def test_a_message_is_bounded(self, make: Callable[[], Reader]) -> None:
        reader = make()
        told = "m" * 5000
        read(reader, f"<r><success>false</success><message>{told}</message></r>".encode())
        assert (reader.head.success, reader.head.message) == (False, "m" * 400)

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (b'<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>', "document type"),
            (b'<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>', "document type"),
            (b"<!DOCTYPE html><html><body>", "web page"),
            (b"<html><body></body></html>", "web page"),
            (b"<r>&unknown;</r>", "no XML"),
            (b"<r></x></r>", "no XML"),
            (b"", "breaks off"),
            (b"plain", "no XML"),
            (b"<a>" * 30, "nested too deeply"),
            (b"<r><clicks><click>" + b"<a>" * 30, "nested too deeply"),
            (b"\xff\xfe<\x00r\x00", "no UTF-8"),
            (b"<r>\xc3", "breaks off"),
            (b"<r/><r/>", "no XML"),
            (b"<r><clicks><click><a>x</a></clicks></r>", "no XML"),
        ],
    )
    def test_what_cannot_be_read_is_refused(
        self, make: Callable[[], Reader], body: bytes, words: str
    ) -> None:
        with pytest.raises(AnswerBroken, match=words):
            read(make(), body)

    def test_a_text_without_end_is_refused_early(self, make: Callable[[], Reader]) -> None:
        for start in (b"<r><clicks><click><a>", b"<r><message>", b"<r><clicks>", b"<r a='"):
            assert pieces_taken(make(), start) < 40

    def test_fields_without_end_are_refused(self, make: Callable[[], Reader]) -> None:
        fields = "".join(f"<f{number}>1</f{number}>" for number in range(3000))
        with pytest.raises(AnswerBroken, match="too many fields"):
            self.rows(make, f"<click>{fields}</click>")


def test_json_has_its_rows_wherever_the_counts_stand() -> None:
    reader = JsonRows(CLICKS, BERLIN)
    body = {"d": {"clicks": [{"a": 1, "b": {"c": None, "d": True}, "e": "007"}], "row_count": 1}}
    assert read(reader, json.dumps(body).encode()) == [{"a": "1", "b.d": "true", "e": "007"}]
    assert (reader.head.row_count, reader.head.success) == (1, None)
    bare = JsonRows(CLICKS, BERLIN)
    assert read(bare, b'{"success":false,"message":"no","clicks":null}') == []
    assert (bare.head.success, bare.head.message, bare.head.listed) == (False, "no", False)
    text = JsonRows(NOTHING, BERLIN)
    read(text, b'{"d":"KEY"}')
    assert text.head.text == "KEY"


@pytest.mark.parametrize(
    ("told", "zone", "date"),
    [
        ("/Date(1484870400000)/", "UTC", "2017-01-20T00:00:00"),
        ("/Date(1484870400120)/", "America/Los_Angeles", "2017-01-19T16:00:00.12"),
        ("/Date(1484870400000-0800)/", "UTC", "2017-01-20T00:00:00"),
        ("/Date(-1000)/", "UTC", "1969-12-31T23:59:59"),
        ("/Date(-62135596800000)/", "UTC", None),
        ("/Date(-62135568000000)/", "America/Los_Angeles", None),
        ("2017-01-20T00:00:00", "UTC", "2017-01-20T00:00:00"),
    ],
)
def test_json_dates_are_those_of_the_server_s_clock(told: str, zone: str, date: str | None) -> None:
    body = json.dumps({"d": {"clicks": [{"click_date": told, "sub_id_1": told}]}})
    (row,) = read(JsonRows(CLICKS, ZoneInfo(zone)), body.encode().replace(b"/", b"\\/"))
    assert row.get("click_date") == date
    assert row["sub_id_1"] == told, "what only looks like a date stays"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"d":', "breaks off"),
        (b"", "breaks off"),
        (b"  ", "breaks off"),
        (b"<html>", "web page"),
        (b"nonsense", "no JSON"),
        (b'{"d":{}}{"d":{}}', "no JSON"),
        (b"[" * 40, "nested too deeply"),
        (b'{"d":{"clicks":[{"a":' + b"1" * (2 << 20), "without a row"),
    ],
)
def test_json_that_cannot_be_read_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(AnswerBroken, match=words):
        read(JsonRows(CLICKS, BERLIN), body)


LONGEST = ["1" * 4301, "-" + "9" * 20_000, "-1E-999999999999999999999", "0." + "1" * 5000]
LONGEST += ["1e999999", "1E99999999999999999", "12345678901234567890", "-0.0", "100.00", "1E400"]


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_number_of_any_length_costs_no_answer(size: int) -> None:
    texts = ['"', "\\", '\\"' + "1" * 40 + "\\", "2" * 30, '7"}' + "3" * 30]
    rows = [{"a": number, "b": text} for number in LONGEST for text in texts]
    told = ",".join(f'{{"a": {one["a"]},"b":{json.dumps(one["b"])}}}' for one in rows)
    found = read(JsonRows(CLICKS, BERLIN), f'{{"d":{{"clicks":[{told}]}}}}'.encode(), size)
    assert [row["b"] for row in found] == [row["b"] for row in rows]
    assert {row["a"] for row in found} >= {*LONGEST} - {"1e999999", "1E99999999999999999", "1E400"}
    assert all(len(row["a"]) <= 20_001 for row in found)


def test_a_date_that_no_calendar_has_stands_as_it_came() -> None:
    body = b'{"d":{"clicks":[{"x_date":"/Date(999999999999999)/"}]}}'
    assert read(JsonRows(CLICKS, BERLIN), body) == [{"x_date": "/Date(999999999999999)/"}]


@given(
    st.binary(max_size=80) | st.text(max_size=60).map(lambda text: text.encode(errors="replace"))
)
def test_whatever_comes_is_rows_or_a_broken_answer(junk: bytes) -> None:
    starts = (b'{"d":{"clicks":[{"a":', b"", b"<r><clicks><click><a>", b"<r>", b'{"d":')
    for start in starts:
        for make in (*XML, lambda: JsonRows(CLICKS, BERLIN)):
            with suppress(AnswerBroken):
                read(make(), start + junk, 5)


def test_json_without_end_is_refused_early() -> None:
    for start in (b'{"d":{"clicks":[{"a":"', b'{"d":{"message":"', b'{"d":{"clicks":['):
        assert pieces_taken(JsonRows(CLICKS, BERLIN), start) < 40


def test_memory_does_not_grow_with_the_answer(sent: dict[str, Any]) -> None:
    body: bytes = sent["xml"]
    start = body.index(b"<click>")
    end = body.index(b"</clicks>")

    def pieces(times: int) -> Iterator[bytes]:
        yield body[:start]
        for _ in range(times):
            yield body[start:end]
        yield body[end:]

    def peak(times: int) -> int:
        reader = QuickRows(CLICKS)
        tracemalloc.start()
        for piece in pieces(times):
            for at in range(0, len(piece), 65_536):
                reader.feed(piece[at : at + 65_536])
        reader.close()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(8) < 1.3 * peak(2)
