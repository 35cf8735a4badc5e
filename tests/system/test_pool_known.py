"""A pool that was known is not begun anew in silence: its disk away, an older copy, another's."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from mtdata.core.errors import Stopped
from mtdata.core.pool_files import LEDGER_FILE
from mtdata.core.stored_format import stored_format
from mtdata.study.ledger.schema import erasures_in, knows_nothing, last_head
from mtdata.study.operations.known_pool import KnownPool
from mtdata.study.round.round import Round
from tests.system.home import STUDY, Ended, Home, dead_mount, row

pytestmark = pytest.mark.timeout(120)
FIVE = [row(number) for number in range(10, 15)]


@pytest.fixture
def known(home: Home) -> Home:
    """One good round with deletes, and five new rows."""
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    assert home.deletes() == [1, 2]
    home.site.put("QOL", FIVE)
    return home


def own_incidents(home: Home) -> set[tuple[str, str]]:
    """Kind and place of the program's own open incidents."""
    found = home.run("incidents").shown["sites"].get("(program)", {"incidents": []})
    return {(one["kind"], one["scale"]) for one in found["incidents"]}


def finding(home: Home, what: str) -> dict[str, str]:
    """What `check` says of it."""
    [found] = [f for f in home.run("check", STUDY).shown["findings"] if f["what"] == what]
    return dict(found)


def refused(home: Home, word: str, code: int = 74) -> Ended:
    """A round that collects and deletes nothing."""
    asked = len(home.site.requests)
    ended = home.run("export", STUDY)
    assert ended.code == code, ended
    assert word in ended.said
    assert (len(home.site.requests), home.deletes()) == (asked, [1, 2])
    return ended


def gone(home: Home, how: str) -> Path:
    """Take the disk away; where the pool is until it is back."""
    away = home.folder / "away"
    home.pool.rename(away)
    if how == "empty below the mount point":
        home.pool.mkdir()
    if how == "another disk is there":
        (home.pool / "lost+found").mkdir(parents=True)
    return away


@pytest.mark.parametrize(
    "how", ["folder missing", "empty below the mount point", "another disk is there"]
)
def test_a_disk_that_is_away_is_74_and_nothing_is_made_collected_or_deleted(
    known: Home, how: str
) -> None:
    away = gone(known, how)
    before = sorted(known.pool.rglob("*"))
    assert finding(known, "PATH")["exit"] == 74
    refused(known, "is its disk mounted?")
    for words in (
        f"verify {STUDY}",
        f"decode {STUDY}",
        f"decode {STUDY} --check",
        f"deletions {STUDY}",
        f"held {STUDY}",
        f"incidents {STUDY}",
        f"status {STUDY}",
        "daemon --once",
    ):
        assert known.run(*words.split()).code == 74, words
    assert sorted(known.pool.rglob("*")) == before
    assert own_incidents(known) == {("pool_away", f"pool {STUDY}")}
    shutil.rmtree(known.pool, ignore_errors=True)
    away.rename(known.pool)
    assert known.export()["QOL"]["fresh"] == 5
    assert sorted(known.deletes()) == [1, 2, 10, 11, 12, 13, 14]
    assert own_incidents(known) == set()
    assert known.is_clean()


@pytest.mark.parametrize("command", [f"pool {STUDY} --accept", f"verify {STUDY} --rebuild-ledger"])
def test_a_person_may_say_that_a_pool_is_to_be_begun_anew(known: Home, command: str) -> None:
    gone(known, "empty below the mount point")
    refused(known, "--accept")
    assert known.run(*command.split()).code == 0
    assert known.export()["QOL"]["fresh"] == 5
    assert own_incidents(known) == set()
    assert known.run("pool").shown["sites"][STUDY]["faults"] == []


def test_what_was_collected_below_the_mount_point_comes_back_by_a_command(known: Home) -> None:
    away = gone(known, "empty below the mount point")
    known.run("pool", STUDY, "--accept")
    known.site.put("QOL", [b'{"id": 15, "oops"}'])
    known.site.put("Tab", [row(1)], deleteable=False)
    known.export(STUDY, "all", code=1)
    hidden = known.folder / "hidden"
    known.pool.rename(hidden)
    before = {path: path.read_bytes() for path in hidden.rglob("*") if path.is_file()}
    away.rename(known.pool)
    refused_ = known.run("export", STUDY)
    assert (refused_.code, "another pool" in refused_.said) == (74, True)
    assert known.run("pool", STUDY, "--accept").code == 0
    assert known.ids("QOL") == ["1", "2"]
    taken = known.run("pool", STUDY, "--take", str(hidden)).shown["sites"][STUDY]
    assert (len(taken["files"]), taken["left"]) == (3, [])
    assert sorted(known.ids("QOL"), key=int) == ["1", "2", "10", "11", "12", "13", "14"]
    assert [line["id"] for line in known.sheet("Tab")] == ["1"]
    assert known.held() == [("QOL", None, "malformed")]
    assert {path: path.read_bytes() for path in before} == before
    assert known.run("pool", STUDY, "--take", str(hidden)).shown["sites"][STUDY]["files"] == []
    known.export(STUDY, "all")
    assert known.is_clean()
    assert known.run("pool", STUDY, "--take", str(known.pool)).code == 64
    assert known.run("pool", STUDY, "--take", "").code == 64


def test_an_older_copy_of_the_pool_is_not_gone_on_with_before_a_person_says_so(
    known: Home,
) -> None:
    image = known.folder / "image"
    shutil.copytree(known.pool, image)
    known.export()
    assert sorted(known.deletes())[-5:] == [10, 11, 12, 13, 14]
    newer = known.folder / "newer"
    known.pool.rename(newer)
    shutil.copytree(image, known.pool)
    asked = len(known.site.requests)
    ended = known.run("export", STUDY)
    assert (ended.code, len(known.site.requests)) == (74, asked)
    assert "older copy" in ended.said
    assert finding(known, "PATH")["exit"] == 74
    assert own_incidents(known) == {("pool_away", f"pool {STUDY}")}
    accepted = known.run("pool", STUDY, "--accept")
    assert (accepted.code, "older copy" in accepted.shown["sites"][STUDY]["accepted"]) == (0, True)
    known.export()
    assert known.run("pool", STUDY, "--take", str(newer)).code == 0
    assert sorted(known.ids("QOL"), key=int) == ["1", "2", "10", "11", "12", "13", "14"]


def test_a_copy_from_before_a_round_that_was_ended_behind_its_deletes_is_older(
    known: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = known.folder / "image"
    shutil.copytree(known.pool, image)

    def ended(self: Round) -> None:
        raise Stopped("asked to end")

    with monkeypatch.context() as cut:
        cut.setattr(Round, "_keep_identity", ended)
        assert known.run("export", STUDY).code == Stopped.exit_code
    assert sorted(known.deletes())[-5:] == [10, 11, 12, 13, 14]
    shutil.rmtree(known.pool)
    shutil.copytree(image, known.pool)
    known.site.put("QOL", [row(20)])
    asked = len(known.site.requests)
    ended_again = known.run("export", STUDY)
    assert (ended_again.code, len(known.site.requests)) == (74, asked)
    assert "older copy" in ended_again.said


def test_a_copy_without_its_marker_is_not_gone_on_with(known: Home) -> None:
    (known.pool / ".mtdata-pool").unlink()
    refused(known, "lost its file .mtdata-pool")
    assert known.run("pool", STUDY, "--accept").code == 0
    assert known.export()["QOL"]["fresh"] == 5


def test_a_path_that_is_changed_is_said_and_a_pool_that_was_moved_is_known(known: Home) -> None:
    known.configure(PATH="elsewhere")
    refused(known, str(known.pool))
    assert not (known.folder / "elsewhere").exists()
    known.pool.rename(known.folder / "elsewhere")
    assert known.export()["QOL"]["fresh"] == 5
    known.configure(PATH="third")
    assert known.run("pool", STUDY, "--accept").code == 0
    known.export()


def test_a_pool_of_today_opens_as_before_and_takes_its_identity_on_in_the_first_good_round(
    home: Home,
) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    (home.pool / ".mtdata-pool").unlink()
    shutil.rmtree(home.folder / "state")
    server = home.sections[STUDY]["SERVER"]
    home.configure(SERVER="http://127.0.0.1:9/api")
    home.export(code=69)
    assert not (home.pool / ".mtdata-pool").exists()
    home.configure(SERVER=server)
    home.export()
    assert json.loads((home.pool / ".mtdata-pool").read_bytes())["name"] == STUDY
    shutil.rmtree(home.folder / "state")  # a state folder that does not last takes nothing away
    home.export()


def test_two_config_folders_on_one_path_do_not_mix_two_studies(
    known: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Home(tmp_path_factory.mktemp("other"), known.site, known._heard)
    other.sections.clear()
    other.configure("second", PATH=str(known.pool), DELETE_MODE=True)
    asked = len(known.site.requests)
    before = known.digests()
    for words in ("export", "verify", "decode", "verify --rebuild-ledger"):
        ended = other.run(*words.split(), "second")
        assert (ended.code, "NAME study" in ended.said) == (78, True), words
    [found] = [f for f in other.run("check", "second").shown["findings"] if f["what"] == "PATH"]
    assert found["exit"] == 78
    assert known.digests() == before
    assert [one.path for one in known.site.requests[asked:] if "QOL" in one.path] == []
    assert known.export()["QOL"]["fresh"] == 5


def test_a_study_that_moves_is_said_by_a_command(known: Home) -> None:
    server = known.sections[STUDY]["SERVER"]
    port = server.rpartition(":")[2].partition("/")[0]
    known.configure(SERVER=server.replace("127.0.0.1", "localhost"))
    refused(known, "SERVER", code=78)
    assert own_incidents(known) == {("pool_taken", f"pool {STUDY}")}
    accepted = known.run("pool", STUDY, "--accept")
    assert (accepted.code, port in accepted.shown["sites"][STUDY]["accepted"]) == (0, True)
    assert known.export()["QOL"]["fresh"] == 5
    assert own_incidents(known) == set()


def test_a_replica_on_a_disk_that_is_away_is_not_begun_anew_though_the_ledger_is(
    known: Home,
) -> None:
    replica, away = known.folder / "replica", known.folder / "replica-away"
    replica.mkdir()
    known.configure(REPLICAS=[f"file://{replica}"])
    known.export()
    done = known.deletes()
    for path in known.pool.glob("ledger.sqlite3*"):
        path.unlink()
    replica.rename(away)
    replica.mkdir()
    known.site.put("QOL", [row(20)])
    known.export(code=69)
    assert finding(known, "REPLICAS 1")["exit"] == 69
    assert (list(replica.iterdir()), known.deletes()) == ([], done)
    replica.rmdir()
    away.rename(replica)
    known.export()
    assert known.deletes() == [*done, 20]


def test_an_output_on_a_disk_that_is_away_is_not_begun_anew(known: Home) -> None:
    output, away = known.folder / "reports", known.folder / "reports-away"
    (known.folder / "config" / "export.config").write_text(
        "CAKE:\n  ADMIN_DOMAIN: 127.0.0.1:9\n  SCHEME: http\n  API_KEY: abc\n"
        "  TIMEZONE: Europe/Berlin\n  OUTPUT: reports\n  TIMEOUT: 1s\n"
    )

    def told() -> tuple[int, str]:
        found = known.run("check", "cake").shown["findings"]
        [one] = [f for f in found if f["what"] == "OUTPUT"]
        return one["exit"], one["told"]

    assert told()[0] == 0
    output.rename(away)
    for _ in ("folder missing", "folder empty"):
        code, words = told()
        assert (code, "is its disk mounted?" in words) == (69, True)
        assert not output.exists() or list(output.iterdir()) == []
        output.mkdir(exist_ok=True)
    [note] = (known.folder / "state").glob("place-*")
    assert str(note) in told()[1]
    output.rmdir()
    away.rename(output)
    assert told()[0] == 0
    output.rename(away)
    note.unlink()  # a new one is meant
    assert told()[0] == 0
    output.rename(known.folder / "moved")
    output.mkdir()
    (output / "of a person").touch()  # who put something there knows that the disk is there
    assert told()[0] == 0


ENTRIES = json.dumps({"QOL_10_00_00": [row(90), row(91)]})
UNREADABLE = {
    "QOL_Mar_02_2026.json": "this is no json",
    "backup.json~": ENTRIES,
    "QOL_Mar_03_2026.json.gz": "\x1f nor this",
    "QOL_Mar_04_2026.json.bak": ENTRIES,
    "QOL_Mar_05_2026.JSON": ENTRIES,
}


def test_a_file_in_raw_data_that_nobody_can_read_is_told_until_it_is_put_right(
    known: Home,
) -> None:
    folder = known.pool / "raw_data"
    (folder / "copy.json.bak").write_bytes(known.paths("raw_data", "QOL")[0].read_bytes())
    for name, content in UNREADABLE.items():
        (folder / name).write_text(content)
    (folder / "README.txt").write_text("of a person")
    (folder / "own.json").write_text("of a person")
    for words, code in (("export", 0), ("export", 0), ("verify", 74), ("decode --check", 65)):
        ended = known.run(*words.split(), STUDY)
        assert ended.code == code, (words, ended)
        if words != "export":
            told = str(ended.shown)
            assert all(name in told for name in UNREADABLE), words
            assert "copy.json" not in told
            assert "README" not in told
            assert "own" not in told.replace("unknown", "").replace("known", "")
    assert known.troubles() == {("raw_unreadable", "")}
    assert sorted(known.deletes()) == [1, 2, 10, 11, 12, 13, 14]
    for name in UNREADABLE:
        ending = "json" if name.startswith("QOL") and UNREADABLE[name] == ENTRIES else "moved"
        (folder / name).rename(folder / f"{name.partition('.')[0]}.{ending}")
    known.export()
    assert known.troubles() == set()
    assert sorted(known.ids("QOL"), key=int)[-2:] == ["90", "91"]


@pytest.mark.parametrize("how", ["", "empty below the mount point", "another disk is there"])
def test_a_disk_that_goes_between_the_look_and_the_lock_is_missed(
    known: Home, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    refuse, away = KnownPool.refuse, list[Path]()

    def just_before(pool: KnownPool) -> None:
        refuse(pool)
        if not away:
            away.append(gone(known, how))

    monkeypatch.setattr(KnownPool, "refuse", just_before)
    refused(known, "there was a pool, and there is none now")
    shutil.rmtree(known.pool)
    away[0].rename(known.pool)
    known.export()
    assert sorted(known.deletes()) == [1, 2, *range(10, 15)]


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.EACCES, errno.ETIMEDOUT])
def test_a_mount_that_is_dead_is_a_fault_of_the_disk_in_words(
    known: Home, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with monkeypatch.context() as dead:
        dead_mount(dead, known.pool, number)
        refused(known, os.strerror(number))
        for words in (["pool", STUDY], ["verify", STUDY], ["status", STUDY], ["check", STUDY]):
            ended = known.run(*words)
            assert ended.code == 74, ended
            assert "Traceback" not in ended.said
    known.export()
    assert sorted(known.deletes()) == [1, 2, *range(10, 15)]


def test_a_ledger_that_is_hidden_is_told_by_who_opens_it(
    known: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = known.pool / LEDGER_FILE
    with monkeypatch.context() as dead:
        dead_mount(dead, path, errno.ESTALE)
        assert (last_head(path), knows_nothing(path)) == (None, False)
        assert (erasures_in(path, {"sign"}), stored_format(path)) == ({"sign"}, None)
    assert (knows_nothing(path), erasures_in(path, {"sign"})) == (False, set())
