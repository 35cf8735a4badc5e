"""`report scale`: what is missing, too much, or not logged is found, and nothing else is."""

from __future__ import annotations

import errno
import json
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from mtdata.core.errors import Stopped
from mtdata.toolbox.report.making import report_scales
from mtdata.toolbox.report.writing import report_folder
from tests.sites import site_config
from tests.toolbox.reported import PLAN, StudyMade, at, mismatches, schedule

PEOPLE = range(1, 6)


@pytest.fixture
def study(tmp_path: Path) -> StudyMade:
    """Five participants who did all there is to do."""
    return StudyMade(tmp_path, PEOPLE)


def test_a_complete_study_has_no_mismatch(study: StudyMade) -> None:
    shown = study.write().report()
    assert shown["mismatches"] == []
    assert {(t["scale"], t["session"], t["tag"]) for t in shown["tasks"]} == {
        (scale, session, tag or "") for session, tasks in PLAN.items() for scale, tag in tasks
    }
    for task in shown["tasks"]:
        assert task["in_schedule"]
        assert task["data_found"]
        assert (task["logged"], task["done"], task["found"]) == (5, 5, 5)
        assert task["entries"] == (15 if task["scale"] == "Trial" else 5)
        assert task["duplicates"] == 0


def test_each_class_of_mismatch_is_found_where_it_is(study: StudyMade) -> None:
    study.drop("PHQ4", 3, "PRE")
    study.entry(4, "PRE", "QOL", "pre")  # under another id
    twice = study.rows["OASIS"][0]
    study.add("OASIS", dict(twice))
    study.add("QOL", {**study.rows["QOL"][1], "item": 3})
    study.entry(2, "SESSION1", "QOL", None, day=9)
    study.entry(5, "SESSION1", "Trial", None)  # one trial more is no fault
    shown = study.write().report()
    assert mismatches(shown) == {
        ("missing", "PHQ4"): (1, 1),
        ("not logged", "QOL"): (1, 1),
        ("written twice", "QOL"): (1, 1),
        ("delivered twice", "OASIS"): (1, 1),
        ("rewritten", "QOL"): (1, 1),
    }
    found = {(row["class"], row["scale"], row["participant"]) for row in study.table("mismatches")}
    assert ("missing", "PHQ4", "3") in found
    assert ("written twice", "QOL", "4") in found
    assert ("delivered twice", "OASIS", str(twice["participantRSA"])) in found
    lines = {(row["scale"], row["tag"]): row for row in study.table("scale-report")}
    assert lines["PHQ4", ""]["missing_rate"] == "0.2000"
    assert (lines["PHQ4", ""]["entries_in_log"], lines["PHQ4", ""]["entries_in_dataset"]) == (
        "5",
        "4",
    )
    assert (lines["QOL", "pre"]["entries_in_dataset"], lines["QOL", "pre"]["duplicates"]) == (
        "7",
        "2",
    )
    assert lines["OASIS", "before"]["duplicates"] == "1"


def test_a_tag_tells_two_tasks_of_one_scale_apart(study: StudyMade) -> None:
    study.rows["OASIS"] = [row for row in study.rows["OASIS"] if row["tag"] == "before"]
    study.write().report()
    rates = {row["tag"]: row["missing_rate"] for row in study.table("scale-report") if row["tag"]}
    assert (rates["before"], rates["after"]) == ("0.0000", "1.0000")


def test_tags_are_not_held_against_entries_that_never_have_one(study: StudyMade) -> None:
    for row in study.rows["QOL"]:
        row["tag"] = None
    shown = study.write().report()
    assert mismatches(shown) == {}
    assert [t["tag"] for t in shown["tasks"] if t["scale"] == "QOL"] == ["pre"]


@pytest.mark.parametrize("form", ["{}", "{}.0", " {} ", "0{}", '{{"id":{},"theme":null}}'])
def test_a_participant_is_one_however_the_number_is_written(study: StudyMade, form: str) -> None:
    for row in study.rows["QOL"]:
        row["participantRSA"] = form.format(row["participantRSA"])
    assert mismatches(study.write().report()) == {}


@pytest.mark.parametrize(
    "form",
    [
        '{{"conditioning":"A","currentSession":{{"name":"PRE","currentTask":{{"name":"PHQ4"}}}}}}',
        "{{u'currentSession': {{u'name': u'PRE', u'currentTask': "
        "{{u'name': u'PHQ4', u'tag': None}}}}, u'id': 7L}}",
    ],
)
def test_a_study_that_is_an_object_of_the_participant_is_understood(
    tmp_path: Path, form: str
) -> None:
    study = StudyMade(tmp_path)
    for person in PEOPLE:
        study.add("Participant", {"id": person, "study": form.format(), "testAccount": "False"})
        study.do(person, 1)
    for row in study.rows["TaskLog"]:
        row["participantId"] = row.pop("study") - 500
    assert mismatches(study.write().report()) == {}
    study.run("client")
    lines = study.table("client-report")
    assert {(one["session"], one["task"], one["expected"]) for one in lines} == {
        ("PRE", "PHQ4", "1")
    }


def test_accounts_of_tests_and_admins_are_left_out_and_counted(study: StudyMade) -> None:
    study.join(8, testAccount="True")
    study.join(9, admin="true")
    for person in (8, 9):
        study.do(person, 3)
        study.drop("QOL", person, "PRE")
    shown = study.write().report()
    assert (shown["mismatches"], shown["participants"], shown["tests"]) == ([], 5, 2)
    assert shown["test_rows"] == 2 * (3 + 2)
    kept = study.report("--with-tests")
    assert mismatches(kept) == {("missing", "QOL"): (2, 2)}
    assert (kept["participants"], kept["test_rows"]) == (7, 0)


def test_an_entry_that_is_newer_than_the_log_is_not_held_against_it(study: StudyMade) -> None:
    study.entry(1, "SESSION2", "QOL", None, day=11)
    study.entry(1, "SESSION3", "QOL", None, day=9)
    assert mismatches(study.write().report()) == {("not logged", "QOL"): (1, 1)}


def test_a_log_that_came_whole_on_two_days_counts_once(study: StudyMade) -> None:
    study.write()
    for day in ("2026-03-13", "2026-03-14"):
        study.pool.write(
            "TaskLog", study.pool.path.glob("active_data/TaskLog_*").__next__().read_bytes(), day
        )
    assert {task["logged"] for task in study.report()["tasks"]} == {5}


def test_a_scale_that_stays_counts_by_its_newest_sheet_without_a_ledger_too(
    study: StudyMade,
) -> None:
    study.write()
    marks = {"PHQ4": {"current": 9, "deleteable": False}}
    (study.pool.path / "active_data" / "benchMark.json").write_text(json.dumps(marks))
    content = next(study.pool.path.glob("active_data/PHQ4_*")).read_bytes()
    study.pool.write("PHQ4", content, "2026-03-14")
    assert study.report()["mismatches"] == []


def test_a_row_of_the_log_of_no_known_participant_is_counted_apart(study: StudyMade) -> None:
    study.log(77, "PRE", "QOL", "pre")
    study.entry(None, "PRE", "QOL", "pre")
    shown = study.write().report()
    assert (shown["unlinked"], shown["nameless"], shown["mismatches"]) == (1, 1, [])


def test_without_a_schedule_the_log_and_the_sheets_say_what_there_is(tmp_path: Path) -> None:
    study = StudyMade(tmp_path, PEOPLE, planned=False)
    study.write().pool.sheet("ErrorLog", [["id", "what"], ["1", "x"]])
    told = study.run("scale").out
    assert "No schedule in the pool" in told
    assert "no tasks, so not compared: ErrorLog" in told
    shown = study.report()
    assert mismatches(shown) == {}, "most occasions of Trial have several entries"
    assert not any(task["in_schedule"] for task in shown["tasks"])


def test_without_a_log_nothing_is_called_missing(study: StudyMade) -> None:
    del study.rows["TaskLog"]
    study.rows["QOL"].append(study.rows["QOL"][0])
    shown = study.write().report()
    assert mismatches(shown) == {("delivered twice", "QOL"): (1, 1)}
    assert {task["logged"] for task in shown["tasks"]} == {None}
    assert "no TaskLog" in study.run("scale").out


def test_an_empty_pool_has_a_report_too(tmp_path: Path) -> None:
    study = StudyMade(tmp_path, planned=False)
    assert study.run("scale").code == 0
    assert study.table("scale-report") == []
    assert study.run("client").code == 0


def test_a_task_that_nobody_has_done_is_in_the_report(study: StudyMade) -> None:
    plan = {**PLAN, "POST": [("AUDIT", None)]}
    study.schedule(json.dumps(schedule(plan)), "2026-03-02")
    shown = study.write().report()
    (line,) = [task for task in shown["tasks"] if task["scale"] == "AUDIT"]
    assert (line["session"], line["data_found"], line["logged"], line["entries"]) == (
        "POST",
        False,
        0,
        0,
    )
    assert shown["schedule_day"] == "2026-03-02"


@pytest.mark.parametrize(
    "text", ["{}", "[1]", "[" * 5000, "\xff", '[{"sessions":[{"tasks":[{}]}]}]']
)
def test_a_schedule_that_is_none_is_told_by_its_name(study: StudyMade, text: str) -> None:
    study.schedule(text)
    study.write()
    for of in ("scale", "client"):
        ended = study.run(of)
        assert ended.code == 74
        assert "Schedule-2026-03-01.json: the schedule" in ended.said


def test_nothing_of_the_pool_is_changed(study: StudyMade) -> None:
    study.write()

    def content() -> dict[str, str]:
        files = [path for path in study.pool.path.rglob("*") if path.is_file()]
        there = [path for path in files if path.parent.name != "reports"]
        return {str(path): sha256(path.read_bytes()).hexdigest() for path in there}

    before = content()
    study.run("scale")
    study.run("client")
    assert content() == before


def test_each_file_has_one_beside_it_that_says_what_it_is_of(study: StudyMade) -> None:
    study.write()
    folder = study.pool.path / "out"
    assert study.run("scale", "study", "--out", str(folder)).code == 0
    files = {path.name: path for path in folder.iterdir() if path.name != ".lock"}
    made = [name for name in files if not name.endswith(".provenance.json")]
    assert len(made) == 5
    assert len(files) == 10
    for name in made:
        told = json.loads(files[f"{name}.provenance.json"].read_text())
        assert told["sha256"] == sha256(files[name].read_bytes()).hexdigest()
        assert (told["file"], told["command"]) == (name, "mtdata report scale study")
        assert told["scales"]["QOL"]["sheets"] == 1
        assert files[name].stat().st_mode & 0o777 == 0o600
    assert all(name.startswith("study-") for name in made)


def test_a_report_that_is_stopped_leaves_the_one_before(study: StudyMade) -> None:
    study.write().report()
    before = {path.name: path.read_bytes() for path in (study.pool.path / "reports").iterdir()}
    site = site_config("study", path=str(study.pool.path))

    def stop(step: object) -> None:
        raise Stopped("asked to end")

    with pytest.raises(Stopped), report_folder(site) as folder:
        report_scales(site, folder, "x", watch=stop)
    after = {path.name: path.read_bytes() for path in (study.pool.path / "reports").iterdir()}
    assert after == before


def test_what_a_killed_run_was_writing_is_removed_by_the_next(study: StudyMade) -> None:
    study.write().report()
    half = study.pool.path / "reports" / ".report-2026-03-12.json.staged"
    half.write_text("{")
    study.report()
    assert not half.exists()


def test_a_full_disk_leaves_the_report_before(
    study: StudyMade, monkeypatch: pytest.MonkeyPatch
) -> None:
    study.write().report()
    before = {path.name: path.read_bytes() for path in (study.pool.path / "reports").glob("*-*")}

    def full(file: int, content: bytes, start: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("mtdata.core.disk.os.pwrite", full)
        ended = study.run("scale")
    assert ended.code == 74
    assert "No space left" in ended.said
    found = {path.name: path.read_bytes() for path in (study.pool.path / "reports").glob("*-*")}
    assert {name: found[name] for name in before} == before
    assert study.run("scale").code == 0


def test_a_database_without_room_says_so(study: StudyMade, monkeypatch: pytest.MonkeyPatch) -> None:
    study.write()

    def full(*_: object) -> None:
        raise duckdb.OutOfMemoryException("could not allocate block")

    monkeypatch.setattr("mtdata.toolbox.report.macros.take", full)
    ended = study.run("scale")
    assert ended.code == 74
    assert "the report has no room" in ended.said


def test_two_reports_at_a_time_do_not_write_into_each_other(study: StudyMade) -> None:
    study.write()
    with report_folder(site_config("study", path=str(study.pool.path))):
        ended = study.run("scale")
    assert ended.code == 75
    assert "another report is being made there" in ended.said


def test_a_day_that_cannot_be_is_counted_apart(study: StudyMade) -> None:
    study.rows["QOL"][0]["date"] = "Mon, 10 Mar 0026 10:00:00 -0500"
    study.rows["QOL"][1]["date"] = "Mon, 10 Mar 9026 10:00:00 -0500"
    shown = study.write().report()
    assert (shown["odd_days"], list(shown["days"])) == (2, ["2026-03-10"])


def test_seconds_on_a_page_are_quartiles_of_numbers(study: StudyMade) -> None:
    for row, word in zip(study.rows["QOL"], ("1", "2", "3", "12,5", "nan"), strict=True):
        row["timeOnPage"] = word
    shown = study.write().report()
    (time,) = [one for one in shown["times"] if one["scale"] == "QOL"]
    assert (time["entries"], time["lower"], time["median"], time["upper"]) == (3, 1.5, 2, 2.5)


def test_sessions_tell_who_began_and_who_finished(study: StudyMade) -> None:
    study.join(6)
    study.do(6, 1)
    study.join(7)
    study.do(7, 3)
    study.log(7, "SESSION1", "SESSION_COMPLETE", None)
    shown = study.write().report()
    assert [(one["session"], one["began"], one["finished"]) for one in shown["dropoff"]] == [
        ("PRE", 7, 6),
        ("SESSION1", 6, 6),
    ]


def test_moments_are_read_as_sites_write_them(study: StudyMade) -> None:
    for place, word in enumerate(("2026-03-11T09:00:00", "1773230400000", at(11), "", "soon")):
        study.rows["QOL"][place]["date"] = word
    assert study.write().report()["days"]["2026-03-11"] == 3
