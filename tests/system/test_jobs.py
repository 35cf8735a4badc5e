"""Jobs by the command line: queued, carried by real children, looked at, stopped, tried again."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.system.home import STUDY, Ended, Home, row

ENTRIES = 12


@pytest.fixture
def stocked(home: Home) -> Iterator[Home]:
    """A home whose pool has two scales."""
    for scale in ("DASS21_AS", "Mood"):
        home.site.put(scale, [row(number) for number in range(1, ENTRIES + 1)])
    home.export(code=0)
    yield home
    from mtdata.records import setting

    setting.close_records()


def added(home: Home, *words: str) -> str:
    ended = home.run("jobs", "add", *words)
    assert ended.code == 0, ended
    assert set(ended.shown) == {"id", "name", "kind", "status"}
    assert ended.shown["status"] == "Queued"
    return str(ended.shown["id"])


def shown(home: Home, job: str) -> dict[str, Any]:
    ended = home.run("jobs", "show", job)
    assert ended.code == 0, ended
    return ended.shown


def refused(ended: Ended, code: int) -> str:
    assert ended.code == code, ended
    assert ended.shown["error"]["exit"] == code
    return str(ended.shown["error"]["message"])


def test_a_decode_job_makes_every_sheet_and_tells_rows_and_digests(stocked: Home) -> None:
    job = added(stocked, "study.decode", f"server={STUDY}")
    assert stocked.run("runner", "--once").code == 0
    told = shown(stocked, job)
    assert told["status"] == "Success", told
    assert told["parts"] == {"done": 2, "total": 2}
    assert told["rows"] == 2 * ENTRIES
    for made in told["artifacts"]:
        content = Path(made["path"]).read_bytes()
        assert sha256(content).hexdigest() == made["sha256"]
        assert made["rows"] == ENTRIES
        assert content == (stocked.pool / "active_data" / made["name"]).read_bytes()
    leftovers = list((stocked.pool / "recovered_data").rglob(".*.staged"))
    assert leftovers == []
