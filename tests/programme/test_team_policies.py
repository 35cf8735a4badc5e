"""What an import makes of names that are there, or twice in the file: alike on each database."""

from __future__ import annotations

import unicodedata

import pytest

from mtdata.core.errors import JobError
from mtdata.jobs.parameters import validate
from mtdata.jobs.queue import order_of
from mtdata.jobs.records import orders
from tests.programme.place import ImportPlace, csv_of, team

ACCENT = "Équipe Ä"
NAMES = [
    "Alpha", "alpha", "ALPHA ß", "Alpha ss", "Alpha SS", ACCENT, "Equipe A",
    "\U0001f98a", "\U0001f43b",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\U0001f469\U0001f467",
    "x" * 600, "x" * 599 + "y",
    "a b", "a  b", "0", "00", "İ", "i",
]  # fmt: skip
"""Each is a name of its own, whatever a database's collation makes of case and emoji."""
SAME = ["Alpha ", "\tAlpha", "\u00a0Alpha", unicodedata.normalize("NFD", ACCENT)]
"""Each is one of those above."""


def test_each_name_is_a_team_and_spellings_of_one_name_are_one(place: ImportPlace) -> None:
    job = place.imported([team(name) for name in NAMES + SAME])
    assert sorted(row[0] for row in place.teams(job)) == sorted(NAMES)
    assert f"{len(NAMES)} new, {len(SAME)} there already" in place.log(job)


def test_skip_leaves_a_team_as_it_is(place: ImportPlace) -> None:
    first = place.imported([team("a", "old"), team("b", "old")])
    job = place.imported([team("b", "new"), team("c", "new"), team("A", "new")])
    assert place.teams(first) == [team("a", "old"), team("b", "old")]
    assert sorted(place.teams(job)) == [team("A", "new"), team("c", "new")]
    assert "3 rows: 2 new, 1 there already" in place.log(job)


def test_update_changes_what_differs_and_no_more(place: ImportPlace) -> None:
    place.imported([team("a", "old", "m", "x"), team("b", "same", "m", "x")])
    wanted = [team("a", "new", "n", ""), team("b", "same", "m", "x"), team("c")]
    job = place.imported(wanted, duplicates="update")
    assert sorted(place.teams()) == sorted(wanted)
    assert sorted(place.teams(job)) == [wanted[0], wanted[2]]
    assert "3 rows: 1 new, 1 updated, 1 there already" in place.log(job)


def test_a_name_twice_in_a_file_is_the_first_for_skip_and_the_last_for_update(
    place: ImportPlace,
) -> None:
    place.configure(BATCH=10)
    rest = [team(f"t{n}") for n in range(18)]
    twice = [team("in", "first"), team("in", "last"), *rest[:9], team("over", "first"), *rest[9:]]
    twice.append(team("over", "last"))
    skipped = place.imported(twice)
    found = dict(row[:2] for row in place.teams(skipped))
    assert (found["in"], found["over"]) == ("first", "first")
    assert "22 rows: 20 new, 2 there already" in place.log(skipped)
    updated = place.imported(twice, duplicates="update", again="yes")
    found = dict(row[:2] for row in place.teams())
    assert (found["in"], found["over"]) == ("last", "last")
    assert len(place.teams(updated)) == 2


@pytest.mark.usefixtures("in_lines")
def test_fail_ends_at_a_name_that_is_there_and_leaves_nothing(place: ImportPlace) -> None:
    place.configure(BATCH=10)
    before = place.imported([team("there", "old")])
    job = place.imported(
        [*(team(f"t{n}") for n in range(25)), team("there", "new")], "Failed", duplicates="fail"
    )
    assert place.leftovers(job) == 0
    assert place.teams() == place.teams(before) == [team("there", "old")]
    assert "there already" in place.reason(job)
    assert "20 rows removed" in place.log(job)


@pytest.mark.parametrize("apart", [1, 15])
def test_fail_ends_at_a_name_twice_in_the_file(place: ImportPlace, apart: int) -> None:
    place.configure(BATCH=10)
    names = [f"t{n}" for n in range(20)]
    names[apart] = "t0"
    job = place.imported([team(name) for name in names], "Failed", duplicates="fail")
    assert (place.leftovers(job), place.teams()) == (0, [])


def test_a_name_of_600_characters_is_taken_and_one_more_is_not(place: ImportPlace) -> None:
    job = place.imported([team("\U0001f98a" * 600, "d" * 70_000, "m" * 20)])
    assert place.teams(job) == [team("\U0001f98a" * 600, "d" * 70_000, "m" * 20)]
    refused = place.imported([team("ok"), team("x" * 601)], "Failed")
    assert "line 3, name: has 601 characters" in place.reason(refused)
    assert place.leftovers(refused) == 0


def test_bad_rows_keep_all_out_unless_the_good_ones_may_go_on(place: ImportPlace) -> None:
    place.configure(BATCH=10)
    rows: list[tuple[str, ...]] = [team(f"t{n}") for n in range(30)]
    rows[4], rows[17], rows[29] = ("", "", "", ""), ("short",), team("x", manager="m" * 21)
    refused = place.imported(rows, "Failed")
    assert "3 rows of 30 are wrong, nothing was written: line 6" in place.reason(refused)
    assert place.teams() == []
    job = place.imported(rows, good_rows="yes")
    assert "30 rows: 27 new, 3 left out" in place.log(job)
    assert len(place.teams(job)) == 27


def test_the_same_file_is_refused_unless_asked_for_again(place: ImportPlace) -> None:
    rows = [team("a"), team("b")]
    job = place.imported(rows)
    with pytest.raises(JobError, match=r"the same file is Success as teams_teams\.csv"):
        place.order(rows)
    again = place.imported(rows, again="yes")
    assert "2 rows: 2 there already" in place.log(again)
    assert place.leftovers(job) == 2


def test_of_the_same_file_at_once_one_is_imported(place: ImportPlace) -> None:
    content = csv_of([team("a"), team("b")])
    kind = place.kinds["teams.import"]
    files = [place.bring(content) for _ in range(2)]
    read = [validate(kind, place.settings, {"file": file}).sound() for file in files]
    one, other = (str(orders.add(order_of(kind, each)).pk) for each in read)
    assert (place.run(one), place.run(other)) == ("Success", "Failed")
    assert "the same file is Success as teams_teams.csv" in place.reason(other)
    assert (place.leftovers(one), place.leftovers(other)) == (2, 0)
