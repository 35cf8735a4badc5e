"""What of the records grows with time is counted and forgotten in pieces; a cut leaves no half."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from uuid import UUID, uuid4

import pytest

from mtdata.core.errors import UsageError
from mtdata.core.keeping import DAY_S, Growing
from mtdata.jobs import keeping
from mtdata.jobs.records import old_rows, orders, pruning
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.models import Event, FormerJob, Job, Part
from mtdata.jobs.records.old_rows import OldRows, amount_of, forget_rows
from tests.jobs.place import Place
from tests.jobs.test_pruning import OLD, ended, forget, left_of, there

FORMER = OldRows("records_formerjob", "id", "forgotten_at")


def line(place: Place, name: str) -> Growing:
    """The one of that name."""
    [found] = [one for one in keeping.of_records(place.settings, place.kinds) if one.name == name]
    return found


def events(job: str) -> int:
    return Event.objects.filter(job=job).count()


def with_old_events(place: Place, status: str = "Success", count: int = 3) -> str:
    """A job that ended long ago, and so did all that happened to it."""
    job = ended(place, status)
    Event.objects.filter(job=job).delete()
    Event.objects.bulk_create(
        Event(job_id=UUID(job), at=now() - OLD, level="INFO", text="so") for _ in range(count)
    )
    return job


@pytest.fixture(autouse=True)
def no_former_jobs(request: pytest.FixtureRequest) -> None:
    """One database serves all of these tests."""
    place = "place" if "place" in request.fixturenames else "plain"
    request.getfixturevalue(place)
    FormerJob.objects.all().delete()


def test_events_go_and_their_jobs_stay(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(old_rows, "PIECE", 2)
    old, stopping = with_old_events(place), with_old_events(place, "In Progress")
    young = ended(place, ago=timedelta(days=80))
    place.configure(EVENTS_KEEP="90d")
    assert sum(line(place, "events of jobs").forget()) == 3
    assert [events(job) for job in (old, stopping, young)] == [0, 3, 1]
    assert there() == {old, stopping, young}
    assert Part.objects.filter(job=old).count() == 2
    assert sum(line(place, "events of jobs").forget()) == 0


def test_without_a_key_nothing_is_forgotten(plain: Place) -> None:
    job = with_old_events(plain)
    for one in keeping.of_records(plain.settings, plain.kinds):
        assert list(one.forget()) in ([], [0]), one.name
    assert (there(), events(job)) == ({job}, 3)


def test_what_there_is_is_counted_with_its_beginning(place: Place) -> None:
    with_old_events(place, count=4)
    place.enter("rows")
    found = {one.name: one.amount() for one in keeping.of_records(place.settings, place.kinds)}
    assert found["ended jobs"].number == 1
    assert found["events of jobs"].number == 5
    assert found["parts and artefacts of jobs"].number == 3
    assert found["ids of forgotten jobs"] == (0, None)
    since = found["ended jobs"].since
    assert since is not None
    assert abs(since - (now() - OLD)) < timedelta(minutes=5)
    assert amount_of(OldRows("no_such_table", "id", "at")) == (0, None)
    assert list(forget_rows(OldRows("no_such_table", "id", "at"), 0.0)) == []


def test_rows_of_a_table_go_in_pieces_and_young_ones_stay(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_rows, "PIECE", 2)
    at = now()
    FormerJob.objects.bulk_create(
        FormerJob(id=uuid4(), kind="rows", forgotten_at=at - timedelta(days=days))
        for days in (1, 20, 21, 22, 23, 24)
    )
    assert list(islice(forget_rows(FORMER, 10 * DAY_S), 1)) == [2]
    assert FormerJob.objects.count() == 4
    assert list(forget_rows(FORMER, 10 * DAY_S)) == [2, 1]
    assert amount_of(FORMER).number == 1


def test_a_clock_that_stands_ahead_makes_no_row_old(
    plain: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    FormerJob.objects.create(id=uuid4(), kind="rows", forgotten_at=now() - timedelta(days=5))
    monkeypatch.setattr(old_rows, "now", lambda: now() + timedelta(days=400))
    assert sum(forget_rows(FORMER, 10 * DAY_S)) == 0


def test_of_a_forgotten_job_its_id_is_left(place: Place) -> None:
    job = ended(place, account="main")
    assert forget(place.kinds) == {job}
    [left] = FormerJob.objects.all()
    assert (str(left.id), left.kind, left.account) == (job, "rows", "main")
    with pytest.raises(UsageError, match="was forgotten on"):
        orders.job_named(job)
    with pytest.raises(UsageError, match="there is no job"):
        orders.job_named(str(uuid4()))


@pytest.mark.parametrize("after", range(5))
def test_a_cut_within_a_commit_leaves_the_whole_job(
    place: Place, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    job = ended(place)
    whole, count = left_of(job), 0

    def cut(rows: object) -> None:
        nonlocal count
        count += 1
        if count > after:
            raise KeyboardInterrupt
        delete_alone(rows)  # type: ignore[arg-type]

    delete_alone = pruning.delete_alone
    monkeypatch.setattr(pruning, "delete_alone", cut)
    with pytest.raises(KeyboardInterrupt):
        forget(place.kinds)
    monkeypatch.undo()
    assert (there(), left_of(job), FormerJob.objects.count()) == ({job}, whole, 0)
    assert forget(place.kinds) == {job}
    assert (left_of(job), FormerJob.objects.count()) == (0, 1)


def test_a_pass_that_was_cut_off_goes_on_with_what_is_left(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "PIECE", 2)
    for _ in range(5):
        ended(place)
    place.configure(JOBS_KEEP="90d")
    assert next(iter(line(place, "ended jobs").forget())) == 2
    assert Job.objects.count() == 3
    assert sum(line(place, "ended jobs").forget()) == 3
    assert Job.objects.count() == 0
