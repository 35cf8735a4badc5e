"""What a faulty site, disk or config gets: an exit code, an incident, and nothing deleted."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable
from typing import Any

import pytest

from mtdata.core.lock import PoolLock
from mtdata.demo.study.site import StudySite
from mtdata.study.ports import Site
from mtdata.study.round import round
from mtdata.study.scale_report import ScaleReport
from tests.nonsense import NONSENSE, nonsense
from tests.system.conftest import KeyPair
from tests.system.home import STUDY, Home, row

FAULTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "5xx for one scale": ("status", {"code": 500, "scale": "QOL"}, "package_broken"),
    "5xx for all": ("status", {"code": 503}, "site_unreachable"),
    "a body that breaks off": ("truncated", {"scale": "QOL"}, "package_broken"),
    "chunks without an end": ("truncated", {"scale": "QOL", "chunked": True}, "package_broken"),
    "a page instead of JSON": ("html", {"scale": "QOL"}, "package_broken"),
    "a log-in page": ("login_page", {}, "site_refused"),
    "a wrong password": ("unauthorized", {}, "site_refused"),
    "dropped connections": ("drop", {}, "site_unreachable"),
    "no answer": ("hang", {}, "site_unreachable"),
    "another host": ("redirect", {"location": "http://127.0.0.2:9/api"}, "site_moved"),
    "a body without end": ("endless", {"scale": "QOL"}, "package_broken"),
    "no array": ("garbled", {"scale": "QOL", "bytes": b'{"id":1}'}, "package_broken"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_site_ends_as_69_with_an_incident_and_the_next_round_is_well(
    home: Home, name: str
) -> None:
    kind, detail, incident = FAULTS[name]
    home.configure(DELETE_MODE=True, TIMEOUT=1, MAX_RESPONSE_MB=1)
    home.site.put("QOL", [row(1), row(2)])
    home.site.fault(kind, **detail)
    home.export(code=69)
    assert incident in {kind for kind, _ in home.troubles()}
    assert home.deletes() == []
    assert home.ids("QOL") == []
    home.site.heal()
    home.export()
    assert home.ids("QOL") == ["1", "2"]
    assert home.deletes() == [1, 2]
    assert home.troubles() == set()
    assert home.is_clean()


def test_one_site_that_is_down_does_not_keep_the_other_from_being_collected(home: Home) -> None:
    with StudySite() as other:
        home.configure("other", site=other)
        other.put("QOL", [row(1)])
        home.site.stop()
        ended = home.run("export")
        assert ended.code == 69
        assert ended.shown["sites"]["other"]["scales"]["QOL"]["appended"] == 1
        assert ended.shown["error"]["exit"] == 69
        home.site.start()


def test_a_fault_of_ours_at_one_site_does_not_keep_the_other_from_being_collected(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry, carried = round.carry, list[str]()
    words = " ".join(["an", "answer"])

    def fails_once(report: ScaleReport, site: Site, between: Callable[[], None]) -> None:
        carried.append(report.run.scale.name)
        if len(carried) == 1:
            raise ArithmeticError(words)
        carry(report, site, between)

    monkeypatch.setattr(round, "carry", fails_once)
    with StudySite() as other:
        home.configure("first", site=other)
        other.put("QOL", [row(1)])
        home.site.put("QOL", [row(1)])
        ended = home.run("export")
        assert ended.code == ended.shown["sites"]["first"]["exit"] == 70
        assert ended.shown["sites"][STUDY]["scales"]["QOL"]["appended"] == 1
        assert ended.shown["error"]["kind"] == "Fault"
        assert words not in ended.said + json.dumps(ended.shown)
        assert program_troubles(home) == {("task_failed", "pool first")}
        assert home.run("export").shown["sites"]["first"]["scales"]["QOL"]["appended"] == 1
    assert program_troubles(home) == set()


def program_troubles(home: Home) -> set[tuple[str, str]]:
    """Kind and place of every open incident of the program's own."""
    found = home.run("incidents").shown["sites"].get("(program)", {"incidents": []})
    return {(one["kind"], one["scale"]) for one in found["incidents"]}


def test_a_config_that_fits_no_pool_does_not_keep_the_other_from_being_collected(
    home: Home,
) -> None:
    home.configure(REPLICAS=["gs://bucket/x"])
    with StudySite() as other:
        home.configure("other", site=other)
        other.put("QOL", [row(1)])
        ended = home.run("export")
        assert ended.code == 78
        assert ended.shown["sites"]["other"]["scales"]["QOL"]["appended"] == 1


def test_a_replica_that_answers_nonsense_ends_no_round(home: Home) -> None:
    with nonsense(NONSENSE["a body without end"]) as store, StudySite() as other:
        keys = {"ENDPOINT": store.url, "ACCESS_KEY": "a", "SECRET_KEY": "b"}
        home.configure(REPLICAS=[{"URL": "s3://bucket/x", **keys}], DELETE_MODE=True)
        home.configure("other", site=other)
        home.site.put("QOL", [row(1)])
        other.put("QOL", [row(1)])
        ended = home.run("export")
        assert ended.code == 69
        assert {site["exit"] for site in ended.shown["sites"].values()} == {0, 69}
        assert store.sent < 32 << 20
        assert home.ids("QOL") == ["1"]
        assert home.deletes() == []
        assert ("replica_unreachable", "") in home.troubles()
        assert home.run("check", STUDY).code == 69


def test_a_second_round_on_one_pool_ends_as_75_and_does_nothing(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    with PoolLock(home.pool).hold():
        ended = home.run("export", STUDY)
    assert ended.code == 75
    assert home.site.requests == []
    home.export()


def test_every_fault_of_the_config_is_told_at_once(home: Home) -> None:
    home.configure(DELETE_MODE="perhaps", DELETE_LIMITS=3, TIMEOUT="soon")
    ended = home.run("export")
    assert ended.code == 78
    for key in ("DELETE_MODE", "DELETE_LIMITS", "TIMEOUT"):
        assert key in ended.shown["error"]["message"]
    assert home.site.password not in ended.said


@pytest.mark.parametrize("words", [("export", "nobody"), ("export", STUDY, "NoScale"), ("exprt",)])
def test_words_that_fit_nothing_end_as_64(home: Home, words: tuple[str, ...]) -> None:
    home.site.put("QOL", [row(1)])
    assert home.run(*words).code == 64


def test_a_pool_that_cannot_be_written_ends_as_74_and_deletes_nothing(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.pool.mkdir()
    (home.pool / "raw_data").write_text("in the way")
    home.site.put("QOL", [row(1)])
    home.export(code=74)
    assert home.deletes() == []
    assert ("storage", "") in home.troubles()
    (home.pool / "raw_data").unlink()
    home.export()
    assert home.deletes() == [1]
    assert home.troubles() == set()


def test_a_sheet_that_somebody_edited_is_never_touched_and_its_rows_are_made_again(
    home: Home,
) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    [sheet] = home.paths("active_data", "QOL")
    edited = sheet.read_bytes().replace(b"PRE", b"POST", 1) + b"a note of mine\r\n"
    sheet.write_bytes(edited)
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(3)])
    home.export(code=74)
    assert sheet.read_bytes() == edited
    assert home.deletes() == []
    assert ("sheet_changed", "QOL") in home.troubles()
    verified = home.run("verify", STUDY)
    assert verified.code == 74
    assert verified.shown["sites"][STUDY]["wrong"]
    assert sheet.read_bytes() == edited
    home.export(code=74)  # mended, and not yet found to be well
    assert home.deletes() == []
    home.verify_until_clean()
    home.export()
    assert sorted(home.deletes()) == [1, 2, 3]
    made = [path for path in home.paths("active_data", "QOL") if path != sheet]
    assert sum(path.read_bytes().count(b"PRE") for path in made) == 3
    assert home.is_clean()
    assert home.troubles() == set()


def test_raw_bytes_that_were_damaged_stop_the_delete_and_are_fetched_again(home: Home) -> None:
    home.site.put("QOL", [row(1), row(2)])
    home.export()
    [raw] = home.paths("raw_data", "QOL")
    raw.write_bytes(raw.read_bytes().replace(b'"answer":3', b'"answer":4', 1))
    home.configure(DELETE_MODE=True)
    home.export(code=74)
    assert home.deletes() == []
    assert ("raw_changed", "QOL") in home.troubles()
    home.export(code=74)  # the damaged file is set aside, and said so
    home.verify_until_clean()
    home.export()
    assert sorted(home.deletes()) == [1, 2]
    assert home.ids("QOL") == ["1", "2"]


def test_no_answer_password_or_key_is_in_anything_that_is_said(home: Home) -> None:
    secret = "canary-answer"
    home.configure(DELETE_MODE=True, TIMEOUT=1)
    home.site.put("QOL", [row(1, answer=secret), {"id": -1, "answer": secret}])
    home.site.put("BBSIQ", [b'{"id":1,"answer":"canary-answer",}', row(2, answer=secret)])
    for kind in ("status", "truncated", "garbled", "drop"):
        detail: dict[str, Any] = {"status": {"code": 500}, "garbled": {"bytes": b"canary-answer"}}
        home.site.fault(kind, scale="QOL", times=1, **detail.get(kind, {}))
        home.run("export")
    home.site.put("QOL", [row(1, answer=f"{secret} changed")])
    for command in ("export", "held", "incidents", "status", "verify", "deletions"):
        home.run(command)
    said = "".join(home.noises)
    assert secret not in said
    assert home.site.password not in said
    assert secret.encode() not in b"".join(
        path.read_bytes() for path in home.pool.glob("ledger.sqlite3*")
    )


def test_a_site_that_is_not_ready_is_not_collected_even_by_its_name(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.configure(READY=False)
    ended = home.run("export", STUDY)
    assert ended.code == 78
    assert "READY: True" in ended.shown["error"]["message"]
    assert home.site.requests == []
    assert home.run("decode", STUDY).code == 0


def test_no_secret_is_said_when_all_is_to_be_said_and_files_are_damaged(
    home: Home, key: KeyPair
) -> None:
    secret, name = "canary-answer", "canary-sealed"
    home.put_key(key.pem)
    home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem", DRIFT="hold", TIMEOUT=1)
    rows = [row(1, answer=secret, nameRSA=key.seal(name)), row(2, answer=secret, nameRSA=secret)]
    home.site.put("QOL", [*rows, row(3, answer=secret, field=secret)])
    home.site.put(
        "TaskLog", [row(1, answer=secret), b'{"answer":"canary-answer"'], deleteable=False
    )
    home.run("export", STUDY, "all", "-vv")
    for path in home.paths("active_data", "QOL") + home.paths("raw_data", "QOL"):
        path.write_bytes(path.read_bytes().replace(b"PRE", b'P"R', 1) + secret.encode())
    home.configure(DELETE_MODE=True)
    for words in (
        "export",
        "verify",
        "decode",
        "held",
        "incidents",
        "deletions",
        "status",
        "check",
    ):
        home.run(words, "-vv")
    home.run("decode", "--check", "-vv")
    said = "".join(home.noises)
    assert len(said) > 2000
    kept = b"".join(path.read_bytes() for path in home.pool.glob("ledger.sqlite3*"))
    for one in (secret, name, home.site.password, key.pem.decode().splitlines()[2]):
        assert one not in said
        assert one.encode() not in kept


def test_a_pool_on_a_file_system_that_cannot_sync_a_folder_is_told_as_that(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1)])
    sync = os.fsync

    def answer(file: int) -> None:
        if stat.S_ISDIR(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        sync(file)

    monkeypatch.setattr(os, "fsync", answer)
    checked = home.run("check", STUDY)
    [found] = [one for one in checked.shown["findings"] if one["what"] == "PATH"]
    assert (checked.code, found["exit"]) == (74, 74)
    exported = home.run("export", STUDY)
    assert exported.code == 74
    for told in (found["told"], exported.shown["error"]["message"]):
        assert "cannot sync a folder" in told
        assert "mend the disk" not in told
    assert home.asked("DELETE") == []


@pytest.mark.parametrize("words", [("held",), ("version",)], ids=["of a site", "of the program"])
def test_a_file_that_is_refused_where_nobody_thought_of_it_is_a_fault_of_the_disk(
    home: Home, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    home.export()
    place = home.pool / "unforeseen"

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(place))

    monkeypatch.setattr("mtdata.study.operations.commands.held", refused)
    if words == ("version",):
        monkeypatch.setattr("mtdata.cli.main._carried_out", refused)
    ended = home.run(*words)
    assert ended.code == 74
    assert str(place) in ended.said
    assert "Input/output error" in ended.said
    assert "Traceback" not in ended.said + json.dumps(ended.shown)
