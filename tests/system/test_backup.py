"""A home backed up and put back: whole, proven, elsewhere, beside rounds, and nothing deleted."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from mtdata.cli.main import run
from mtdata.core.backups import bucket as bucket_room
from mtdata.core.backups import sending
from mtdata.core.backups.bucket import BackupBucket
from mtdata.core.disk import FolderDisk
from mtdata.core.lock import PoolLock
from mtdata.core.output.port import Staged
from mtdata.core.ports import Room
from tests.bucket import KEYS, Bucket
from tests.conftest import LONG
from tests.system.home import STUDY, Ended, Home, row
from tests.system.test_erasing import erase, holding
from tests.system.test_erasing import filled as filled_with_persons

TABLE = ({"id": 1, "task": "PRE"}, {"id": 2, "task": "POST"})


class Cut(BaseException):
    """The process ends here."""


@pytest.fixture
def home(home: Home) -> Home:
    """A home with two days of a pool, a table, a mail that waits, records, a key, a secret."""
    home.site.put("QOL", [row(number) for number in range(1, 6)])
    home.site.put("TaskLog", TABLE, deleteable=False)
    home.export(STUDY, "all")
    home.now = home.now.replace(day=home.now.day + 1)
    home.site.put("QOL", [row(number, later=1) for number in range(6, 9)])
    home.site.put("OASIS", [row(number) for number in range(1, 4)])
    home.export(STUDY, "all")
    home.put_key(b"a private key")
    state = home.folder / "state"
    (state / "outbox").mkdir(mode=0o700, exist_ok=True)
    (state / "outbox" / "0000000001.mail.opened.x.json").write_text("{}")
    (state / "web.secret").write_text("an invented secret")
    with closing(sqlite3.connect(state / "programme.sqlite3")) as db:
        db.executescript("CREATE TABLE jobs (name TEXT); INSERT INTO jobs VALUES ('a job');")
    return home


def place_of(home: Home) -> Path:
    return home.folder / "backups"


def backed_up(home: Home, *words: str, code: int = 0) -> dict[str, Any]:
    ended = home.run("backup", str(place_of(home)), *words)
    assert ended.code == code, ended
    return ended.shown


def restore(home: Home, *words: str, code: int = 0) -> Ended:
    ended = home.run("restore", str(place_of(home)), *words)
    assert ended.code == code, ended
    return ended


class MovedHome(Home):
    """What was restored to `new`, by the clock of the home that it was made of."""

    def __init__(self, home: Home) -> None:
        self.__dict__.update(home.__dict__)
        self._first, self.sections = home, {}
        self.folder = home.folder / "new"
        self.pool = self.folder / "pool"
        (self.folder / "config").mkdir(exist_ok=True)

    @property
    def now(self) -> datetime:  # type: ignore[override]
        return self._first.now

    @now.setter
    def now(self, at: datetime) -> None:
        self._first.now = at


def moved(home: Home, **keys: Any) -> Home:
    """The home that was restored to `new`, with a config that names the same site."""
    found = MovedHome(home)
    found.configure(**keys)
    return found


def stored(place: Path) -> list[Path]:
    return sorted(path for path in (place / "files").rglob("*") if path.is_file())


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def assert_proves_itself_first(found: Home) -> None:
    """Nothing is deleted before verify, then all of it, and no row stands twice."""
    before = len(found.site.deletes)
    found.export(STUDY, "all", code=74)
    assert ("pool_restored", "") in found.troubles()
    assert len(found.site.deletes) == before
    found.verify_until_clean()
    assert found.is_clean()
    found.export(STUDY, "all")
    found.export(STUDY, "all")
    assert (found.site.ids("QOL"), found.site.ids("OASIS")) == ([], [])
    assert found.ids("QOL") == [str(number) for number in range(1, 9)]
    assert found.raw_ids("QOL") == list(range(1, 9))
    assert found.troubles() == set()
    assert found.is_clean()


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_a_home_put_back_elsewhere_is_whole_and_deletes_nothing_before_it_proved_itself(
    home: Home, bucket: Bucket, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS[1])
    store = ["--endpoint", bucket.store.url, "--region", "us-east-1"] if kind == "bucket" else []
    place = f"s3://{bucket.name}/home" if kind == "bucket" else str(place_of(home))
    known = home.digests()
    made = home.run("backup", place, *store)
    assert made.code == 0, made
    ended = home.run("restore", place, str(home.folder / "new"), *store)
    assert ended.code == 0, ended
    found = moved(home, DELETE_MODE=True)
    assert found.digests() == known | {"restored.json": found.digests()["restored.json"]}
    with closing(sqlite3.connect(found.folder / "state" / "programme.sqlite3")) as db:
        assert db.execute("SELECT name FROM jobs").fetchall() == [("a job",)]
    assert any("Stop it first" in told for told in ended.shown["told"])
    assert_proves_itself_first(found)


def test_a_second_backup_sends_only_what_is_new(home: Home) -> None:
    first = backed_up(home)
    assert backed_up(home)["sent"] == {"files": 0, "size": 0}
    home.site.put("QOL", [row(9, later=1)])
    home.export()
    second = backed_up(home)
    assert 0 < second["sent"]["files"] < first["sent"]["files"] / 2
    listed = restore(home, "--list").shown["backups"]
    assert listed[0]["backup"] == first["backup"]
    assert len(listed) == 3


def test_what_is_secret_is_in_it_only_where_that_is_said(home: Home) -> None:
    backed_up(home)
    content = b"".join(path.read_bytes() for path in stored(place_of(home)))
    for secret in (b"a private key", b"an invented secret", home.site.password.encode()):
        assert secret not in content
    backed_up(home, "--with-config", "--with-keys")
    content = b"".join(path.read_bytes() for path in stored(place_of(home)))
    assert b"a private key" in content
    assert b"an invented secret" in content
    restore(home, str(home.folder / "new"))
    found = moved(home)
    assert (found.folder / "keys" / "study.pem").read_bytes() == b"a private key"
    assert (found.folder / "state" / "web.secret").read_text() == "an invented secret"
    for root in (place_of(home), found.folder / "state", found.folder / "pool"):
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (root, *root.rglob("*"))}
        assert modes <= {0o700, 0o600}, root


# cut off ------------------------------------------------------------------------------------------


def cut_at(monkeypatch: pytest.MonkeyPatch, number: int) -> Callable[[], int]:
    """End the process before the touch of that number that gives a file or folder its name."""
    publish, count = FolderDisk.publish, 0

    def counted(self: FolderDisk, staged: str, path: str) -> None:
        nonlocal count
        count += 1
        if count == number:
            raise Cut
        publish(self, staged, path)

    monkeypatch.setattr(FolderDisk, "publish", counted)
    return lambda: count


def ended_by_cut(home: Home, *words: str) -> bool:
    try:
        run([*words, "--config", str(home.folder / "config"), "--json"])
    except Cut:
        home._heard()
        return True
    home._heard()
    return False


def numbers(total: int) -> list[int]:
    """Where it is cut: everywhere in a long run, else at the ends and in between."""
    return list(range(1, total + 1)) if LONG else [1, 2, total // 2, total - 1, total]


def touches(home: Home, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    with monkeypatch.context() as patch:
        count = cut_at(patch, 0)
        assert not ended_by_cut(home, *words)
        return count()


def test_a_backup_that_was_cut_off_is_none_and_goes_on_where_it_was(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("backup", str(place_of(home)))
    total = touches(home, monkeypatch, *words)
    shutil.rmtree(place_of(home))
    sent = 0
    for number in numbers(total):
        with monkeypatch.context() as patch:
            cut_at(patch, max(1, number - sent))
            assert ended_by_cut(home, *words)
        assert "no finished backup" in restore(home, str(home.folder / "new"), code=74).said
        assert not (home.folder / "new").exists()
        sent = len(stored(place_of(home)))
    assert backed_up(home)["sent"]["files"] == 0 < sent
    restore(home, str(home.folder / "new"))
    assert moved(home).is_clean()


def test_a_restore_that_was_cut_off_goes_on_and_no_pool_is_half_there(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    backed_up(home, "--with-config", "--with-keys")
    new = home.folder / "new"
    words = ("restore", str(place_of(home)), str(new))
    total = touches(home, monkeypatch, *words)
    whole = tree(new)
    for number in numbers(total):
        shutil.rmtree(new)
        with monkeypatch.context() as patch:
            cut_at(patch, number)
            assert ended_by_cut(home, *words)
        assert not (new / "pool").exists()
        restore(home, str(new))
        again = tree(new)
        assert again.keys() == whole.keys()
        differing = {path for path in whole if again[path] != whole[path]}
        assert differing <= {"pool/ledger.sqlite3"}  # its events tell when it was put back
    assert not [path for path in new.rglob("*") if "restoring" in path.name]
    assert_proves_itself_first(moved(home, DELETE_MODE=True))


# a place that is not as it was --------------------------------------------------------------------


def test_a_damaged_backup_is_told_and_nothing_gets_its_name(home: Home) -> None:
    backed_up(home)
    content = home.paths("raw_data", "QOL")[0].read_bytes()
    [path] = [one for one in stored(place_of(home)) if one.name == sha256(content).hexdigest()]
    path.write_bytes(content[:-1] + b"?")
    assert "not as they were put there" in restore(home, str(home.folder / "new"), code=74).said
    path.write_bytes(content + b"?")
    restore(home, str(home.folder / "new"), code=74)
    path.unlink()
    assert "is not there" in restore(home, str(home.folder / "new"), code=74).said
    assert restore(home, str(home.folder / "new"), "--dry-run", code=74).shown["told"]
    elsewhere = home.folder / "elsewhere"
    elsewhere.write_bytes(content)
    path.symlink_to(elsewhere)
    assert "none is followed" in restore(home, str(home.folder / "new"), code=69).said
    assert {path.name for path in (home.folder / "new").iterdir()} <= {
        ".pool.restoring", ".state.restoring"
    }  # fmt: skip
    path.unlink()
    assert backed_up(home)["sent"]["files"] == 1  # what the place lost is sent again
    restore(home, str(home.folder / "new"))
    assert moved(home).is_clean()


OUTWARDS: tuple[dict[str, Any], ...] = (
    *({"files": [[path, "00" * 32, 1]]} for path in ("../x", "/etc/x", "a//b", "a/../../b")),
    {"place": "../elsewhere"},
    {"kind": "pool", "name": "../elsewhere"},
    {"kind": "something else"},
)


def test_what_leads_out_of_the_new_home_is_refused(home: Home) -> None:
    backed_up(home)
    index, files = place_of(home) / "backup.json", place_of(home) / "files"
    found = json.loads(index.read_bytes())
    [manifest] = [p for p in stored(place_of(home)) if p.name == found["backups"][0]["manifest"]]
    for change in OUTWARDS:
        shown = json.loads(manifest.read_bytes())
        shown["parts"][0] |= change
        content = json.dumps(shown).encode()
        name = sha256(content).hexdigest()
        (files / name[:2]).mkdir(exist_ok=True)
        (files / name[:2] / name).write_bytes(content)
        found["backups"][0] |= {"manifest": name, "length": len(content)}
        index.write_text(json.dumps(found))
        told = restore(home, str(home.folder / "new"), code=74).said
        assert "cannot be read" in told, change
        assert not (home.folder / "new").exists()


def test_a_backup_of_a_newer_program_is_left_alone(home: Home) -> None:
    backed_up(home)
    index = place_of(home) / "backup.json"
    index.write_text(index.read_text().replace('"format": 1', '"format": 2'))
    assert "format 2" in restore(home, str(home.folder / "new"), code=74).said
    before = tree(place_of(home))
    backed_up(home, code=74)
    assert tree(place_of(home))["backup.json"] == before["backup.json"]


# what is in the way -------------------------------------------------------------------------------


def test_nothing_that_is_there_is_written_over(home: Home) -> None:
    backed_up(home)
    before = tree(home.folder)
    for words in ((), ("--site", STUDY), (str(home.folder),)):
        assert "is there already" in restore(home, *words, code=64).said
    assert tree(home.folder) == before
    restore(home, str(home.folder / "new"))
    before = tree(home.folder / "new")
    assert "was restored there before" in restore(home, str(home.folder / "new"), code=64).said
    assert tree(home.folder / "new") == before


def test_a_dry_run_sends_and_writes_nothing(home: Home) -> None:
    shown = backed_up(home, "--dry-run")
    assert (shown["backup"], shown["sent"]["files"] > 5) == (None, True)
    assert not stored(place_of(home)) if place_of(home).exists() else True
    backed_up(home)
    assert restore(home, str(home.folder / "new"), "--dry-run").shown["parts"]
    assert not (home.folder / "new").exists()


def test_a_place_within_what_is_backed_up_is_refused(home: Home) -> None:
    for within in (home.pool / "backups", home.folder / "state"):
        ended = home.run("backup", str(within))
        assert (ended.code, "which goes into the backup" in ended.said) == (64, True)


def test_links_are_neither_backed_up_nor_followed(home: Home) -> None:
    outside = home.folder / "outside"
    outside.write_text("not of this pool")
    (home.pool / "raw_data" / "QOL_Mar_01_2026.json").symlink_to(outside)
    (home.folder / "state" / "link").symlink_to(home.folder)
    shown = backed_up(home, code=1)
    assert len([told for told in shown["told"] if "no regular file" in told]) == 2
    content = b"".join(path.read_bytes() for path in stored(place_of(home)))
    assert b"not of this pool" not in content


def test_a_pool_of_which_an_erasure_is_under_way_waits_for_its_end(home: Home) -> None:
    (home.pool / ".erasing.json").write_text("{}")
    assert "erasure is under way" in home.run("backup", str(place_of(home))).said
    assert not (place_of(home) / "backup.json").exists()


def test_of_earlier_backups_as_many_stay_as_are_wanted(home: Home) -> None:
    first = backed_up(home)["backup"]
    (home.pool / "reports").mkdir(exist_ok=True)
    (home.pool / "reports" / "of-a-day.txt").write_text("only this backup has it")
    backed_up(home)
    (home.pool / "reports" / "of-a-day.txt").unlink()
    shown = backed_up(home, "--keep", "1")
    assert shown["forgotten"] > 0
    left = b"".join(path.read_bytes() for path in stored(place_of(home)))
    assert b"only this backup has it" not in left
    restore(home, str(home.folder / "new"), "--backup", first, code=74)
    restore(home, str(home.folder / "new"))
    assert moved(home).is_clean()


# beside rounds ------------------------------------------------------------------------------------


def grow(home: Home) -> None:
    home.site.put("QOL", [row(number, later=1) for number in range(20, 30)])
    home.export(STUDY, "all")


def widen(home: Home) -> None:
    home.site.put("QOL", [row(number, later=1, wider=2) for number in range(20, 30)])
    home.export(STUDY, "all")


@pytest.mark.parametrize("meanwhile", [grow, widen])
def test_a_round_in_the_midst_of_a_backup_leaves_it_of_one_moment(
    home: Home, meanwhile: Callable[[Home], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, rounds = sending.copy_database, 0

    def copied(source: Path, target: Path) -> str:
        nonlocal rounds
        fault = copy(source, target)
        if source.parent == home.pool and not rounds:
            rounds += 1
            meanwhile(home)
        return fault

    known = home.raw_ids("QOL")
    with monkeypatch.context() as patch:
        patch.setattr(sending, "copy_database", copied)
        run(["backup", str(place_of(home)), "--config", str(home.folder / "config"), "--json"])
        home._heard()
    assert rounds == 1
    restore(home, str(home.folder / "new"))
    found = moved(home)
    assert found.is_clean()
    wanted = known if meanwhile is grow else home.raw_ids("QOL")
    assert found.raw_ids("QOL") == wanted
    found.export(STUDY, "all", code=0)
    assert found.raw_ids("QOL") == home.raw_ids("QOL")
    assert sorted(found.ids("QOL"), key=int) == sorted(home.ids("QOL"), key=int)


# an older backup ----------------------------------------------------------------------------------


def lose(home: Home, *folders: str) -> None:
    for folder in folders:
        shutil.move(home.folder / folder, home.folder / f"lost-{folder}")


def test_an_older_backup_beside_a_site_where_rows_were_deleted_since_loses_none(
    home: Home,
) -> None:
    backed_up(home)
    home.configure(DELETE_MODE=True)
    home.export(STUDY, "all")
    assert home.site.ids("QOL") == []
    home.site.put("QOL", [row(number, later=1) for number in range(9, 12)])
    lose(home, "pool", "state")
    restore(home)
    asked = len(home.site.deletes)
    home.export(STUDY, "all", code=74)
    assert len(home.site.deletes) == asked
    assert home.ids("QOL") == [str(number) for number in range(1, 12)]
    home.verify_until_clean()
    home.export(STUDY, "all")
    assert sorted(home.deletes()[asked:]) == [9, 10, 11]
    assert home.troubles() == set()
    assert home.is_clean()


def test_a_state_that_knows_a_newer_pool_asks_a_person_first(home: Home) -> None:
    backed_up(home)
    grow(home)
    lose(home, "pool")
    restore(home, "--site", STUDY)
    ended = home.run("export", STUDY)
    assert (ended.code, "older copy" in ended.said) == (74, True)
    assert home.run("pool", STUDY, "--accept").code == 0
    home.export(STUDY, "all", code=74)
    home.verify_until_clean()
    assert home.export(STUDY, "all")["QOL"]["fresh"] == 0
    assert len(home.ids("QOL")) == 18


def test_who_was_erased_since_does_not_come_back(home: Home) -> None:
    for path in ("pool", "state"):
        shutil.rmtree(home.folder / path)
    for scale in ("QOL", "OASIS", "TaskLog"):
        home.site.clear(scale)
    filled_with_persons(home, DELETE_MODE=True)
    backed_up(home)
    erase(home, "--yes", "--raw")
    lose(home, "pool")
    told = restore(home, "--site", STUDY).shown["told"]
    assert any("before an erasure" in one for one in told)
    assert home.run("pool", STUDY, "--accept").code == 0
    assert home.run("export", STUDY).code == 74
    assert holding(home) == set()
    assert ("pool_restored", "") in home.troubles()
    home.verify_until_clean()
    assert home.export(STUDY, "all")
    assert holding(home) == set()
    assert ("pool_restored", "") not in home.troubles()


def test_a_pool_that_is_damaged_is_backed_up_as_it_stands_and_told(home: Home) -> None:
    [path, *_] = home.paths("raw_data", "QOL")
    path.write_bytes(path.read_bytes().replace(b"PRE", b"POS"))
    told = backed_up(home, code=1)["told"]
    assert any(path.name in one and "mtdata verify" in one for one in told)
    restore(home, str(home.folder / "new"))
    found = moved(home)
    assert found.run("verify", STUDY).code == 74


def test_a_pool_whose_disk_is_away_is_not_left_out_in_silence(home: Home) -> None:
    backed_up(home)
    lose(home, "pool")
    assert "is its disk mounted" in home.run("backup", str(place_of(home))).said
    assert len(restore(home, "--list").shown["backups"]) == 1


def test_of_two_at_work_the_second_does_nothing(home: Home) -> None:
    backed_up(home)
    with PoolLock(home.folder / "state" / "backup").hold():
        assert "another backup" in home.run("backup", str(place_of(home))).said
    with PoolLock(home.folder / "new" / ".pool.restoring").hold():
        assert "another restore" in restore(home, str(home.folder / "new"), code=75).said
    assert not (home.folder / "new" / "pool").exists()
    restore(home, str(home.folder / "new"))


# what lies elsewhere ------------------------------------------------------------------------------


def test_records_and_pools_that_lie_outside_of_the_home_come_along(
    home: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    shutil.move(home.pool, outside / "pool")
    shutil.move(home.folder / "state" / "programme.sqlite3", outside / "records.sqlite3")
    home.configure(PATH=str(outside / "pool"))
    database = f"DATABASE: sqlite:///{outside}/records.sqlite3\n"
    (home.folder / "config" / "programme.config").write_text(database)
    backed_up(home)
    told = restore(home, str(home.folder / "new")).shown["told"]
    assert any(f"write PATH: {home.folder}/new/pool-{STUDY}" in one for one in told)
    assert (home.folder / "new" / "records" / "records.sqlite3").is_file()
    lose(home, "state")
    shutil.move(outside / "pool", outside / "lost-pool")
    (outside / "records.sqlite3").unlink()
    restore(home)
    assert (outside / "records.sqlite3").is_file()
    home.pool = outside / "pool"
    assert home.is_clean()


def test_records_of_a_server_are_left_to_its_own_dump_and_no_password_is_told(home: Home) -> None:
    (home.folder / "config" / "programme.config").write_text(
        "DATABASE: postgres://mt:an-invented-word@127.0.0.1:9/records\n"
    )
    ended = home.run("backup", str(place_of(home)))
    assert ended.code == 0, ended
    assert any("pg_dump -Fc records" in one for one in ended.shown["told"])
    kept = b"".join(path.read_bytes() for path in stored(place_of(home)))
    assert "an-invented-word" not in f"{ended}{kept!r}"


def test_a_disk_without_room_and_a_mounted_place_are_refused_before_anything_is_written(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    backed_up(home)
    with monkeypatch.context() as patch:
        patch.setattr(FolderDisk, "room", lambda self: Room(1000))
        assert "are free there" in restore(home, str(home.folder / "new"), code=74).said
    with monkeypatch.context() as patch:
        patch.setattr(os.path, "ismount", lambda path: str(path).endswith("new/pool"))
        assert "is mounted" in restore(home, str(home.folder / "new"), code=64).said
    assert not (home.folder / "new").exists()


def test_a_store_that_fails_in_the_midst_has_no_backup_and_the_next_call_goes_on(
    home: Home, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS[1])
    words = (f"s3://{bucket.name}/home", "--endpoint", bucket.store.url, "--region", "us-east-1")
    (home.pool / "reports").mkdir(exist_ok=True)
    (home.pool / "reports" / "last.txt").write_text("the last file of the pool")
    publish, count = BackupBucket.publish, 0

    def failing(self: BackupBucket, staged: Staged) -> str:
        nonlocal count
        count += 1
        if count == 5:
            bucket.store.fault("status", code=403, reason="AccessDenied")
        return publish(self, staged)

    monkeypatch.setattr(BackupBucket, "publish", failing)
    ended = home.run("backup", *words)
    assert (ended.code, "AccessDenied" in ended.said, KEYS[1] in str(ended)) == (69, True, False)
    bucket.store.heal()
    assert home.run("restore", *words[:1], str(home.folder / "new"), *words[1:]).code == 74
    sent = len(bucket.names())
    assert sent == 4
    assert home.run("backup", *words).shown["sent"]["files"] == len(bucket.names()) - sent - 2


def test_what_is_too_large_for_one_request_goes_in_parts_and_what_is_there_is_listed_in_pages(
    home: Home, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS[1])
    monkeypatch.setattr(bucket_room, "PIECE", 4096)
    monkeypatch.setattr(bucket_room, "PAGE", 7)
    words = ("--endpoint", bucket.store.url, "--region", "us-east-1")
    place = f"s3://{bucket.name}/home"
    assert home.run("backup", place, *words).code == 0
    sent = len(bucket.puts())
    assert "POST" in {method for method, _ in bucket.store.requests}  # begins and ends the parts
    bucket.store.requests.clear()
    assert home.run("backup", place, *words).shown["sent"] == {"files": 0, "size": 0}
    assert len(bucket.puts()) == 2 < sent  # manifest and list
    assert len(bucket.store.requests) < 15 < sent
    raw = sha256(home.paths("raw_data", "QOL")[0].read_bytes()).hexdigest()
    [lost] = [name for name in bucket.names() if name.endswith(raw)]
    bucket.lose(lost)
    assert home.run("backup", place, *words).code == 0
    assert lost in bucket.names()
    assert home.run("restore", place, str(home.folder / "new"), *words).code == 0
    assert moved(home).is_clean()


def test_a_database_that_the_disk_refuses_to_look_at_is_told_by_its_name(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = os.stat
    for name in ("ledger.sqlite3-wal", "ledger.sqlite3-journal", "copy.sqlite3"):

        def refusing(path: Any, *more: Any, name: str = name, **how: Any) -> os.stat_result:
            if str(path).endswith(f"/{name}"):
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
            return look(path, *more, **how)

        with monkeypatch.context() as patch:
            patch.setattr(os, "stat", refusing)
            ended = home.run("backup", str(place_of(home)))
        assert ended.code == 74, ended
        assert "Input/output error" in ended.said
        assert "a fault of the program" not in ended.said
    assert home.run("backup", str(place_of(home))).code == 0
