"""The cases in which Matomo's own importer was measured to lose or double hits: E1 to E5, E7, E8.

docs/WEBLOGS.md has the figures of both beside each other; ours are those of these tests, taken once
with LINES = 20,000.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mtdata.demo.weblogs.site import MatomoSite
from mtdata.weblogs.importer import ImportOptions
from mtdata.weblogs.operations import opening
from tests.weblogs.lines import combined
from tests.weblogs.test_commands import DAY, Home, line

LINES = 2_000
FIRST_BATCH = 200
"""What the first batches hold; both are under way before either is answered."""


class Outcome(NamedTuple):
    """How an import ended, and each line by what Matomo stored and what the quarantine has."""

    exit: int
    once: int
    doubled: int
    missing: int
    in_doubt: int


@pytest.fixture
def home(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Home]:
    terms_of = opening.terms_of

    def without_pauses(*words: Any) -> ImportOptions:
        return replace(terms_of(*words), backoff_s=0.001)

    monkeypatch.setattr(opening, "terms_of", without_pauses)
    with MatomoSite() as site:
        home = Home(tmp_path, site, capsys)
        home.write(batch=FIRST_BATCH)
        yield home


def imported(home: Home) -> Outcome:
    """Import the day, and count in Matomo itself."""
    code, _ = home.call("import", "example.org", DAY)
    stored = home.stored()
    doubts = home.call("quarantine", "example.org")[1]["batches"]
    return Outcome(
        code,
        sum(stored[number] == 1 for number in range(1, LINES + 1)),
        sum(count > 1 for count in stored.values()),
        sum(stored[number] == 0 for number in range(1, LINES + 1)),
        sum(doubt["hits"] for doubt in doubts),
    )


def put_lines(home: Home) -> None:
    home.put(f"a-{DAY}.log", "".join(line(number) for number in range(1, LINES + 1)))


def bulk_calls(home: Home) -> int:
    return sum(call.target == "bulk" for call in home.site.calls)


WELL = (0, 0, 0)
"""Nothing doubled, missing or in doubt."""


def test_e1_a_reply_that_comes_too_late_doubles_nothing(home: Home) -> None:
    home.write(batch=FIRST_BATCH, timeout=3)
    home.site.fault("late", nth=2, seconds=4.0)  # the first is the probe
    put_lines(home)
    assert imported(home) == (1, LINES, 0, 0, FIRST_BATCH)
    assert home.call("quarantine", "example.org", "--resolve", "auto")[0] == 0
    assert imported(home) == (0, LINES, *WELL)


def test_e2_an_outage_in_the_middle_neither_loses_nor_doubles(home: Home) -> None:
    put_lines(home)
    home.site.fault("error", when=lambda _: home.site.store.total >= LINES * 2 // 5)
    cut = imported(home)
    assert cut == (69, LINES - cut.missing, 0, cut.missing, 0)
    assert 0 < cut.missing <= LINES * 3 // 5
    home.site.heal()
    assert imported(home) == (0, LINES, *WELL)


@pytest.mark.parametrize("kind", ["zero", "not_bulk"])
def test_e3_e8_a_matomo_that_takes_nothing_is_seen_at_the_first_question(
    home: Home, kind: str
) -> None:
    put_lines(home)
    home.site.fault(kind)
    assert imported(home) == (69, 0, 0, LINES, 0)
    assert bulk_calls(home) == 1
    home.site.heal()
    assert imported(home) == (0, LINES, *WELL)


def test_e3_success_with_nothing_tracked_is_never_taken_for_success(home: Home) -> None:
    put_lines(home)
    home.site.fault("zero", when=lambda _: bulk_calls(home) > 0)  # all but the probe
    cut = imported(home)
    assert cut == (69, 0, 0, LINES, cut.in_doubt)
    assert cut.in_doubt in (3 * FIRST_BATCH, 4 * FIRST_BATCH)
    home.site.heal()
    assert home.call("quarantine", "example.org", "--resolve", "auto")[0] == 0
    assert imported(home) == (0, LINES, *WELL)


@pytest.mark.parametrize("status", [200, 404])
def test_e4_a_byte_that_is_no_utf_8_costs_no_line(home: Home, status: int) -> None:
    odd = line(LINES // 2, "/caf_", status).encode().replace(b"caf_", b"caf\xe9")
    lines = [line(number).encode() for number in range(1, LINES + 1)]
    lines[LINES // 2 - 1] = odd
    (home.logs / f"a-{DAY}.log").write_bytes(b"".join(lines))
    assert imported(home) == (0, LINES, *WELL)


def test_e5_a_second_run_over_two_files_goes_on_in_both(home: Home) -> None:
    half = LINES // 2
    home.put(f"a-{DAY}.log", "".join(line(number) for number in range(1, half + 1)))
    home.put(f"b-{DAY}.log", "".join(line(number) for number in range(half + 1, LINES + 1)))
    home.site.fault("error", when=lambda _: home.site.store.total >= LINES * 3 // 10)
    assert imported(home).exit == 69
    home.site.heal()
    assert imported(home) == (0, LINES, *WELL)
    calls = bulk_calls(home)
    assert imported(home) == (0, LINES, *WELL)
    assert bulk_calls(home) == calls


ALB = (
    "http 2026-03-12T10:00:{0:02}.123456Z app/lb/50dc6c495c0c9188 {1} {2} 0.000 0.001 0.000 {3} "
    '200 34 366 "GET http://www.example.org:80/p?line={0} HTTP/1.1" "curl/7.46.0" - - arn:aws:x '
    '"Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2026-03-12T10:00:00.123456Z "forward" '
    '"-" "-" "{2}" "{3}" "-" "-"\n'
)
ODD_ALB = [("192.0.2.7:2817", "-", "503"), ("[2001:db8::1]:2817", "10.0.0.1:80", "200"),
           ("2001:db8::1:2817", "10.0.0.1:80", "200")]  # fmt: skip
TIME = "12/Mar/2026:10:00:00 +0000"
ODD_COMBINED = [
    {"request": "GET /x?line=2"}, {"user": "John Q Public"}, {"ip": "203.0.113.5, 10.0.0.1"},
    {"ip": "2001:db8::1"}, {"agent": r"a \"b\" c"},
]  # fmt: skip


def test_e7_odd_lines_are_hits_or_counted_under_a_reason(home: Home) -> None:
    home.write(format="auto")
    odd = [
        combined(f"/x?line={number}", date=TIME, **how)
        for number, how in enumerate(ODD_COMBINED, 2)
    ]
    asked_nothing = combined(request="-", status=408, date=TIME)
    first = combined("/x?line=1", date=TIME)
    (home.logs / f"a-{DAY}.log").write_bytes(b"".join([first, *odd, asked_nothing]))
    (home.logs / f"b-{DAY}.log").write_bytes(b"\xef\xbb\xbf" + combined("/x?line=7", date=TIME))
    start = ALB.format(8, "192.0.2.7:2817", "10.0.0.1:80", "200")
    balanced = [ALB.format(number, *how) for number, how in enumerate(ODD_ALB, 9)]
    (home.logs / f"c-{DAY}.log").write_text("".join([start, *balanced]), encoding="ascii")
    code, said = home.call("import", "example.org", DAY)
    assert (code, said["lines"], said["hits"], said["skipped"]) == (0, 12, 12, {})
    assert len(home.site.store.hits) == 12
    assert {hit.key("line") for hit in home.site.store.hits} >= {str(n) for n in range(1, 12)}


def test_e8_a_400_that_stays_ends_the_import_at_once(home: Home) -> None:
    put_lines(home)
    home.site.fault("not_bulk", when=lambda _: bulk_calls(home) > 0)
    assert imported(home) == (69, 0, 0, LINES, 0)
    assert bulk_calls(home) <= 3  # the probe, and what was under way with the first batch
    home.site.heal()
    assert imported(home) == (0, LINES, *WELL)
