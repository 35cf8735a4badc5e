"""The database is away for a while in the middle of a job: it goes on, and the rows are exact."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from mtdata.core.errors import RecordsError
from mtdata.jobs.records import asking, connecting, faults, setting
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


@pytest.mark.parametrize("place", ["mysql", "postgres"], indirect=True)
def test_a_database_that_says_nothing_any_more_is_not_waited_for_without_end(
    place: Place, cable: Cable, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mtdata.jobs.records.models import Job

    monkeypatch.setattr(connecting, "READ_S", 1)
    monkeypatch.setattr(connecting, "BEHIND_S", 0, raising=False)
    setting.open_records(place.settings.database)
    told: list[str] = []

    def ask() -> None:
        try:
            with asking.asking():
                assert not Job.objects.exists()
                cable.hold()
                Job.objects.exists()
        except RecordsError as error:
            told.append(str(error))
        finally:
            setting.close_records()

    asker = threading.Thread(target=ask, daemon=True)
    asker.start()
    asker.join(60)
    assert told, "it waits for ever"
    assert any(words in told[0] for words in (faults.SILENT, faults.BROKEN))
    cable.mend()
    with asking.asking():
        assert not Job.objects.exists(), "it goes on once the database answers"
