"""The database is away for a while in the middle of a job: it goes on, and the rows are exact."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from mtdata.jobs.records import setting
from tests.jobs.cable import Cable
from tests.jobs.conftest import SERVERS
from tests.jobs.place import Place, until


@pytest.fixture
def cable(place: Place) -> Iterator[Cable]:
    """The cable to the database; to that of SQLite there is none."""
    address = place.settings.database
    made = Cable(SERVERS[address.engine])
    url = (
        address.redacted()
        .replace("://", f"://{address.user}@")
        .replace(f":{address.port}/", f":{made.port}/")
    )
    place.configure(DATABASE=url)
    setting.open_records(place.settings.database)
    yield made
    made.mend()
    place.stop()
    setting.close_records()
    made.close()


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
