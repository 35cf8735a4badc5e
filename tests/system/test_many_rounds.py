"""Fifty rounds at random, processes that are ended, and pools without a ledger."""

from __future__ import annotations

import csv
import io
import json
import signal
import time
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

from tests.system.home import STUDY, Home, row

FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("status", {"code": 500}), ("truncated", {}), ("drop", {}), ("drop", {"after": True}),
    ("lying", {}), ("import_mode", {}), ("gone", {}), ("must_remain", {}),
]  # fmt: skip


def test_after_fifty_random_rounds_every_sheet_is_what_raw_gives(home: Home, seed: int) -> None:
    rng, ever = Random(seed), Counter[tuple[str, str]]()
    unused = list(range(1, 600))
    home.configure(DELETE_MODE=True, TIMEOUT=1)
    for _ in range(50):
        for _ in range(rng.randrange(6)):
            scale, number = rng.choice(["QOL", "BBSIQ"]), unused.pop(rng.randrange(12))
            more = {f"item{rng.randrange(5)}": rng.choice([1, 2.5, 'a "b"\r\n', [1, "x"], None])}
            entry = row(number, **more)
            home.site.put(scale, [entry] * rng.choice([1, 1, 1, 2]))
            ever[scale, str(number)] = 1
        home.site.put("TaskLog", [row(unused.pop())], deleteable=False)
        kind, detail = rng.choice(FAULTS)
        if rng.random() < 0.4:
            home.site.fault(kind, times=rng.randrange(1, 4), **detail)
        home.now += timedelta(hours=rng.choice([0, 0, 0, 7]))
        assert home.run("export", STUDY, "all").code in (0, 1, 69)
    home.site.heal()
    home.run("export", STUDY, "all")
    home.run("export", STUDY, "all")
    found = Counter((scale, one) for scale in ("QOL", "BBSIQ") for one in home.ids(scale))
    assert found == ever
    assert home.site.ids("QOL") + home.site.ids("BBSIQ") == []
    assert home.held() == []
    assert home.is_clean()


def test_decode_makes_the_same_sheets_and_says_how_many_rows(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    assert home.run("decode", STUDY).code == 0
    [made] = [p for p in home.paths("recovered_data", "QOL") if p.suffix == ".csv"]
    [sheet] = home.paths("active_data", "QOL")
    assert made.read_bytes() == sheet.read_bytes()
    [told] = (home.pool / "recovered_data").glob("README_QOL_recovered_*.txt")
    assert "rows recovered: 2" in told.read_text()


def test_without_a_ledger_decode_reads_raw_files_old_ones_as_well(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    for path in home.pool.glob("ledger.sqlite3*"):
        path.unlink()
    old = json.dumps([row(3)]) + json.dumps([row(3), row(4)])
    (home.pool / "raw_data" / "QOL_Mar_01_2018_10_00_00.json").write_text(old)
    assert home.run("decode", STUDY).code == 0
    found = []
    for path in sorted((home.pool / "recovered_data").glob("QOL_*.csv")):
        text = path.read_bytes().decode()
        found += [line["id"] for line in csv.DictReader(io.StringIO(text, newline=""))]
    assert found == ["3", "4", "1", "2"]


def test_a_round_that_is_ended_by_sigterm_leaves_no_lock_and_loses_nothing(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1)])
    home.site.fault("hang", scale="QOL", method="GET")
    process = home.process("export", STUDY)
    while not any(request.startswith("/QOL") for request in _asked(home)):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, said = process.communicate(timeout=60)
    assert process.returncode == 143, (out, said)
    assert json.loads(out)["error"]["exit"] == 143
    home.site.heal()
    home.export()
    assert home.deletes() == [1]
    assert home.is_clean()


def _asked(home: Home) -> list[str]:
    """What was asked for; a request that hangs is seen only by its connection."""
    listed = len(home.asked("GET"))
    return ["/QOL"] if listed >= 1 and home.site.connections >= 1 else []
