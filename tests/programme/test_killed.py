"""A child is killed behind any commit of an import: it goes on, and counts and rows are exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.utils import OperationalError

from mtdata.core.errors import RecordsError
from mtdata.jobs.records import claims, fence, runners
from mtdata.jobs.records.models import Part
from mtdata.programme import imports
from mtdata.programme.records.models import FormResponse, UploadPiece
from tests.programme.place import ImportPlace, Killed, WatchedWork, csv_of, team

BATCHES, SIZE = 5, 10
FORM = (
    "timestamp", "user", "name", "gender_of_respondent", "reading_books", "listening_music",
    "mobile_no", "record_latitude", "record_longitude",
)  # fmt: skip


def answers(count: int) -> bytes:
    rest = ("n", "Other", "yes", "no", "", "1.5", "-2")
    return csv_of([("2026-05-15 14:30", f"u{n}", *rest) for n in range(count)], FORM)


@pytest.mark.parametrize("at", range(1, BATCHES + 3))
def test_an_import_goes_on_behind_the_last_commit(
    plain: ImportPlace, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two windows, each of 25 rows; whoever goes on would make others."""
    plain.configure(BATCH=SIZE)
    monkeypatch.setattr(imports, "WINDOW", 25)
    plain.imported([team("t3", "there"), team("t33", "there")])
    rows: list[tuple[str, ...]] = [team(f"t{n}") for n in range(BATCHES * SIZE)]
    rows[7] = ("short",)
    job = plain.order(rows, good_rows="yes")
    commits: list[int] = []

    def killed() -> None:
        commits.append(1)
        if len(commits) == at:
            monkeypatch.setattr(imports, "WINDOW", 7)
            raise Killed

    assert plain.step(job)
    assert plain.run(job, killed) == "Success"
    assert [row[0] for row in plain.teams(job)] == sorted(
        f"t{n}" for n in range(BATCHES * SIZE) if n not in (3, 7, 33)
    )
    assert "50 rows: 47 new, 2 there already, 1 left out" in plain.log(job)
    assert UploadPiece.objects.filter(upload__name="teams.csv").count() == 0


@pytest.mark.parametrize("place", ["sqlite", "postgres", "mysql"], indirect=True)
@pytest.mark.parametrize("kind", ["teams.import", "forms.import"])
def test_a_commit_whose_word_was_lost_is_not_made_twice(
    place: ImportPlace, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.configure(BATCH=SIZE)
    content = answers(45) if kind == "forms.import" else csv_of([team(f"t{n}") for n in range(45)])
    job = place.order(content, kind)
    assert place.step(job)
    commits: list[int] = []

    def lost() -> None:
        """As if the connection broke behind the commit: the move is made anew."""
        commits.append(1)
        if len(commits) == 2:
            raise OperationalError("the connection is lost")

    assert run_through(place, job, lost, monkeypatch) == "Success"
    assert "45 rows: 45 new" in place.log(job)
    assert "another checkpoint" in place.log(job)
    assert place.leftovers(job) == 45
    assert kind == "teams.import" or FormResponse.objects.values("user").distinct().count() == 45


def run_through(
    place: ImportPlace, job: str, behind: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> str:
    """Carry a job whose commits say, by raising, that they failed though they did not."""
    made = fence.commit

    def commit(claimed: Any, move: Callable[[], Any], before: Any) -> Any:
        found = made(claimed, move, before)
        try:
            behind()
        except OperationalError:
            return made(claimed, move, before)
        return found

    monkeypatch.setattr(fence, "commit", commit)
    return place.run(job)


def test_a_commit_that_the_database_forgot_is_found_out(plain: ImportPlace) -> None:
    job = plain.order([team("a")])
    assert plain.step(job)
    claimed = claims.claim(runners.register("test", 1), 60.0, plain.kinds.keys(), job)
    assert claimed is not None
    work = WatchedWork(plain.settings, claimed, None, lambda: None)  # type: ignore[arg-type]
    work.commit(lambda: [1])
    fence.part_of(claimed).update(checkpoint=None)
    with pytest.raises(RecordsError, match="another checkpoint"):
        work.commit(lambda: [2])
    assert fence.part_of(claimed).get().checkpoint is None


@pytest.mark.parametrize("begun", [(3, 9), (5, 5), (0, 3), (-1, 3)])
def test_a_place_that_cannot_be_is_told_and_not_gone_on_from(
    plain: ImportPlace, begun: tuple[int, int]
) -> None:
    job = plain.order([team(f"t{n}") for n in range(5)])
    assert plain.step(job)
    kept = imports.Place(2, len("name,description,manager,members\r\n"))
    damaged = kept._replace(done=begun[0], window=begun[1]).checkpoint()
    Part.objects.filter(job=job, stage="work").update(checkpoint=damaged)
    assert plain.run(job) == "Failed"
    assert "how far it came is damaged" in plain.reason(job)
    assert plain.leftovers(job) == 0


def test_long_rows_are_put_in_order_a_few_at_a_time(
    plain: ImportPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in memory at once has a bound in bytes as well, and none is left out."""
    monkeypatch.setattr(imports, "WINDOW_BYTES", 5_000)
    plain.configure(BATCH=SIZE)
    rows = [team(f"t{n}", "x" * 1_900) for n in range(20)]
    job, sizes = plain.order(rows), list[int]()
    assert plain.step(job)
    kept = imports._window

    def window(*given: Any) -> Any:
        found = kept(*given)
        sizes.append(len(found))
        return found

    monkeypatch.setattr(imports, "_window", window)
    assert plain.run(job) == "Success"
    assert set(sizes) == {3, 2, 0}
    assert plain.teams(job) == sorted(rows)
