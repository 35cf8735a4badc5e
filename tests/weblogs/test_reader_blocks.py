"""Whatever the bytes: each line is accounted for once, the JSON is strict, blocks do not matter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.weblogs.formats import FORMATS
from mtdata.weblogs.memo import Memo
from mtdata.weblogs.reader import PIECE, Hits, LogReader
from tests.weblogs.lines import ALL, FIREFOX, GOOGLEBOT, IIS, SAMPLES, combined, rules

SAMPLE_LINES = sorted({line for one in SAMPLES for line in one.file.encode().splitlines()})
PARTS = st.sampled_from(
    [*SAMPLE_LINES, b"", b"#Fields: time c-ip", b'" "', b"\\", b"\xe9", b"\x85"]
)
LINES = st.one_of(
    PARTS,
    st.binary(max_size=80).map(lambda text: text.replace(b"\n", b"")),
    st.tuples(PARTS, st.integers(0, 400), st.binary(max_size=3)).map(
        lambda told: told[0][: told[1]] + told[2].replace(b"\n", b"") + told[0][told[1] :]
    ),
)
TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters='\n\r"\\', exclude_categories=["Cs"]),
    max_size=20,
)


@st.composite
def good_lines(draw: st.DrawFn) -> bytes:
    """A combined line that a server may well write."""
    escaped = draw(st.sampled_from(["", '\\"', "\\xE9", "\\\\"]))
    return combined(
        "/" + draw(TEXT).replace(" ", "") + draw(st.sampled_from(["", ".png", ".pdf", "?q=1"])),
        status=draw(st.sampled_from([200, 304, 404, 301, 503])),
        agent=draw(st.sampled_from([FIREFOX, GOOGLEBOT, "-", ""])) + draw(TEXT) + escaped,
        ip=draw(st.ip_addresses().map(str)),
        date=f"04/May/2024:{draw(st.integers(0, 23)):02}:{draw(st.integers(0, 59)):02}:00 -0730",
        referrer=draw(TEXT) + escaped,
        user=draw(st.sampled_from(["-", "anna", "anna maria"])),
    )


def strict(request: bytes) -> dict[str, Any]:
    """The hit, when a strict reader of JSON takes it."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    told = json.loads(request.decode("ascii"), parse_constant=refuse)
    assert isinstance(told, dict)
    json.dumps(told, ensure_ascii=False).encode("utf-8")  # fails on half a surrogate pair
    return told


def checked(hits: Hits, count: int) -> Hits:
    """The hits, when they are sound and account for so many lines."""
    assert len(hits.lines) + sum(hits.skipped.values()) == count
    assert len(hits.lines) == len(hits.shards) == len(hits.requests) == len(hits.moments)
    assert list(hits.lines) == sorted(set(hits.lines))
    for request in hits.requests:
        told = strict(request)
        assert len(told["url"]) < 8_000
        assert "2004" < told["cdt"] < "2024-06-02"
        assert told.get("bw_bytes", 1) > 0
        assert told.get("pf_srv", 0) >= 0
    return hits


def block_of(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


@given(st.sampled_from(sorted(FORMATS)), st.lists(LINES, min_size=1, max_size=12))
def test_each_line_of_any_bytes_is_one_hit_or_has_one_reason(name: str, lines: list[bytes]) -> None:
    reader = LogReader(rules(format=name, flags=ALL, dimensions={"status": 1, "bot": 2}))
    checked(reader.read(block_of(lines), 1), len(lines))


@given(st.lists(good_lines(), min_size=1, max_size=8))
def test_the_quick_way_gives_what_the_exact_one_gives(lines: list[bytes]) -> None:
    block = b"".join(lines)
    for flags in (frozenset[str](), ALL):
        reader = LogReader(rules(format="combined", flags=flags))
        hits = checked(reader.read(block, 1), len(lines))
        assert hits == reader.read_exactly(block, 1)
        assert hits.skipped.get("malformed", 0) == 0


def test_both_ways_agree_on_every_sample() -> None:
    for sample in SAMPLES:
        file = sample.file.encode()
        quick, exact = LogReader(rules()), LogReader(rules())
        quick.detect(file)
        exact.detect(file)
        assert quick.read(file, 1) == exact.read_exactly(file, 1), sample.format


def pieces(lines: list[bytes], cuts: set[int]) -> Iterator[tuple[int, bytes]]:
    """The lines in blocks, each with the number of its first line."""
    ends = sorted({cut for cut in cuts if 0 < cut < len(lines)} | {len(lines)})
    for begin, end in zip([0, *ends], ends, strict=False):
        yield begin + 1, block_of(lines[begin:end])


W3C = [
    *IIS.encode().splitlines(),
    b"2024-05-04 11:55:36 10.0.0.1 GET /a - 443 - 192.0.2.7 x - 200 0 0 5 1",
    b"#Date: 2024-05-05 00:00:00",
    b"#Fields: time c-ip cs-uri-stem",
    b"11:55:36 192.0.2.7 /b",
    b"#Fields: date time c-ip cs-uri-stem",
    b"2024-05-06 11:55:36 192.0.2.7 /c",
]


@given(
    st.one_of(
        st.lists(LINES, min_size=1, max_size=12).map(lambda lines: ("combined", lines)),
        st.lists(st.sampled_from(W3C), min_size=1, max_size=25).map(lambda lines: ("iis", lines)),
    ),
    st.sets(st.integers(1, 24)),
)
def test_where_a_file_is_cut_into_blocks_changes_nothing(
    file: tuple[str, list[bytes]], cuts: set[int]
) -> None:
    name, lines = file
    whole = checked(LogReader(rules(format=name)).read(block_of(lines), 1), len(lines))
    parent = LogReader(rules(format=name))
    numbers, requests = [], []
    for first_line, block in pieces(lines, cuts):
        worker = LogReader(rules(format=name))  # knows nothing but the header
        worker.header = parent.header
        parent.header = parent.header_after(block)
        hits = worker.read(block, first_line)
        assert worker.header == parent.header
        numbers += list(hits.lines)
        requests += hits.requests
    assert (numbers, requests) == (list(whole.lines), whole.requests)


def test_what_is_remembered_is_bounded_by_its_bytes() -> None:
    memo: Memo[str] = Memo(str.upper, 1_000_000)
    for number in range(100):
        assert memo[f"{number}{'x' * 50_000}"].endswith("X")
        assert sum(map(len, memo)) < 1_000_000
    assert 0 < len(memo) < 100


HOSTILE = [
    *(part * (60_000 // len(part)) for part in (b'"', b'" ', b"[ ", b"a ", b"1 ", b"\\", b'\\"')),
    *(
        part * (60_000 // len(part))
        for part in (b"1.1.1.1, ", b"/-1/", b"{", b"[", b'"a "', b"%25")
    ),
    *(part * (60_000 // len(part)) for part in (b"haproxy[1]: ", b"x [1]: ", b"a.b, ")),
    b"1.1.1.1 - - [" + b"x]" * 30_000,
    combined("/" + ".a" * 15_000, agent="bot site check" * 2_000),
    combined("/" + "%2" * 15_000).rstrip(b'"\n'),
]
"""Lines that would keep an expression busy for ever that tries one thing in many ways."""


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_line_made_to_keep_us_busy_is_done_with(name: str) -> None:
    fields = ("date", "time", "c-ip", "cs-uri-stem", "sc-status", "a", "b", "c", "d", "e", "f")
    block = block_of([line.rstrip(b"\n") for line in HOSTILE])
    reader = LogReader(rules(format=name, fields=fields))
    checked(reader.read(block, 1), len(HOSTILE))


def test_a_block_of_many_pieces_is_read_as_one() -> None:
    lines = [combined(f"/{number}", status=200 + number % 2 * 204) for number in range(4_000)]
    block = b"".join(lines)
    assert len(block) > 3 * PIECE
    hits = checked(LogReader(rules(explain=3)).read(block, 11), 4_000)
    assert list(hits.lines) == list(range(11, 4_011, 2))
    assert [strict(one)["url"][-5:] for one in hits.requests[-2:]] == ["/3996", "/3998"]
    assert hits.skipped == {"error": 2_000}
    assert [number for number, _ in hits.samples["error"]] == [12, 14, 16]
    assert hits == LogReader(rules(explain=3)).read_exactly(block, 11)


def test_an_empty_block_has_no_line() -> None:
    assert LogReader(rules(format="combined")).read(b"", 1) == Hits()
