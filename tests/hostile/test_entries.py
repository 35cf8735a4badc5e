"""Odd entries by the hundred in one package: each a row or held, and told; none harms another."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import pytest

from mtdata.demo.study.site import StudySite
from tests.hostile.entry_ids import elements, ids
from tests.hostile.entry_names import keys
from tests.hostile.entry_sealed import opened, sealed
from tests.hostile.entry_texts import raw_bytes, texts
from tests.hostile.entry_values import values
from tests.hostile.fates import Lines
from tests.system.conftest import KeyPair
from tests.system.home import STUDY, Home, row, wire
from tests.tally import tried

TABLES: dict[str, Callable[[], Lines]] = {
    "ids": ids,
    "names of fields": keys,
    "texts": texts,
    "bytes that are no text": raw_bytes,
    "values": values,
    "elements that are no entries": elements,
}
GOOD = [90_001, 90_002, 90_003]


def between_good(bodies: list[bytes]) -> list[bytes]:
    """The odd entries with a sound one before, amid and behind them."""
    half = len(bodies) // 2
    first, middle, last = (wire(row(number)) for number in GOOD)
    return [first, *bodies[:half], middle, *bodies[half:], last]


def reasons(home: Home) -> Counter[tuple[str, str]]:
    """How many entries are held, by kind and reason."""
    found: Counter[tuple[str, str]] = Counter()
    for one in home.run("held", STUDY).shown["sites"][STUDY]["held"]:
        found[one["kind"], one["reason"]] += one["count"]
    return found


def stored(home: Home) -> bytes:
    """All that raw files and held files hold."""
    paths = [*home.paths("raw_data", "QOL"), *home.paths("held", "QOL")]
    return b"".join(path.read_bytes() for path in paths)


def carried(home: Home, site: StudySite, lines: Lines) -> None:
    """One round with all of them; then each must have met its fate, and nothing else."""
    held = {name: (body, fate) for name, (body, fate) in lines.items() if isinstance(fate, str)}
    rows = {name: fate for name, (_, fate) in lines.items() if isinstance(fate, dict)}
    site.put("QOL", between_good([body for body, _ in lines.values()]))
    site.put("BBSIQ", [row(1)])
    done = home.export(code=1 if held else 0)["QOL"]
    assert done["received"] == done["fresh"] == len(lines) + len(GOOD)
    assert (done["appended"], done["held"]) == (len(rows) + len(GOOD), len(held))
    assert done["deleted"] == done["appended"]
    shown = {line["id"]: line for line in home.sheet("QOL")}
    for name, cells in rows.items():
        line = shown[cells["id"]]
        assert all(line[column] == cell for column, cell in cells.items()), name
        assert {column for column, cell in line.items() if cell} <= set(json.loads(lines[name][0]))
    assert len(shown) == len(rows) + len(GOOD)
    kept = stored(home)
    assert [name for name, (body, _) in held.items() if body not in kept] == []
    assert site.ids("BBSIQ") == []
    assert not set(GOOD) & set(site.ids("QOL"))


def sound(home: Home, held: int) -> None:
    """The next round changes nothing, the pool can be rebuilt, and no answer was quoted."""
    for path in home.paths("raw_data", "QOL"):
        json.loads(path.read_bytes())
    done = home.export()["QOL"]
    assert (done["fresh"], done["appended"], done["held"], done["owed"]) == (0, 0, held, 0)
    kinds = Counter(one["kind"] for one in home.incidents())
    assert all(number == 1 for number in kinds.values()), kinds
    assert set(kinds) <= {"entry_malformed", "entry_sealed", "entry_conflict"}
    assert home.is_clean()
    said = "".join(home.noises)
    assert "Traceback" not in said
    assert not any(told in said for told in ("HYPERLINK(", "onerror", "BEGIN RSA", "etc/passwd"))


@pytest.mark.parametrize("table", TABLES)
def test_each_odd_entry_is_a_row_or_held_and_harms_no_other(
    home: Home, site: StudySite, table: str
) -> None:
    home.configure(DELETE_MODE=True)
    lines = TABLES[table]()
    carried(home, site, lines)
    expected = Counter(("malformed", fate) for _, fate in lines.values() if isinstance(fate, str))
    assert reasons(home) == expected
    sound(home, sum(expected.values()))
    tried("hostile inputs", table, len(lines))


def test_each_sealed_value_is_opened_or_held(home: Home, site: StudySite, key: KeyPair) -> None:
    home.put_key(key.pem)
    home.configure(DELETE_MODE=True, ENCRYPTION="rsa", PRIVATE_FILE="study.pem")
    lines = opened(key) | sealed(key)
    carried(home, site, lines)
    expected = Counter(("sealed", fate) for _, fate in lines.values() if isinstance(fate, str))
    assert reasons(home) == expected
    sound(home, sum(expected.values()))
    tried("hostile inputs", "sealed values", len(lines))


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_must_stay_takes_the_same_rows(
    home: Home, site: StudySite, table: str
) -> None:
    lines = TABLES[table]()
    site.put("QOL", between_good([body for body, _ in lines.values()]), deleteable=False)
    rows = [fate["id"] for _, fate in lines.values() if isinstance(fate, dict)]
    home.export(STUDY, "all", code=0 if len(rows) == len(lines) else 1)
    assert sorted(home.ids("QOL")) == sorted([*rows, *map(str, GOOD)])
    [package] = home.packages("QOL").values()
    assert len(package) >= len(rows) + len(GOOD)
    assert home.is_clean()
    (home.pool / "ledger.sqlite3").unlink()
    assert home.run("decode", STUDY, "all").code == 0
    tried("hostile inputs", f"{table}, in a table that must stay", len(lines))


@pytest.mark.parametrize(
    "bodies",
    [
        [b'{"id":7,"a":1}', b'{"id":7,"a":2}'],
        [b'{"id":7,"a":1}', b'{"id":"7","a":1}'],
        [b'{"id":7,"a":1}', b'{"id":"007","a":1}'],
        [b'{"id":7,"a":1}', b'{"a":1,"id":7}'],
        [b'{"id":7,"a":1}', b'{"id":7, "a":1}'],
        [b'{"id":7,"a":1}', b'{"id":7,"a":1.0}'],
        [b'{"id":0,"a":1}', b'{"id":-0,"a":1}'],
        [b'{"id":0,"a":1}', b'{"id":"00","a":1}'],
        [b'{"id":7,"a":1}', b'{"id":7,"a":1,"a":2}'],
        [b'{"id":7,"a":1}', b'{"id":7,"\\ud83d":1}'],
        [b'{"id":7,"a":1}', b'{"id":7,"a":"\\ud83d"}'],
        [b'{"id":7,"a":1}', b'{"id":7,"a":1e400}'],
    ],
)
@pytest.mark.parametrize("turned", [False, True], ids=["", "turned"])
def test_two_entries_with_one_id_are_both_kept_and_neither_is_deleted(
    home: Home, site: StudySite, bodies: list[bytes], turned: bool
) -> None:
    home.configure(DELETE_MODE=True)
    site.put("QOL", between_good(bodies[::-1] if turned else bodies))
    home.export(code=1)
    assert {int(path.rpartition("/")[2]) for path in home.asked("DELETE")} == set(GOOD)
    assert all(body in stored(home) for body in bodies)
    assert len(home.held()) in (1, 2)  # a good one that comes second waits for a person, too
    home.export()
    assert len(home.asked("DELETE")) == len(GOOD)
    assert home.is_clean()
    tried("hostile inputs", "two entries with one id")


def test_the_same_entry_twice_is_one(home: Home, site: StudySite) -> None:
    home.configure(DELETE_MODE=True)
    site.put("QOL", between_good([wire(row(7))] * 3))
    assert home.export()["QOL"]["appended"] == 1 + len(GOOD)
    assert home.held() == []
    assert site.ids("QOL") == []
    assert home.is_clean()
    tried("hostile inputs", "two entries with one id")
