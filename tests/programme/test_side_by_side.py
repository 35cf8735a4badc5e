"""Runners beside each other: one is killed and another goes on; an export beside two imports."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from mtdata.programme.records.models import FormResponse, Team
from tests.jobs.place import until
from tests.preloaded import JOBS, Order, Program, server
from tests.programme.place import ImportPlace, csv_of, team

ROWS, BATCH = 600, 10
MODULES = f"{JOBS} mtdata.cli.main mtdata.cli.jobs"
FORM = (
    "timestamp", "user", "name", "gender_of_respondent", "reading_books", "listening_music",
    "mobile_no", "record_latitude", "record_longitude",
)  # fmt: skip


@contextmanager
def runner(place: ImportPlace) -> Iterator[Program]:
    """`mtdata runner` as a process, whose children are interpreters of their own."""
    words = ["--config", str(place.folder / "config"), "runner"]
    with TemporaryFile() as said:
        order = Order("mtdata", words, dict(os.environ))
        program, _ = server(MODULES).begin(order, [said.fileno()] * 3)
        try:
            yield program
        finally:
            program.kill()
            program.wait()


@pytest.mark.parametrize("place", ["postgres", "mysql-rabbitmq"], indirect=True)
def test_a_job_whose_runner_was_killed_is_carried_on_by_another(place: ImportPlace) -> None:
    place.configure(BATCH=BATCH, LEASE_S="5s", SWEEP_S="1s")
    job = place.order([team(f"t{n}") for n in range(3_000)])
    with runner(place) as first:
        until(Team.objects.exists, "the first rows")
        first.kill()
        first.wait()
        assert Team.objects.count() < 3_000, "it was killed in the middle"
    place.carry()
    place.ended(job, "Success")
    assert place.teams(job) == sorted(team(f"t{n}") for n in range(3_000))
    assert "rows: 3,000 rows: 3,000 new" in place.log(job)
    assert "its runner was not heard of any more; now Queued" in place.log(job)


def answers(user: str) -> bytes:
    rest = ("n", "Other", "yes", "no", "", "1.5", "-2")
    days = (f"2026-{1 + n // 28 % 12:02}-{1 + n % 28:02} 14:30" for n in range(ROWS))
    return csv_of([(day, f"{user} {n}", *rest) for n, day in enumerate(days)], FORM)


def test_an_export_beside_two_imports_has_whole_batches_of_both(place: ImportPlace) -> None:
    place.configure(BATCH=BATCH, OUTPUT="out")
    imports = {user: place.order(answers(user), "forms.import") for user in ("anna", "bert")}
    for _ in range(3):
        place.carry()
    for user in imports:
        until(lambda user=user: FormResponse.objects.filter(user__startswith=user), user)
    export = place.add("forms.export")
    for job in imports.values():
        assert place.ended(job, "Success")["rows"] == ROWS
        assert f"rows: {ROWS} rows: {ROWS} new" in place.log(job)
    shown = place.ended(export, "Success")
    with Path(shown["artifacts"][0]["path"]).open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    for user in imports:
        seen = [row[1] for row in rows if row[1].startswith(user)]
        assert len(seen) % BATCH == 0
        assert len(seen) > 0
        assert set(seen) == {f"{user} {n}" for n in range(len(seen))}, "the first of its file"
    assert FormResponse.objects.count() == 2 * ROWS
