"""Homes for imports on each database, as tests/jobs/conftest.py makes them; it tests nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mtdata.programme import imports
from tests.jobs.conftest import ENGINES, broker_of, empty, moto, no_server, patient, urls
from tests.programme.place import ImportPlace

__all__ = ["empty", "moto", "patient", "urls"]


@pytest.fixture(params=ENGINES)
def place(
    request: pytest.FixtureRequest, urls: dict[str, str], tmp_path: Path
) -> Iterator[ImportPlace]:
    """Every kind of database in its turn, embedded unless a broker is named behind it."""
    engine, _, broker = request.param.partition("-")
    if engine not in urls:
        pytest.skip(no_server(engine))
    queue = broker_of(broker, request) if broker else None
    made = ImportPlace(tmp_path, urls[engine], queue)
    yield made
    made.close()
    if queue is not None:
        queue.remove()


@pytest.fixture
def in_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each batch of ten has the next ten lines: rows are put in order within it alone."""
    monkeypatch.setattr(imports, "WINDOW", 10)


@pytest.fixture
def plain(urls: dict[str, str], tmp_path: Path) -> Iterator[ImportPlace]:
    """SQLite alone, for what does not differ."""
    made = ImportPlace(tmp_path, urls["sqlite"])
    yield made
    made.close()
