"""No answer, password or key is in a log, a message, a traceback, an incident or a spool file.

Each way of an entry, and each way to fail, is fed with secrets that are then looked for everywhere.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest
import yaml

from mtdata.core import disk
from mtdata.demo.study.site import StudySite
from mtdata.jobs.records.setting import close_records
from mtdata.study.operations import commands
from mtdata.study.round import round
from tests.bucket import Bucket
from tests.mailbox import mailbox
from tests.system import canaries
from tests.system.canaries import ANSWER, NUMBER, PASSWORD, SEALED, USER, Canaries
from tests.system.conftest import KeyPair
from tests.system.home import STUDY, Home, row, wire
from tests.webhook import web_hook

WORDS = ("export", "verify", "decode", "deletions", "held", "status", "incidents", "check")
HTML = f"<html><body>{ANSWER} {NUMBER} {USER} {PASSWORD}</body></html>".encode()


@pytest.fixture
def site() -> Iterator[StudySite]:
    with StudySite(user=USER, password=PASSWORD) as started:
        yield started


@pytest.fixture(params=["json", "loud"])
def birds(
    home: Home, key: KeyPair, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Canaries:
    """A home whose answers, account, key, passphrase and addresses are all secrets that sing."""
    how = request.param
    canaries.log_config(home.folder / "config", json_lines=how == "json", loud=how == "loud")
    monkeypatch.setenv("MTDATA_KEY_PASSPHRASE", canaries.PASSPHRASE)
    home.put_key(key.pem)
    settings: dict[str, Any] = {"ENCRYPTION": "rsa", "PRIVATE_FILE": "study.pem", "TIMEOUT": 1}
    home.configure(DELETE_MODE=True, **settings)
    return Canaries(home, *canaries.key_lines(key.pem))


def secret_row(number: int, key: KeyPair, **more: Any) -> dict[str, Any]:
    sealed = key.seal(f"{SEALED} {number}")
    return row(number, answer=ANSWER, score=int(NUMBER), nameRSA=sealed) | more


def everything(home: Home, *more: str) -> None:
    """Each command, saying all it can."""
    for word in (*WORDS, *more):
        home.run(word, "-vv")
    home.run("export", STUDY, "all", "-vv")
    home.run("decode", "--check", "-vv")
    home.run("incidents", "--all", "-vv")


def assert_nobody_sings(birds: Canaries) -> None:
    assert birds.amount("logs/") > 500
    assert birds.amount("noise") > 500
    assert birds.amount("pool/ledger") > 5000
    assert birds.singing() == []


def test_the_canaries_can_be_heard(home: Home, birds: Canaries) -> None:
    birds.hear("a mail", f"Hello {ANSWER}")
    (home.folder / "logs").mkdir()
    (home.folder / "logs" / "x.log").write_text("canary:pass w\\xf6rd")
    assert [line.partition(":")[0] for line in birds.singing()] == ["a mail", "logs/x.log"]


def test_a_sound_round_says_nothing(home: Home, birds: Canaries, key: KeyPair) -> None:
    home.site.put("QOL", [secret_row(n, key) for n in range(1, 30)])
    home.site.put("TaskLog", [secret_row(1, key)], deleteable=False)
    everything(home)
    assert len(home.deletes()) == 29
    assert_nobody_sings(birds)


def test_entries_that_are_held_say_nothing(
    home: Home, birds: Canaries, key: KeyPair, other_key: KeyPair
) -> None:
    home.configure(DRIFT="hold")
    rows = [secret_row(n, key) for n in range(1, 5)]
    rows.append(secret_row(5, other_key))  # sealed for somebody else
    rows.append(secret_row(6, key, nameRSA=ANSWER))
    home.site.put("QOL", rows)
    home.run("export", "-vv")
    home.site.put("QOL", [secret_row(1, key, answer=f"{ANSWER} changed")])  # a conflict
    home.site.put("QOL", [secret_row(7, key, new=ANSWER)])  # drift
    home.site.put("QOL", [{"id": ANSWER}, {"id": -1, "answer": ANSWER}, {"answer": ANSWER}])
    home.site.put("QOL", [wire([ANSWER]), wire(ANSWER), wire({"id": 9, "answer": {"a": ANSWER}})])
    home.site.put("QOL", [b'{"id":10,"answer":"%s","answer":"%s"}' % ((ANSWER.encode(),) * 2)])
    home.site.put("QOL", [b'{"id":11,"answer":%s1e999}' % NUMBER.encode()])
    everything(home)
    home.run("held", STUDY, "--release", "QOL", "all", "-vv")
    everything(home)
    assert {kind for _, _, kind in home.held()} >= {"sealed", "malformed"}
    assert_nobody_sings(birds)


def test_a_wrong_key_and_one_that_cannot_be_used_say_nothing(
    home: Home, birds: Canaries, key: KeyPair, other_key: KeyPair
) -> None:
    home.site.put("QOL", [secret_row(n, key) for n in range(1, 5)])
    home.put_key(other_key.pem)
    everything(home)
    home.put_key(key.pem[: len(key.pem) // 2] + key.pem[len(key.pem) // 2 + 9 :])
    everything(home)
    home.put_key(key.pem, mode=0o644)
    everything(home)
    birds.secrets += canaries.key_lines(other_key.pem)
    assert_nobody_sings(birds)


def test_a_site_that_answers_with_secrets_is_not_quoted(
    home: Home, birds: Canaries, key: KeyPair
) -> None:
    home.site.put("QOL", [secret_row(n, key) for n in range(1, 5)])
    echo = f"{PASSWORD} {USER} {ANSWER} {NUMBER}"
    half = b"[" + wire(secret_row(1, key)) + b',{"id":2,"answer":"' + ANSWER.encode()
    for kind, detail in [
        ("status", {"code": 401, "message": echo}),
        ("status", {"code": 500, "message": echo}),
        ("html", {"body": HTML, "code": 500}),
        ("html", {"body": HTML}),
        ("garbled", {"bytes": half}),
        ("garbled", {"bytes": HTML}),
        ("garbled", {"bytes": wire({"answer": ANSWER})}),
        ("redirect", {"location": f"http://127.0.0.1:1/{ANSWER}?p={NUMBER}"}),
        ("truncated", {}),
        ("drop", {}),
        ("hang", {}),
    ]:
        for scale in ("", "QOL") if kind != "hang" else ("QOL",):
            home.site.fault(kind, scale=scale, **detail)
            home.run("export", "-vv")
            home.site.heal()
    home.site.fault("listing", body=[{"name": "QOL", "size": ANSWER, "deleteable": True}])
    home.run("export", "-vv")
    home.site.heal()
    home.site.fault("status", method="DELETE", code=500, message=echo)
    home.run("export", "-vv")
    everything(home)
    assert_nobody_sings(birds)


@pytest.mark.parametrize("code", [403, 503])
def test_replicas_say_nothing(
    home: Home, birds: Canaries, key: KeyPair, bucket: Bucket, code: int
) -> None:
    access, secret = canaries.REPLICA_KEYS
    replica = bucket.config(ACCESS_KEY=access, SECRET_KEY=secret)
    home.configure(REPLICAS=[replica])
    home.site.put("QOL", [secret_row(n, key) for n in range(1, 5)])
    bucket.store.fault("status", code=code, reason=secret)
    home.run("export", "-vv")
    everything(home)
    bucket.store.heal()
    everything(home)
    assert bucket.names()
    assert_nobody_sings(birds)


def test_a_disk_that_fails_says_nothing(
    home: Home, birds: Canaries, key: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.site.put("QOL", [secret_row(n, key) for n in range(1, 5)])
    home.run("export", "-vv")
    home.site.put("QOL", [secret_row(n, key) for n in range(5, 9)])
    for number in (errno.ENOSPC, errno.EIO):
        with monkeypatch.context() as broken:
            broken.setattr(disk, "_write_all", failing(OSError(number, "the disk")))
            home.run("export", "-vv")
    for path in home.paths("active_data", "QOL") + home.paths("raw_data", "QOL"):
        path.write_bytes(path.read_bytes().replace(b"PRE", b'P"R', 1) + ANSWER.encode())
    everything(home)
    (home.pool / "ledger.sqlite3").write_bytes(b"this is no database " * 50)
    everything(home)
    assert birds.singing() == []


def failing(error: Exception) -> Callable[..., NoReturn]:
    def fail(*given: Any, **named: Any) -> NoReturn:
        raise error

    return fail


@pytest.mark.parametrize("cause", [ValueError, KeyError, UnicodeError, ExceptionGroup])
def test_a_fault_of_the_program_tells_its_places_and_not_its_words(
    home: Home, birds: Canaries, key: KeyPair, monkeypatch: pytest.MonkeyPatch, cause: Any
) -> None:
    home.site.put("QOL", [secret_row(1, key)])
    home.run("export", "-vv")
    home.site.put("QOL", [secret_row(2, key)])
    words = (ANSWER, [ValueError(ANSWER)]) if cause is ExceptionGroup else (ANSWER, NUMBER)
    fault = cause(*words)
    fault.add_note(ANSWER)
    fault.__cause__ = RuntimeError(f"{PASSWORD} {ANSWER}")
    monkeypatch.setattr(round, "carry", failing(fault))
    assert home.run("export", "-vv").code == 70
    monkeypatch.setattr(commands.overview, "overview", failing(fault))
    assert home.run("status", "-vv").code == 70
    everything(home)
    assert_nobody_sings(birds)
    logged = b"".join(text for name, text in birds.said() if name.startswith("logs/"))
    for word in (cause.__name__, "RuntimeError", "mtdata/study/round/round.py:"):
        assert word.encode() in logged


def test_faults_of_the_config_say_nothing(home: Home, birds: Canaries) -> None:
    home.configure(PASS=[PASSWORD], USER={"name": USER}, TIMEOUT="soon")
    everything(home)
    home.configure(PASS=PASSWORD, USER=USER, TIMEOUT=1, SERVER=f"http://{USER}:{PASSWORD}@x")
    everything(home)
    assert birds.amount("noise") > 500
    assert birds.singing() == []


def test_mails_web_hooks_numbers_and_records_of_jobs_say_nothing(
    home: Home, birds: Canaries, key: KeyPair, other_key: KeyPair
) -> None:
    path = home.folder / "config" / "log.config"
    told = yaml.safe_load(path.read_text())
    where = {"HOST": "127.0.0.1", "TLS": "none", "FROM": "a@example.org", "TO": "b@example.org"}
    numbers = home.folder / "numbers.prom"
    (home.folder / "config" / "daemon.config").write_text(f"METRICS: {numbers}\n")
    home.site.put("QOL", [secret_row(n, key) for n in range(1, 5)])
    home.site.put("QOL", [secret_row(5, other_key), {"id": ANSWER, "answer": ANSWER}])
    with mailbox() as box, web_hook() as hook:
        told["MAIL"] = {**where, "PORT": box.port}
        told["WEBHOOKS"] = [f"{hook.url}/{PASSWORD.split()[0]}"]
        path.write_text(yaml.safe_dump(told))
        home.run("daemon", "--once", "-vv")
        echo = f"{PASSWORD} {USER} {ANSWER} {NUMBER}"
        home.site.fault("status", code=401, message=echo)
        home.run("daemon", "--once", "-vv")
        job = home.run("jobs", "add", "study.export", f"server={STUDY}", "-vv").shown["id"]
        home.run("runner", "--once", "-vv")
        for word in ("show", "log"):
            home.run("jobs", word, job, "-vv")
        assert box.mails
        assert hook.asked
        for mail in box.mails:
            birds.hear("a mail", str(mail.mail) + mail.body)
        for asked in hook.asked:
            birds.hear("a web hook", json.dumps(asked.body, ensure_ascii=False))
    close_records()
    assert numbers.stat().st_size > 500
    assert birds.amount("state/programme") > 500
    assert_nobody_sings(birds)
