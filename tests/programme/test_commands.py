"""`mtdata teams import`: what it takes, what it says, and how it ends, whoever ends it."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtdata.cli import main
from mtdata.jobs.records.models import Job
from mtdata.programme import uploads
from mtdata.programme.records.models import Team, Upload, UploadPiece
from tests.jobs.place import until
from tests.preloaded import STUDY, Order, Program, command, fork_children_of_jobs, run
from tests.programme.place import ImportPlace, csv_of, team

MODULES = f"{STUDY} mtdata.cli.programme_imports"


@pytest.fixture
def place(plain: ImportPlace) -> Iterator[ImportPlace]:
    """A home of the command, which carries its jobs by children that are forked."""
    fork_children_of_jobs()
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield plain
    for number, handler in kept.items():
        signal.signal(number, handler)


def words(place: ImportPlace, *more: object) -> list[str]:
    return ["--config", str(place.folder / "config"), "--json", "teams", "import", *map(str, more)]


@pytest.fixture
def call(place: ImportPlace, capsys: pytest.CaptureFixture[str]) -> Any:
    def act(*more: object) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main.run(words(place, *more))
        return code, json.loads(capsys.readouterr().out)

    return act


def file_of(place: ImportPlace, content: bytes, name: str = "teams.csv") -> Path:
    path = place.folder / name
    path.write_bytes(content)
    return path


def large(place: ImportPlace, count: int = 30_000) -> Path:
    place.configure(BATCH=10)
    return file_of(place, csv_of(team(f"t{n}") for n in range(count)))


def test_a_dry_run_tells_what_is_wrong_by_line_and_column(place: ImportPlace, call: Any) -> None:
    path = file_of(place, csv_of([team("a"), team("b", manager="m" * 21), team("")]))
    code, said = call(path, "--dry-run")
    assert (code, said["rows"], said["bad"]) == (65, 3, 2)
    assert [(one["line"], one["column"]) for one in said["faults"]] == [(3, "manager"), (4, "name")]
    code, said = call(path)
    assert (code, said["error"]["kind"]) == (65, "JobError")
    assert (Team.objects.count(), Job.objects.count(), Upload.objects.count()) == (0, 0, 0)
    code, said = call(path, "--good-rows")
    assert (code, said["status"], Team.objects.count()) == (0, "Success", 1)


def test_the_same_file_is_imported_once_unless_asked_for(place: ImportPlace, call: Any) -> None:
    path = file_of(place, csv_of([team("a"), team("b")]))
    assert call(path)[0] == 0
    code, said = call(path)
    assert code == 65
    assert "was imported as teams_teams.csv" in said["error"]["message"]
    code, said = call(path, "--again", "--duplicates", "update")
    assert (code, Job.objects.count()) == (0, 2)


def test_what_is_queued_is_carried_by_the_next_call(place: ImportPlace, call: Any) -> None:
    path = file_of(place, csv_of([team("a")]))
    code, said = call(path, "--queue")
    assert (code, said["status"], Team.objects.count()) == (0, "Queued", 0)
    code, again = call(path)
    assert (code, again["id"], again["status"]) == (0, said["id"], "Success")


def test_a_file_of_two_gigabytes_is_refused_unread(place: ImportPlace, call: Any) -> None:
    path = file_of(place, b"")
    os.truncate(path, 2 << 30)
    code, said = call(path)
    assert code == 65
    assert "larger than UPLOAD_MAX, 64.0 MiB" in said["error"]["message"]


def test_what_can_be_read_but_once_is_copied_first(place: ImportPlace, call: Any) -> None:
    pipe = place.folder / "pipe"
    os.mkfifo(pipe)
    content = csv_of([team("a")])
    writer = threading.Thread(target=pipe.write_bytes, args=[content])
    writer.start()
    code, said = call(pipe)
    writer.join()
    assert (code, said["status"], Team.objects.get().name) == (0, "Success", "a")
    place.configure(UPLOAD_MAX="1 MB")
    code, said = call("/dev/zero")
    assert "larger than UPLOAD_MAX" in said["error"]["message"]


@pytest.mark.parametrize("name", ["nothing.csv", "."])
def test_what_is_no_file_is_refused(place: ImportPlace, call: Any, name: str) -> None:
    code, said = call(place.folder / name)
    assert code == 64
    assert "cannot be read: " in said["error"]["message"]


def test_a_file_that_changes_meanwhile_is_not_imported(
    place: ImportPlace, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, store = file_of(place, csv_of([team("a")])), uploads.store

    def later(*given: Any, **named: Any) -> Any:
        with path.open("ab") as file:
            file.write(b"b,,,\r\n")
        return store(*given, **named)

    monkeypatch.setattr(uploads, "store", later)
    code, said = call(path)
    assert (code, said["error"]["message"]) == (
        65, "the file changed while it was read; nothing was written",
    )  # fmt: skip
    assert (Job.objects.count(), UploadPiece.objects.count()) == (0, 0)


def test_standard_input_is_a_file(place: ImportPlace) -> None:
    done = command(words(place, "-"), csv_of([team("ä \U0001f98a")]).decode(), MODULES)
    assert done.returncode == 0, done.stdout
    assert place.teams() == [team("ä \U0001f98a")]


def rows_are_there(place: ImportPlace) -> None:
    until(lambda: Team.objects.count() > 30, "the first rows")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_and_takes_back_what_it_wrote(
    place: ImportPlace, number: signal.Signals
) -> None:
    path = large(place, 60_000)

    def stop(program: Program) -> None:
        rows_are_there(place)
        program.send_signal(number)

    order = Order("mtdata", words(place, path), dict(os.environ))
    code, out, err = run(order, modules=MODULES, meanwhile=stop, timeout_s=120.0)
    assert (code, json.loads(out)["status"]) == (130, "Stopped"), err
    assert "stopping; what it wrote is taken back" in err
    assert Team.objects.count() == 0


def test_a_call_behind_one_that_was_killed_goes_on_with_its_job(
    place: ImportPlace, call: Any
) -> None:
    path = large(place)

    def kill(program: Program) -> None:
        rows_are_there(place)
        program.kill()

    order = Order("mtdata", words(place, path), dict(os.environ))
    assert run(order, modules=MODULES, meanwhile=kill, timeout_s=120.0)[0] == -9
    job = Job.objects.get()
    assert job.status == "In Progress"
    place.configure(LEASE_S="1h")
    code, said = call(path)
    assert (code, said["id"], said["status"]) == (0, str(job.pk), "Success")
    assert Team.objects.count() == 30_000
    texts = " ".join(event["text"] for event in said["events"])
    assert "its runner, a process of this machine, has ended" in texts
    assert "30,000 rows: 30,000 new" in texts
