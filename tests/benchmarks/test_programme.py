"""`bin/bench programme` writes and takes back every row, whichever way; nothing is timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.bench import Bench
from benchmarks.programme import exports, rows, taking_back
from tests.jobs.brokers import is_there
from tests.jobs.conftest import SERVERS, no_server


@pytest.mark.parametrize("engine", ["sqlite", *SERVERS])
def test_every_way_writes_every_row(tmp_path: Path, engine: str) -> None:
    if engine in SERVERS and not is_there(SERVERS[engine]):
        pytest.skip(no_server(engine))
    bench = Bench(tmp_path, reps=1)
    assert len(rows.ratio(engine, bench, 120).ratios) == 1
    assert len(taking_back.stop(engine, bench, 120).ratios) == 1


def test_an_export_and_copy_have_every_row(tmp_path: Path) -> None:
    if not is_there(SERVERS["postgres"]):
        pytest.skip(no_server("postgres"))
    bench = Bench(tmp_path, reps=1)
    assert len(exports.speed(bench, 200).ratios) == 1
    assert exports.memory(bench, 100, 200).ratios[0] > 0
