"""Foreign text that is twice as long costs twice as much, not four times; steps are counted."""

from __future__ import annotations

import gzip
import importlib
import re
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

import mtdata
from mtdata.cake.client.reading import CLICKS
from mtdata.cake.client.reading_json import JsonRows
from mtdata.cake.client.reading_quick import QuickRows
from mtdata.core import http
from mtdata.core.errors import PackageError
from mtdata.core.guarding import guarded_pieces
from mtdata.study.collectors import pages, pipelined_deletes
from mtdata.study.collectors.cookies import MOST, size_of_all
from mtdata.study.collectors.http import SiteAccess, SiteTransport
from mtdata.study.collectors.mindtrails import MindTrailsSite
from mtdata.study.model import package, stream
from tests.adapters import saying
from tests.linear import slow_spots

HOUSE = Path(mtdata.__file__).parent
SEARCHES = "search|sub|subn|findall|finditer|split"
N = 400

REASONS = {
    # what the proof cannot see, and why it is linear all the same
    "mtdata.study.decryption.key_forms._BLOCK": "the look-ahead of its lazy repeat is a constant",
    "mtdata.cake.client.reading_json._TOKEN": "a quote always finds its end, or that of the "
    "piece, and of a number fewer than 20 characters can be looked at in vain",
    "mtdata.cake.client.row_trees._TAG": "a step of the lazy repeat looks three characters ahead",
    "mtdata.cake.client.row_trees._NIL": "behind the blank that it begins with a name must stand",
    "mtdata.core.guarding._CELL": "a cell without quotes is taken whole, and "
    "of cells with quotes only the last can fail",
    "mtdata.programme.csv_refusal._QUOTED": "possessive: what it took is never given back",
    "mtdata.study.model.package._TOKEN": "from a quote on it is always taken, to its end",
    "mtdata.web.pages.reasons._CLAUSE": "a reason of the records has 1,000 characters at most",
    "mtdata.web.pages.reasons._WAITS": "of the beginning alone, and as short",
    "mtdata.core.disclosure._KEY": "the start of the text stands before its repeat",
    "mtdata.core.s3.access.URL": "of the config; the / that it may give back is one",
    "mtdata.config.address._DOMAIN": "no mailbox with more than 253 letters comes that far",
    "mtdata.logs.lines._PLACE": "what it begins with holds the quote that ends its repeat",
    "mtdata.jobs.records.faults._QUOTED": "only the last quote of each kind is without another",
}


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Every expression of the program that stands by itself."""
    for file in HOUSE.rglob("*.py"):
        if "demo" not in file.parts and "re.compile(" in file.read_text("utf-8"):
            room = ".".join(file.relative_to(HOUSE.parent).with_suffix("").parts)
            for name, what in vars(importlib.import_module(room)).items():
                if isinstance(what, re.Pattern):
                    yield f"{room}.{name}", what


def sources() -> str:
    files = (f for f in HOUSE.rglob("*.py") if "demo" not in f.parts)
    return "\n".join(f.read_text("utf-8") for f in files)


def test_no_expression_of_the_program_can_take_more_than_linear_time() -> None:
    searched = set(re.findall(rf"\b(\w+)\.(?:{SEARCHES})\(", sources()))
    seen = {}
    for name, pattern in patterns():
        short = name.rpartition(".")[2]
        if spots := slow_spots(pattern, searched=short in searched):
            seen[name] = (pattern.pattern, spots)
    odd = {name: said for name, said in seen.items() if name not in REASONS}
    assert not {n for n in odd if not _is_of_our_own_files(n)}, odd
    assert set(REASONS) <= set(seen), "a reason that nothing needs any more"


def _is_of_our_own_files(name: str) -> bool:
    """The config, names of our own files and what is installed are no strangers', and are short."""
    ours = (
        "mtdata.config.",
        "mtdata.core.cells.",
        "mtdata.core.installing.",
        "mtdata.core.inventory.",
        "mtdata.study.ledger.",
        "mtdata.study.decryption.key_forms.",
    )
    return name.startswith(ours)


def test_expressions_that_are_written_where_they_are_used_are_linear() -> None:
    inline = re.compile(rf'\bre\.({SEARCHES}|match|fullmatch)\(\s*r?b?(?:f?)"((?:[^"\\]|\\.)*)"')
    for sort, text in inline.findall(sources()):
        spots = slow_spots(re.compile(text), searched=sort in SEARCHES.split("|"))
        assert not spots or text in OUR_OWN, (text, spots)


OUR_OWN = {
    r"CREATE TABLE (\w+)",  # over our own text
}


@pytest.mark.parametrize(
    "bad",
    [r"<input[^>]+\bpassword\b", "a*a*b", "(a+)+$", "(?:a|ab)*c", r"\s*,", '"(.*?)", line', "x.*y"],
)
def test_the_proof_knows_a_slow_expression(bad: str) -> None:
    assert slow_spots(re.compile(bad))


def steps(act: Callable[[], object]) -> int:
    """How many calls that takes, those of C too."""
    count = 0

    def noted(frame: Any, event: str, what: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(noted)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


def grows(act: Callable[[int], object], n: int = N) -> float:
    """How much more it costs for four times as much."""
    act(n)  # what is made once is made
    return steps(lambda: act(4 * n)) / steps(lambda: act(n))


def whole(text: bytes) -> Iterator[bytes]:
    yield text


def in_bytes(text: bytes) -> Iterator[bytes]:
    return (text[n : n + 1] for n in range(len(text)))


PACKAGES = {
    "open quotes": b'{"id":1},{"b:{[2},',
    "open brackets": b'{"id":1},{"b":[2},',
    "commas alone": b",",
    "open texts": b'{"a":"',
    "nested": b'{"id":1,"a":[{"b":1},{"c":2}]},',
    "a text full of ends": b'{"id":1,"a":"},{"},',
    "backslashes": b"\\",
    "objects without commas": b'{"id":1}',
}


@pytest.mark.parametrize("unit", PACKAGES.values(), ids=PACKAGES)
@pytest.mark.parametrize("cut", [whole, in_bytes])
def test_a_package_that_is_four_times_as_long_costs_four_times_as_much(
    unit: bytes, cut: Callable[[bytes], Iterator[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LOOKED_AT_LEAST", 4_000)  # no test waits for 32 MB

    def read(n: int) -> None:
        try:
            for _ in package.entries(cut(b"[" + unit * n + b'{"id":1}]')):
                pass
        except PackageError:
            pass

    assert grows(read, 100) < 8


@pytest.mark.parametrize("unit", [b"\n", b'""', b'""\n', b"\n;="], ids=repr)
def test_a_cell_on_its_way_to_a_spreadsheet_is_looked_through_once(unit: bytes) -> None:
    def send(n: int) -> None:
        for _ in guarded_pieces(in_bytes(b'a,"' + unit * n + b'",b\r\n')):
            pass

    assert grows(send, 200) < 6


def test_a_page_is_looked_through_once_and_no_further_than_64_kb() -> None:
    page = b"<input " * 20_000
    assert not pages.asks_for_a_password(page)
    assert not pages.asks_for_a_password(page + b"<input type=password>"), "behind 64 KB"
    assert pages.asks_for_a_password(b'<INPUT a="x<y" type="PassWord">')
    assert pages.asks_for_a_password(b"<p><input name=user>\n<input\ntype='password'")
    assert not pages.asks_for_a_password(b"<input type=text> the password")
    assert grows(lambda n: pages.asks_for_a_password(b"<input " * n)) < 5


def test_of_a_page_no_more_is_taken_than_64_kb_however_small_its_first_piece_is() -> None:
    sent = 0

    def talk(there: Any) -> None:
        nonlocal sent
        there.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"6\r\n<inpu \r\n"
        )
        piece = b"<input " * 2340
        while sent < 64 << 20:
            there.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            sent += len(piece)

    access = {"timeout_s": 20.0, "connect_timeout_s": 20.0, "delete_connections": 1}
    with saying(talk) as url:
        site = MindTrailsSite(
            SiteAccess(server=url, user="u", password="p", max_response_bytes=1 << 40, **access)  # type: ignore[arg-type]
        )
        with pytest.raises(PackageError, match="a web page"), site.fetch("QOL") as pieces:
            list(pieces)
        site.close()
    assert sent < 16 << 20, "the buffers of two sockets, and no page of 64 MB"


def test_an_answer_to_a_delete_is_read_once_though_it_comes_in_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[int] = []
    head = pipelined_deletes.HEAD

    class Counted:
        def fullmatch(self, text: bytes) -> Any:
            looked.append(len(text))
            return head.fullmatch(text)

    monkeypatch.setattr(pipelined_deletes, "HEAD", Counted())

    def hear(n: int) -> None:
        said = b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * n + b"Content-Length: 2\r\n\r\nok"
        coming = iter(said[at : at + 1] for at in range(len(said)))
        sock = SimpleNamespace(recv=lambda size: next(coming), sendall=lambda sent: None)
        road: Any = SimpleNamespace(
            connect=lambda: SimpleNamespace(sock=sock), request=bytes, timeout_s=9
        )
        lane = pipelined_deletes._Connection(road)
        lane.ask(1)
        while (reply := lane.hear()) is None:
            pass
        assert reply == (200, "", b"ok")
        assert len(looked) == 1
        looked.clear()

    assert grows(hear, 100) < 5


def test_cookies_for_other_paths_do_not_pile_up() -> None:
    wire = SiteTransport(SiteAccess("http://127.0.0.1:1", "u", "p", 1.0, 1.0, 1000, 1))

    def answer(number: int) -> Any:
        head = HTTPMessage()
        for place in range(20):
            head["Set-Cookie"] = f"c{number}_{place}={'x' * 200}; Path=/elsewhere"
        return SimpleNamespace(_original_response=SimpleNamespace(msg=head))

    for number in range(20):
        wire._cookies.remember(answer(number))
        assert size_of_all(wire._cookies.jar) <= MOST
    wire.close()


READERS = {
    "XML": (
        lambda: QuickRows(CLICKS),
        b"<r><row_count>1</row_count><clicks>",
        b"<click><a>b</a></click>",
    ),
    "a comment": (lambda: QuickRows(CLICKS), b"<r><!-- ", b"x <clicks "),
    "blanks": (lambda: QuickRows(CLICKS), b"<r><clicks>", b" \n"),
    "an attribute": (lambda: QuickRows(CLICKS), b"<r a='", b"&amp; "),
    "references": (lambda: QuickRows(CLICKS), b"<r><a>", b"&#x1;&#"),
    "JSON": (lambda: JsonRows(CLICKS, None), b'{"clicks":[', b'{"a":"b"},'),  # type: ignore[arg-type]
    "a text": (lambda: JsonRows(CLICKS, None), b'{"a":"', b"\\u0041"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", READERS)
def test_a_report_that_comes_byte_by_byte_is_gathered_before_it_is_read(name: str) -> None:
    reader_of, start, unit = READERS[name]
    fed: list[int] = []

    def read(n: int) -> None:
        reader = reader_of()
        fed.clear()
        for piece in http.gathered(in_bytes(start + unit * n), 2048):
            if piece:
                fed.append(len(piece))
                reader.feed(piece)

    assert grows(read) < 6
    assert min(fed[:-1], default=2048) >= 2048
    assert b"".join(http.gathered(in_bytes(start), 5)) == start


class Packed:
    """An answer as urllib3 gives it."""

    headers = {"Content-Encoding": "gzip"}  # noqa: RUF012

    def __init__(self, body: Iterator[bytes]) -> None:
        self._body, self.taken = body, 0

    def stream(self, size: int, *, decode_content: bool) -> Iterator[bytes]:
        for piece in self._body:
            self.taken += len(piece)
            yield piece


def test_gzip_of_nothing_ends_after_a_megabyte_and_costs_what_it_is_long() -> None:
    empty = gzip.compress(b"")
    answer = Packed(iter(lambda: empty * 3000, None))
    with pytest.raises(requests.exceptions.ContentDecodingError.__mro__[-2], match="nothing"):
        list(http.unpacked(answer, 65536))
    assert answer.taken < 2 * http.MOST_FOR_NOTHING
    assert grows(lambda n: list(http.unpacked(Packed(whole(empty * n)), 65536))) < 5
    members = gzip.compress(b"abc") + empty * 50 + gzip.compress(b"d" * 200_000)
    for cut in (whole, in_bytes):
        got = list(http.unpacked(Packed(cut(members)), 65536))
        assert b"".join(got) == b"abc" + b"d" * 200_000
        assert max(map(len, got)) <= 65536
