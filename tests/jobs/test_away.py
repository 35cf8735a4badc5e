"""The database is away for a while in the middle of a job: it goes on, and the rows are exact."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from mtdata.jobs.records import setting
from tests.jobs.cable import Cable, cabled
from tests.jobs.place import Place, until


@pytest.fixture
def cable(place: Place) -> Iterator[Cable]:
    with cabled(place, Cable) as made:
        yield made


@pytest.mark.parametrize(
    ("place", "away_s"), [("mysql", 0.5), ("postgres", 0.5), ("postgres", 10.0)], indirect=["place"]
)
def test_a_job_goes_on_when_the_database_is_back(place: Place, cable: Cable, away_s: float) -> None:
    job = place.add(rows=300, parts=1, pause=0.05)
    place.carry()
    until(lambda: place.rows(job) > 0, "the first rows")
    cable.cut()
    time.sleep(away_s)
    cable.mend()
    setting.close_records()
    place.ended(job, "Success")
    assert (place.rows(job), place.distinct(job)) == (300, 300)
