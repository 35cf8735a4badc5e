"""Answers of CAKE made by hand, and how a reader takes them in any pieces; no test itself."""

from __future__ import annotations

from collections.abc import Callable

from mtdata.cake.client.reading import CLICKS, Head, Reader, Row
from mtdata.cake.client.reading_quick import QuickRows
from mtdata.cake.client.reading_xml import XmlRows
from mtdata.core.errors import AnswerBroken

XML: list[Callable[[], Reader]] = [lambda: XmlRows(CLICKS), lambda: QuickRows(CLICKS)]
NAMES = ["by_parser", "by_shape"]


def read(reader: Reader, body: bytes, size: int = 1 << 16) -> list[Row]:
    rows: list[Row] = []
    for start in range(0, len(body), size):
        rows += reader.feed(body[start : start + size])
    return rows + reader.close()


def outcome(reader: Reader, body: bytes, size: int) -> tuple[list[Row] | str, Head]:
    try:
        return read(reader, body, size), reader.head
    except AnswerBroken:
        return "broken", reader.head


def report(rows: str, *, count: int = 1, head: str = "<success>true</success>") -> bytes:
    declared = '<?xml version="1.0" encoding="utf-8"?>'
    counted = f"{head}<row_count>{count}</row_count>"
    return f"{declared}<r xmlns='x'>{counted}<clicks>{rows}</clicks></r>".encode()
