"""`verify` on pools that are well and that are not: in which order, how fast, what it mends."""

from __future__ import annotations

from itertools import count

import pytest

from mtdata.adapters.clock import Pace, SystemClock
from tests.system.home import STUDY, Home, row


def test_a_pass_that_is_cut_short_goes_on_with_what_is_longest_unread(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.site.put("BBSIQ", [row(1)])
    home.site.put("QOL", [row(2)])
    home.export()
    ticks = count()
    monkeypatch.setattr(SystemClock, "ticks", lambda clock: float(next(ticks)))
    # one tick when it begins, one before each file: two seconds are enough for one of the four
    read = []
    for _ in range(4):
        found = home.run("verify", STUDY, "--for", "2").shown["sites"][STUDY]
        read.append((found["raw_files"], found["sheets"], found["unread"]))
    assert read == [(1, 0, 3), (1, 0, 3), (0, 1, 3), (0, 1, 3)]


def test_a_rate_makes_reading_wait() -> None:
    now, waits = [100.0], []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    pace = Pace(1000, lambda: now[0], wait)
    for _ in range(10):
        pace.spend(500)
    assert now[0] == pytest.approx(105.0)
    now[0] += 3600  # an idle hour does not become a burst of an hour
    for _ in range(10):
        pace.spend(500)
    assert now[0] == pytest.approx(105.0 + 3600 + 4.0)


def test_a_damaged_ledger_is_told_with_what_mends_it(home: Home) -> None:
    home.site.put("QOL", [row(number) for number in range(1, 400)])
    home.export()
    ledger = home.pool / "ledger.sqlite3"
    content = bytearray(ledger.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4096] = bytes(4096)
    ledger.write_bytes(content)
    ended = home.run("verify", STUDY)
    assert ended.code == 74
    assert "--rebuild-ledger" in ended.said + str(ended.shown)


def test_a_damaged_file_of_an_entry_that_is_no_json_is_fetched_again(home: Home) -> None:
    home.site.put("QOL", [b'{"id": 9, broken}', row(1)])
    home.export(code=1)
    [held] = (home.pool / "held").iterdir()
    held.write_bytes(b"something else")
    assert home.run("verify", STUDY).code == 74
    home.export(code=0)
    assert held.read_bytes() == b'{"id": 9, broken}'
    assert home.run("verify", STUDY).code == 0


@pytest.mark.parametrize("word", ["0", "-1", "x", "nan", "inf"])
def test_a_rate_that_is_none_ends_as_64(home: Home, word: str) -> None:
    assert home.run("verify", STUDY, f"--rate={word}").code == 64
