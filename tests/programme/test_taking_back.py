"""Stop and undo: of a stopped import nothing is left, of an undone one what people made since."""

from __future__ import annotations

from uuid import UUID

import pytest

from mtdata.core.errors import JobError
from mtdata.jobs.records import orders
from mtdata.jobs.records.asking import now
from mtdata.programme.records.models import Team, TeamChange
from tests.programme.place import ImportPlace, Killed, Row, team


def numbered(count: int, description: str = "new") -> list[Row]:
    return [team(f"t{n}", description) for n in range(count)]


def edit(team_name: str, /, **values: str) -> None:
    """As a person does on the page."""
    assert Team.objects.filter(name=team_name).update(**values, edited_at=now()) == 1


def stop_behind(place: ImportPlace, job: str, commits: int) -> None:
    """Carry a job, and stop it behind so many commits of its work."""
    assert place.step(job)
    seen: list[int] = []

    def stop() -> None:
        seen.append(len(place.teams(job)))
        if len(seen) == commits:
            place.stop(job)

    assert place.step(job, stop)
    assert len(seen) == commits


@pytest.mark.usefixtures("in_lines")
@pytest.mark.parametrize("policy", ["skip", "update"])
def test_a_stopped_import_leaves_nothing_and_all_as_it_was(place: ImportPlace, policy: str) -> None:
    place.configure(BATCH=10)
    before = place.imported(numbered(8, "old"))
    job = place.order(numbered(45), duplicates=policy)
    stop_behind(place, job, 3)
    assert len(place.teams()) == 30
    edit("t20", description="edited meanwhile")
    assert place.run(job) == "Stopped"
    assert place.leftovers(job) == 0
    assert place.teams() == place.teams(before) == sorted(numbered(8, "old"))
    restored = ", 8 restored" if policy == "update" else ""
    assert f"\n{30 - 8} rows removed{restored}\n" in f"{place.log(job)}\n"


def test_what_is_stopped_can_be_tried_again_and_what_is_undone_not(place: ImportPlace) -> None:
    place.configure(BATCH=10)
    job = place.order(numbered(25))
    stop_behind(place, job, 1)
    assert place.run(job) == "Stopped"
    orders.retry(job)
    assert place.run(job) == "Success"
    assert "25 rows: 25 new" in place.log(job)
    orders.undo(job)
    assert (place.run(job), place.teams()) == ("Stopped", [])
    orders.retry(job)
    assert place.run(job) == "Failed"
    assert "bring the file once more" in place.reason(job)
    place.imported(numbered(25))


def test_an_undo_keeps_what_people_edited_and_lists_it(place: ImportPlace) -> None:
    place.imported([team("there", "old"), team("changed", "old"), team("gone", "old")])
    rows = [*numbered(3), *(team(name, "new") for name in ("there", "changed", "gone"))]
    job = place.imported(rows, duplicates="update")
    edit("t1", description="edited")
    edit("changed", members="edited")
    Team.objects.filter(name__in=["gone", "t2"]).delete()
    kept = sorted(Team.objects.exclude(edited_at=None).values_list("pk", flat=True))
    orders.undo(job)
    assert place.run(job) == "Stopped"
    assert place.teams() == [
        team("changed", "new", members="edited"), team("t1", "edited"), team("there", "old")
    ]  # fmt: skip
    log = place.log(job)
    assert "1 row removed, 1 restored, 2 left as people made them since, or gone" in log
    assert f"edited since, and kept as they are: {kept[0]}, {kept[1]}" in log
    assert place.leftovers(job) == 0  # they are people's now: whatever else is taken back
    orders.retry(job)
    assert (place.run(job), len(place.teams())) == ("Failed", 3)


def test_a_second_undo_and_a_second_stop_change_nothing_and_say_so(place: ImportPlace) -> None:
    job = place.order(numbered(5))
    place.stop(job)
    assert "Stopping already" in orders.stop(job)[1] or place.status(job) == "Stopped"
    done = place.imported(numbered(6))
    assert orders.stop(done)[1] == "it has ended already: Success"
    orders.undo(done)
    assert orders.stop(done)[1] == "it is Stopping already"
    with pytest.raises(JobError, match="it is Stopping; stop it"):
        orders.undo(done)
    assert place.run(done) == "Stopped"
    with pytest.raises(JobError, match="all of it was taken back already"):
        orders.undo(done)
    assert orders.stop(done)[1] == "it has ended already: Stopped"


def test_an_undo_goes_on_where_it_was_killed(
    place: ImportPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtdata.programme.rollback.BATCH", 10)
    place.imported(numbered(25, "old"))
    job = place.imported(numbered(45), duplicates="update")
    orders.undo(job)
    commits: list[int] = []

    def killed() -> None:
        commits.append(len(place.teams(job)))
        if len(commits) in (1, 4):
            raise Killed

    assert place.run(job, killed) == "Stopped"
    assert place.teams() == sorted(numbered(25, "old"))
    assert "20 rows removed, 25 restored" in place.log(job)
    assert place.leftovers(job) == 0


@pytest.mark.parametrize("first", ["A", "B"])
def test_of_two_imports_either_may_be_undone_first(place: ImportPlace, first: str) -> None:
    place.imported([team("both", "0"), team("b", "0")])
    jobs = {"A": place.imported([team("both", "A"), team("a", "A")], duplicates="update")}
    jobs["B"] = place.imported(
        [team("both", "B"), team("a", "B"), team("b", "B"), team("c", "B")], duplicates="update"
    )
    orders.undo(jobs[first])
    assert place.run(jobs[first]) == "Stopped"
    if first == "A":
        assert place.teams() == [team(name, "B") for name in ("a", "b", "both", "c")]
        assert "2 left to the imports that changed them since" in place.log(jobs["A"])
    else:
        assert place.teams() == [team("a", "A"), team("b", "0"), team("both", "A")]
    second = jobs["B" if first == "A" else "A"]
    orders.undo(second)
    assert place.run(second) == "Stopped"
    assert place.teams() == [team("b", "0"), team("both", "0")]
    assert TeamChange.objects.count() == 0


def test_an_edit_between_two_imports_outlives_the_undo_of_both(place: ImportPlace) -> None:
    one = place.imported([team("a", "A")])
    edit("a", description="edited")
    other = place.imported([team("a", "B")], duplicates="update")
    for job in (one, other):
        orders.undo(job)
        assert place.run(job) == "Stopped"
    assert place.teams() == [team("a", "edited")]
    assert Team.objects.get().job is None


def test_one_import_is_undone_while_another_changes_its_rows(place: ImportPlace) -> None:
    place.configure(BATCH=10)
    one = place.imported(numbered(40, "A"))
    other = place.order(numbered(40, "B"), duplicates="update")
    undone: list[str] = []

    def undo() -> None:
        if len(place.teams(other)) == 20 and not undone:
            undone.append(one)
            orders.undo(one)
            assert place.run(one) == "Stopped"

    assert place.run(other, undo) == "Success"
    assert (undone, place.teams(other)) == ([one], sorted(numbered(40, "B")))
    orders.undo(other)
    assert (place.run(other), place.teams()) == ("Stopped", [])


@pytest.mark.usefixtures("in_lines")
def test_a_team_whose_old_name_is_taken_stays_as_it_was_renamed(place: ImportPlace) -> None:
    place.configure(BATCH=10)
    place.imported([team("old", "0")])
    job = place.order([team("old", "new"), *numbered(20)], duplicates="update")
    stop_behind(place, job, 1)
    edit("old", name="renamed", name_key="0" * 64)
    place.imported([team("old", "another")])
    assert place.run(job) == "Stopped"
    assert place.teams() == [team("old", "another"), team("renamed", "new")]
    assert not Team.objects.filter(job=UUID(job)).exists()
