"""Answers in XML: rows as they were sent, or a refusal, whichever way they are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.parsers import expat

import pytest

from mtdata.cake.client.reading import Reader, Row
from mtdata.core.errors import AnswerBroken
from tests.exports.answers import NAMES, XML, read, report

CREATED = expat.ParserCreate


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

    def test_fields_without_end_are_refused(self, make: Callable[[], Reader]) -> None:
        fields = "".join(f"<f{number}>1</f{number}>" for number in range(3000))
        with pytest.raises(AnswerBroken, match="too many fields"):
            self.rows(make, f"<click>{fields}</click>")
