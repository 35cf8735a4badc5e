"""Replicas: nothing is deleted that one has not confirmed, whatever becomes of it; all catch up."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mtdata.demo.study.site import StudySite
from mtdata.study.replicas.copying import Copying
from tests.bucket import KEYS, Bucket
from tests.system.home import ROOT, STUDY, Home, dead_mount, row

SCALES = ("QOL", "DASS21_AS")
FAULTS: dict[str, tuple[str, tuple[str, ...], dict[str, Any], str, int]] = {
    "down": ("status", (), {"code": 503, "reason": "SlowDown"}, "replica_unreachable", 69),
    "silence": ("hang", ("PUT",), {}, "replica_unreachable", 69),
    "silence to a HEAD": ("hang", ("HEAD",), {}, "replica_unreachable", 69),
    "wrong keys": ("status", (), {"code": 403, "reason": "AccessDenied"}, "replica_refused", 69),
    "no bucket": ("status", ("PUT",), {"code": 404, "reason": "NoSuchBucket"},
                  "replica_refused", 69),
    "damage on the way": ("status", ("PUT",), {"code": 400, "reason": "BadDigest"},
                          "replica_wrong", 74),
    "another checksum": ("other checksum", ("PUT",), {}, "replica_wrong", 74),
    "another checksum later": ("other checksum", ("HEAD",), {}, "replica_wrong", 74),
    "damage in the bucket": ("garble", ("PUT",), {}, "replica_wrong", 74),
}  # fmt: skip


def filled(home: Home, *replicas: Any, **keys: Any) -> None:
    """A study whose rows may be deleted once these replicas have them."""
    for scale in SCALES:
        home.site.put(scale, [row(number) for number in range(1, 6)])
    home.configure(**{"DELETE_MODE": True, "REPLICAS": list(replicas)} | keys)


def assert_carried_home(home: Home) -> None:
    """Everything stands here once, and nothing is left on the site."""
    for scale in SCALES:
        assert home.ids(scale) == home.raw_ids_as_text(scale) == [str(n) for n in range(1, 6)]
        assert home.site.ids(scale) == []
    assert home.troubles() == set()
    assert home.is_clean()


def assert_owed(home: Home, kind: str, code: int) -> None:
    """A round that brings everything home and deletes nothing."""
    done = home.export(code=code)
    for scale in SCALES:
        told = done[scale]
        assert (told["appended"], told["deleted"], told["owed"]) == (5, 0, 5)
    assert home.asked("DELETE") == []
    assert (kind, "") in home.troubles()


def copied(bucket: Bucket) -> dict[str, bytes]:
    """Every raw file that can be made of the copies alone, closed as the pool closes them."""
    files: dict[str, bytes] = {}
    for name in bucket.names():
        path = name.removeprefix(f"pool/{STUDY}/").rpartition("/")[0]
        files[path] = files.get(path, b"") + bucket.read(name)
    return {
        path: content + (b"" if path.startswith("held/") else b"\n]}\n")
        for path, content in files.items()
    }


def kept(home: Home) -> dict[str, bytes]:
    """Every raw and held file of the pool."""
    folders = (home.pool / "raw_data", home.pool / "held")
    files = [path for folder in folders for path in folder.glob("[!.]*")]
    return {path.relative_to(home.pool).as_posix(): path.read_bytes() for path in files}


def test_each_raw_file_can_be_made_again_from_the_copies_alone(home: Home, bucket: Bucket) -> None:
    filled(home, bucket.config())
    home.export()
    home.site.put("QOL", [row(6), b'{"id":7,"oops"}', row(8)])
    home.site.put("TaskLog", [row(1), b'{"oops"}', row(2)], deleteable=False)
    home.export(STUDY, "all", code=1)
    assert len(kept(home)) == 5, "three raw files and two entries that are no JSON"
    assert copied(bucket) == kept(home)


def test_deletes_go_out_only_after_the_copy_was_put_and_asked_for(
    home: Home, bucket: Bucket
) -> None:
    filled(home, bucket.config())
    bucket.store.fault("hang", "HEAD")
    process = home.process("export", STUDY)
    waited_for(lambda: len(bucket.puts()) == 1)
    assert home.asked("DELETE") == []
    bucket.store.heal()
    process.communicate(timeout=60)
    assert home.site.ids("QOL") == []
    assert_carried_home(home)


def waited_for(what: Any) -> None:
    for _ in range(1200):
        if what():
            return
        time.sleep(0.05)
    raise AssertionError("it never came to that")


@pytest.mark.parametrize(("kind", "methods", "detail", "incident", "code"), FAULTS.values(),
                         ids=list(FAULTS))  # fmt: skip
def test_while_a_replica_fails_all_is_owed_and_the_round_after_it_deletes(
    home: Home,
    bucket: Bucket,
    kind: str,
    methods: tuple[str, ...],
    detail: dict[str, Any],
    incident: str,
    code: int,
) -> None:
    filled(home, bucket.config(), TIMEOUT="0.4s")
    bucket.store.fault(kind, *methods, **detail)
    assert_owed(home, incident, code)
    assert bucket.place in home.detail(incident)
    bucket.store.heal()
    home.configure(TIMEOUT="20s")
    home.export()
    assert_carried_home(home)
    assert copied(bucket) == kept(home)
    assert KEYS[1] not in "".join(home.noises)
    assert KEYS[0] not in "".join(home.noises)


def test_while_a_replica_fails_what_it_has_confirmed_long_ago_stays_as_well(
    home: Home, bucket: Bucket
) -> None:
    filled(home, bucket.config(), DELETE_MODE=False)
    home.export()
    confirmed = home.site.ids("QOL")
    assert confirmed
    home.site.put("QOL", [row(1_000)])
    home.configure(DELETE_MODE=True)
    bucket.store.fault("status", code=503, reason="SlowDown")
    home.run("export", STUDY)
    assert home.asked("DELETE") == []
    bucket.store.heal()
    home.export()
    assert home.site.ids("QOL") == []


def test_an_endpoint_where_nobody_listens_is_a_replica_that_is_down(
    home: Home, bucket: Bucket
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    filled(home, bucket.config(ENDPOINT=f"http://127.0.0.1:{port}"))
    assert_owed(home, "replica_unreachable", 69)


def test_a_bucket_that_is_made_later_gets_all(home: Home, bucket: Bucket) -> None:
    config = bucket.config(URL=f"s3://{bucket.name}-later/pool")
    filled(home, config)
    assert_owed(home, "replica_refused", 69)
    bucket.name += "-later"
    bucket.store.client.create_bucket(Bucket=bucket.name)
    home.export()
    assert_carried_home(home)
    assert copied(bucket) == kept(home)


def test_a_replica_that_fails_is_asked_once_a_round(home: Home, bucket: Bucket) -> None:
    filled(home, bucket.config())
    bucket.store.fault("status", code=403, reason="AccessDenied")
    home.export(code=69)
    assert len(bucket.store.requests) == 1


def test_a_pool_that_was_there_before_its_replica_is_caught_up_with(
    home: Home, bucket: Bucket
) -> None:
    filled(home, DELETE_MODE=False)
    home.site.put("TaskLog", [row(1)], deleteable=False)
    home.site.put("QOL", [b'{"oops"}'])
    home.export(STUDY, "all", code=1)
    home.site.put("QOL", [row(6)])
    home.export()
    home.configure(REPLICAS=[bucket.config()], DELETE_MODE=True)
    home.export()
    assert copied(bucket) == kept(home)
    assert home.site.rows("QOL") == [b'{"oops"}']
    assert home.site.ids("DASS21_AS") == []


def test_with_one_of_two_replicas_down_the_other_gets_all_and_nothing_is_deleted(
    home: Home, bucket: Bucket, tmp_path: Path
) -> None:
    filled(home, bucket.config(), f"file://{tmp_path}/disk")
    assert_owed(home, "replica_unreachable", 69)
    assert "mounted" in home.detail("replica_unreachable")
    assert copied(bucket) == kept(home)
    (tmp_path / "disk").mkdir()
    home.export()
    assert_carried_home(home)
    files = [p for p in (tmp_path / "disk" / STUDY).rglob("*") if p.is_file() and p.name[0] != "."]
    assert len(files) == len(bucket.names()) == 2


def test_a_disk_that_is_not_mounted_gets_nothing_and_nothing_is_deleted(
    home: Home, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    filled(home, f"file://{disk}")
    home.export()
    disk.rename(tmp_path / "unmounted")
    disk.mkdir()
    home.site.put("QOL", [row(6)])
    done = home.export(code=69)["QOL"]
    assert (done["appended"], done["deleted"], done["owed"]) == (1, 0, 1)
    assert home.run("check", STUDY).code == 69
    assert list(disk.iterdir()) == []
    disk.rmdir()
    (tmp_path / "unmounted").rename(disk)
    assert home.export()["QOL"]["deleted"] == 1


def test_a_copy_that_got_lost_stops_its_deletes_until_it_was_put_again(
    home: Home, bucket: Bucket
) -> None:
    filled(home, bucket.config(), DELETE_MODE=False)
    home.export()
    lost = next(name for name in bucket.names() if "QOL" in name)
    bucket.lose(lost)
    home.configure(DELETE_MODE=True)
    done = home.export(code=74)
    assert (done["QOL"]["deleted"], done["DASS21_AS"]["deleted"]) == (0, 5)
    assert "gone or changed" in home.detail("replica_wrong")
    assert lost in bucket.names()
    home.export()
    assert_carried_home(home)


def test_a_copy_that_somebody_changed_is_put_again(home: Home, bucket: Bucket) -> None:
    filled(home, bucket.config(), DELETE_MODE=False)
    home.export()
    for name in bucket.names():
        bucket.change(name, b"x" * len(bucket.read(name)))
    home.configure(DELETE_MODE=True)
    home.export(code=74)
    assert home.asked("DELETE") == []
    home.export()
    assert_carried_home(home)
    assert copied(bucket) == kept(home)


def test_raw_bytes_damaged_before_they_were_copied_are_fetched_again(
    home: Home, bucket: Bucket
) -> None:
    filled(home, bucket.config())
    bucket.store.fault("status", code=503, reason="SlowDown")
    home.export(code=69)
    bucket.store.heal()
    [path] = home.paths("raw_data", "QOL")
    path.write_bytes(path.read_bytes().replace(b'"answer":3', b'"answer":4', 1))
    home.export(code=74)
    assert 4 in home.site.ids("QOL")
    home.export(code=74)  # it tells of the file that is set aside
    home.verify_until_clean()
    home.export()
    assert home.site.ids("QOL") == home.site.ids("DASS21_AS") == []
    assert home.ids("QOL") == ["1", "2", "3", "4", "5"]
    assert sorted(set(home.raw_ids_of_parts("QOL"))) == [1, 2, 3, 4, 5]


def test_killed_between_put_and_commit_the_next_round_puts_nothing_twice(
    home: Home, bucket: Bucket
) -> None:
    filled(home, bucket.config())
    bucket.store.fault("hang", "HEAD")
    process = home.process("export", STUDY)
    waited_for(lambda: "HEAD" in {method for method, _ in bucket.store.requests})
    process.kill()
    process.communicate(timeout=60)
    bucket.store.heal()
    assert home.asked("DELETE") == []
    home.now = datetime.now(UTC)  # which the process had
    home.export()
    assert_carried_home(home)
    assert len(bucket.puts()) == len(set(bucket.puts())) == len(bucket.names()) == 2


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_killed_at_any_request_to_a_replica_nothing_is_lost_or_doubled(
    home: Home, bucket: Bucket, number: int, after: bool
) -> None:
    filled(home, bucket.config(), f"file://{home.folder}/disk")
    (home.folder / "disk").mkdir()
    bucket.store.cut_after, bucket.store.cut_at = after, number
    process = bucket.store.victim = home.process("export", STUDY)
    process.communicate(timeout=60)
    assert process.returncode == -9
    bucket.store.heal()
    home.now = datetime.now(UTC)
    home.export()
    assert_carried_home(home)
    assert copied(bucket) == kept(home)
    assert len(bucket.names()) == 2


def test_asked_to_end_while_a_replica_hangs_it_ends_and_nothing_is_lost(
    home: Home, bucket: Bucket
) -> None:
    filled(home, bucket.config(), TIMEOUT="0.5s")
    bucket.store.fault("hang", "PUT")
    process = home.process("export", STUDY)
    waited_for(lambda: bucket.puts())
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 143
    bucket.store.heal()
    home.configure(TIMEOUT="20s")
    home.now = datetime.now(UTC)
    home.export()
    assert_carried_home(home)


def test_the_line_in_the_manual_makes_a_raw_file_again(home: Home, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    filled(home, f"file://{tmp_path}/disk", DELETE_MODE=False)
    home.export()
    home.site.put("QOL", [row(6), row(7)])
    home.export()
    [path] = home.paths("raw_data", "QOL")
    folder = tmp_path / "disk" / STUDY / "raw_data" / path.name
    manual = (ROOT / "docs" / "OPERATING.md").read_text(encoding="utf-8")
    [line] = [one for one in manual.splitlines() if one.startswith("cd COPIES/SITE")]
    line = line.replace("COPIES/SITE", f"'{tmp_path}/disk/{STUDY}'")
    subprocess.run(["sh", "-c", line], check=True)
    assert len(list(folder.iterdir())) == 2 + 1
    assert (folder / path.name).read_bytes() == path.read_bytes()


def test_a_replica_gets_what_it_lacks_though_the_site_is_down(home: Home, bucket: Bucket) -> None:
    filled(home, DELETE_MODE=False)
    home.export()
    home.configure(REPLICAS=[bucket.config()])
    home.site.fault("status", code=500)
    home.run("export", STUDY)
    assert copied(bucket) == kept(home)


def test_a_replica_that_is_taken_out_of_the_config_hinders_nothing(
    home: Home, bucket: Bucket
) -> None:
    filled(home, bucket.config())
    bucket.store.fault("status", code=503, reason="SlowDown")
    home.export(code=69)
    home.configure(REPLICAS=[])
    home.export()
    assert_carried_home(home)


def test_a_round_without_news_asks_a_replica_nothing(home: Home, bucket: Bucket) -> None:
    filled(home, bucket.config())
    home.export()
    bucket.store.requests.clear()
    home.export()
    assert bucket.store.requests == []


def test_deletions_tells_which_replica_has_not_confirmed(home: Home, bucket: Bucket) -> None:
    filled(home, bucket.config())
    bucket.store.fault("status", code=503, reason="SlowDown")
    home.export(code=69)
    told = home.run("deletions", STUDY).shown["sites"][STUDY]["scales"]["QOL"]
    assert (told["would_delete"], told["stays"]) == ([], 5)
    assert f"5: replica {bucket.place} has not confirmed" in told["why"]
    bucket.store.heal()
    home.configure(DELETE_MODE=False)
    home.export()
    home.configure(DELETE_MODE=True)
    told = home.run("deletions", STUDY).shown["sites"][STUDY]["scales"]["QOL"]
    assert (told["would_delete"], told["stays"]) == ([1, 2, 3, 4, 5], 0)
    assert home.asked("DELETE") == []


def test_status_tells_how_many_copies_a_replica_has(home: Home, bucket: Bucket) -> None:
    filled(home, bucket.config())
    bucket.store.fault("status", "PUT", code=503, reason="SlowDown")
    home.export(code=69)
    shown = home.run("status", STUDY).shown["sites"][STUDY]["replicas"]
    assert shown == [{"place": bucket.place, "confirmed": 0, "missing": 2}]
    bucket.store.heal()
    home.export()
    shown = home.run("status", STUDY).shown["sites"][STUDY]["replicas"]
    assert shown == [{"place": bucket.place, "confirmed": 2, "missing": 0}]


def test_check_puts_a_probe_into_each_replica_and_shows_no_secret(
    home: Home, bucket: Bucket, tmp_path: Path
) -> None:
    filled(home, bucket.config(), f"file://{tmp_path}/none")
    ended = home.run("check", STUDY)
    found = {one["what"]: one for one in ended.shown["findings"]}
    assert (found["REPLICAS 1"]["verdict"], found["REPLICAS 1"]["told"]) == ("good", bucket.place)
    assert found["REPLICAS 2"]["verdict"] == "bad"
    assert ended.code == 69
    bucket.store.fault("status", code=403, reason="SignatureDoesNotMatch")
    ended = home.run("check", STUDY)
    [told] = [one["told"] for one in ended.shown["findings"] if one["what"] == "REPLICAS 1"]
    assert "keys" in told
    assert KEYS[1] not in json.dumps(ended.shown) + ended.said
    home.export(code=69)


def test_keys_from_the_environment_reach_a_replica(
    home: Home, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(home, bucket.config(ACCESS_KEY="", SECRET_KEY=""))
    assert_owed(home, "replica_refused", 69)
    monkeypatch.setenv("MTDATA_STUDY_REPLICA1_ACCESS_KEY", KEYS[0])
    monkeypatch.setenv("MTDATA_STUDY_REPLICA1_SECRET_KEY", KEYS[1])
    home.export()
    assert_carried_home(home)


def test_two_sites_share_a_bucket(home: Home, bucket: Bucket) -> None:
    with StudySite() as other:
        other.put("QOL", [row(1, answer=4)])
        filled(home, bucket.config())
        home.configure("second", site=other, DELETE_MODE=True, REPLICAS=[bucket.config()])
        assert home.run("export").code == 0
        assert {name.split("/")[1] for name in bucket.names()} == {STUDY, "second"}
        assert other.ids("QOL") == []


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.EHOSTDOWN])
def test_a_folder_of_a_dead_mount_keeps_nothing_from_coming_home(
    home: Home, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    far = home.folder / "far"
    far.mkdir()
    filled(home, f"file://{far}")
    with monkeypatch.context() as dead:
        dead_mount(dead, far, number)
        assert_owed(home, "replica_unreachable", 69)
    home.export()
    assert_carried_home(home)


@pytest.mark.parametrize(("number", "times"), [(errno.EMFILE, 1), (errno.EIO, 2)])
def test_raw_that_cannot_be_read_for_a_copy_comes_again_only_where_it_is_damaged(
    home: Home, monkeypatch: pytest.MonkeyPatch, number: int, times: int
) -> None:
    far = home.folder / "far"
    far.mkdir()
    home.site.put("QOL", [row(1)])
    home.configure(DELETE_MODE=True, REPLICAS=[f"file://{far}"])
    here, real = Copying._here, os.pread

    def refused(*_: object) -> bytes:
        raise OSError(number, os.strerror(number))

    def unread(copying: Copying, wanted: Any) -> bytes | None:
        monkeypatch.setattr(os, "pread", refused)
        try:
            return here(copying, wanted)
        finally:
            monkeypatch.setattr(os, "pread", real)

    with monkeypatch.context() as scarce:
        scarce.setattr(Copying, "_here", unread)
        home.export(code=74)
    assert home.asked("DELETE") == []
    assert (("raw_changed", "QOL") in home.troubles()) == (times == 2)
    home.export(code=0 if times == 1 else 74)
    assert home.raw_ids("QOL") == [1] * times
    home.verify_until_clean()
    home.export()
    assert (home.ids("QOL"), home.deletes()) == (["1"], [1])
