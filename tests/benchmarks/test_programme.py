"""`bin/bench programme` writes and takes back every row, whichever way; nothing is timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.bench import Bench
from benchmarks.programme import rows, taking_back
from tests.jobs.brokers import is_there
from tests.jobs.conftest import SERVERS, no_server


@pytest.mark.parametrize("engine", ["sqlite", *SERVERS])
def test_every_way_writes_every_row(tmp_path: Path, engine: str) -> None:
    if engine in SERVERS and not is_there(SERVERS[engine]):
        pytest.skip(no_server(engine))
    bench = Bench(tmp_path, reps=1)
    assert len(rows.ratio(engine, bench, 120).ratios) == 1
    assert len(taking_back.stop(engine, bench, 120).ratios) == 1
