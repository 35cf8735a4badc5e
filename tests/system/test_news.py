"""Who is told by the commands: mails, web hooks, the heartbeat; a mail fault never ends a round."""

from __future__ import annotations

import errno
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from mtdata.alerts import notify
from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.incidents import Incidents
from mtdata.config import Settings, load
from mtdata.core import disk
from mtdata.core.errors import StorageError
from mtdata.core.lock import PoolLock
from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.ledger import Ledger
from mtdata.study.operations.opening import incident_ledgers
from tests.mailbox import Mailbox, hang, mailbox, talking
from tests.system.home import ROOT, STUDY, Home, row
from tests.webhook import Hook, web_hook

SECRET = "hunter2-secret"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as started:
        yield started


@pytest.fixture
def hook() -> Iterator[Hook]:
    with web_hook() as started:
        yield started


def tell(home: Home, port: int, **more: Any) -> Settings:
    """Have the home mail to that port; the keys of log.config beside MAIL, or MAIL itself."""
    mail = {
        "HOST": "127.0.0.1",
        "PORT": port,
        "TLS": "none",
        "FROM": "mtdata@example.org",
        "TO": ["lab@example.org"],
        "ESCALATE_TO": ["chief@example.org"],
        "TIMEOUT": "20s",
    } | more.pop("MAIL", {})
    (home.folder / "config" / "log.config").write_text(yaml.safe_dump({"MAIL": mail, **more}))
    return load(home.folder / "config", {})


def leave_some(home: Home) -> None:
    """A trouble that lasts for some rounds, each of which ends well: leftovers."""
    home.configure(DELETE_MODE=True, DELETE_LIMIT=1)
    home.site.put("QOL", [row(number) for number in range(1, 21)])


def subjects(box: Mailbox) -> list[str]:
    """What the mails are about, without the host."""
    return [one.subject.partition("] ")[2] for one in box.mails]


def test_a_site_that_goes_down_and_comes_back_makes_two_mails(home: Home, box: Mailbox) -> None:
    tell(home, box.port)
    home.export()
    home.site.stop()
    for _ in range(3):
        home.run("export", STUDY)
    assert subjects(box) == ["CRITICAL study: the site cannot be reached"]
    assert "mtdata incidents study" in box.mails[0].body
    home.site.start()
    home.run("export", STUDY)
    assert subjects(box)[1:] == ["over, was CRITICAL study: the site cannot be reached"]
    assert box.mails[0].to == ["lab@example.org"]


def test_what_lasts_comes_in_digests_and_then_to_somebody_else(home: Home, box: Mailbox) -> None:
    tell(home, box.port)
    home.site.stop()
    for _ in range(9):
        home.run("export", STUDY)
        home.now += timedelta(hours=3, minutes=1)
    told = [one.subject.partition("] ")[2].split(" ")[0] for one in box.mails]
    assert told == ["CRITICAL", "still", "still", "still", "still", "lasts"]
    assert [one.to for one in box.mails][-1] == ["chief@example.org"]


def test_verify_tells_as_well(home: Home, box: Mailbox) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    home.site.stop()
    home.run("export", STUDY)
    tell(home, box.port)
    home.run("verify")
    assert subjects(box) == ["CRITICAL study: the site cannot be reached"]


def test_where_nobody_is_to_be_told_nothing_is_made(home: Home) -> None:
    home.site.stop()
    home.run("export", STUDY)
    notify.spread(load(home.folder / "config", {}), incident_ledgers)
    assert not (home.folder / "state").exists()


def test_a_mail_server_that_hangs_ends_no_round_and_is_told_to_the_hook(
    home: Home, hook: Hook
) -> None:
    leave_some(home)
    with talking(hang) as port:
        tell(home, port, MAIL={"TIMEOUT": "1s"}, WEBHOOKS=[f"{hook.url}/{SECRET}"])
        home.export()
        home.export()
        assert home.run("export", STUDY).code == 0
    [stuck] = home.run("incidents").shown["sites"]["(program)"]["incidents"]
    assert (stuck["kind"], stuck["scale"]) == ("news_stuck", "mail")
    told = [one["kind"] for asked in hook.asked if asked.body for one in asked.body["incidents"]]
    assert "leftover" in told
    assert "news_stuck" in told


def test_what_waited_goes_out_when_the_server_is_back(home: Home, box: Mailbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    tell(home, port)
    leave_some(home)
    for _ in range(3):
        home.export()
    tell(home, box.port)
    for _ in range(3):
        home.now += timedelta(hours=1)
        home.export()
    assert [subject.split(" ")[0] for subject in subjects(box)] == ["WARNING"]
    assert "(program)" not in home.run("incidents").shown["sites"]


def test_an_address_that_is_put_off_gets_the_mail_later_and_the_others_once(
    home: Home, box: Mailbox
) -> None:
    tell(home, box.port, MAIL={"TO": ["Läb <lab@example.org>", "dean@example.org"]})
    box.refuses["RCPT dean@example.org"] = "450 4.2.0 greylisted"
    home.site.stop()
    for _ in range(2):
        home.run("export", STUDY)
    assert [one.to for one in box.mails] == [["lab@example.org"]]
    [stuck] = home.run("incidents").shown["sites"]["(program)"]["incidents"]
    assert "puts off 1 of 2 addresses (number 2: 450 4.2.0)" in stuck["detail"]
    box.refuses.clear()
    home.now += timedelta(hours=1)
    home.run("export", STUDY)
    assert [one.to for one in box.mails] == [["lab@example.org"], ["dean@example.org"]]
    assert len(set(subjects(box))) == 1
    assert "(program)" not in home.run("incidents").shown["sites"]


def test_no_secret_is_in_any_file_or_line(
    home: Home, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    hook.code = 500
    tell(
        home,
        port,
        MAIL={"TLS": "tls", "USER": f"user-{SECRET}", "PASS": SECRET},
        WEBHOOKS=[f"{hook.url}/{SECRET}"],
        HEARTBEAT_URL=f"{hook.url}/{SECRET}/{{site}}",
    )
    home.site.stop()
    for words in (("export", STUDY), ("check",), ("check", "--mail"), ("incidents",), ("status",)):
        home.run(*words)
    state = [path for path in (home.folder / "state").rglob("*") if path.is_file()]
    assert any(path.parent.name == "outbox" for path in state)
    for path in state:
        assert SECRET.encode() not in path.read_bytes(), path
    assert SECRET not in "".join(home.noises) + caplog.text


def test_check_says_whom_it_tells_and_sends_a_test_on_demand(home: Home, box: Mailbox) -> None:
    [told] = [one for one in home.run("check").shown["findings"] if one["what"] == "MAIL"]
    assert (told["site"], told["verdict"]) == ("(program)", "odd")
    tell(home, box.port)
    [told] = [one for one in home.run("check").shown["findings"] if one["what"] == "MAIL"]
    assert f"127.0.0.1:{box.port}, TLS none" in told["told"]
    assert box.mails == []
    ended = home.run("check", "--mail")
    assert ended.code == 0
    found = {one["what"]: one["told"] for one in ended.shown["findings"]}
    assert found["mail"] == found["escalation"] == "took the test"
    assert [one.to for one in box.mails] == [["lab@example.org"], ["chief@example.org"]]
    assert all("TEST" in one.subject for one in box.mails)


def test_check_says_which_destination_does_not_take_the_test(
    home: Home, box: Mailbox, hook: Hook
) -> None:
    tell(home, box.port, WEBHOOKS=[hook.url, f"{hook.url}/2"])
    box.refuses["RCPT chief@example.org"] = "550 5.1.1 nobody"
    ended = home.run("check", "--mail")
    assert ended.code == 69
    found = {one["what"]: one for one in ended.shown["findings"]}
    assert {
        name: found[name]["verdict"] for name in ("mail", "escalation", "hook 1", "hook 2")
    } == {
        "mail": "good",
        "escalation": "bad",
        "hook 1": "good",
        "hook 2": "good",
    }
    assert "550 5.1.1" in found["escalation"]["told"]
    (home.folder / "config" / "log.config").unlink()
    assert home.run("check", "--mail").code == 78


def test_the_heartbeat_goes_with_each_round(home: Home, hook: Hook) -> None:
    (home.folder / "config" / "log.config").write_text(f"HEARTBEAT_URL: {hook.url}/{{site}}\n")
    home.site.put("QOL", [row(1)])
    home.export()
    assert hook.paths == ["/study/start", "/study"]
    home.site.stop()
    home.run("export", STUDY)
    assert hook.paths[2:] == ["/study/start", "/study/fail"]
    with PoolLock(home.pool).hold():
        home.run("export", STUDY)  # it was somebody else's round
    assert hook.paths[4:] == ["/study/start"]
    hook.code = 500
    home.site.start()
    assert home.run("export", STUDY).code == 0


def test_two_programs_never_tell_the_same(home: Home, box: Mailbox) -> None:
    settings = tell(home, box.port)
    home.site.stop()
    with PoolLock(home.folder / "state" / "outbox").hold():
        home.run("export", STUDY)
        assert box.mails == []
    notify.spread(settings, incident_ledgers)
    notify.spread(settings, incident_ledgers)
    assert len(box.mails) == 1


def test_an_outbox_that_nobody_may_write_silences_nothing(home: Home, box: Mailbox) -> None:
    tell(home, box.port)
    leave_some(home)
    (home.folder / "state").mkdir()
    (home.folder / "state" / "outbox").write_bytes(b"a file in the way stops root as well")
    for _ in range(4):
        home.export()
    assert [subject.split(" ")[0] for subject in subjects(box)] == ["WARNING"]


def test_the_program_tells_its_own_troubles(home: Home, box: Mailbox) -> None:
    settings = tell(home, box.port)
    notify.close_program_incident(settings, "config_refused", "")
    assert not (home.folder / "state").exists()
    for _ in range(2):
        notify.program_incident(settings, "config_refused", "", "server.config: site x: odd")
        notify.spread(settings, incident_ledgers)
    home.now += timedelta(minutes=5)
    notify.close_program_incident(settings, "config_refused", "")
    notify.spread(settings, incident_ledgers)
    title = "ERROR (program): a changed config is faulty; the old one holds"
    assert subjects(box) == [title, f"over, was {title}"]


def test_a_ledger_that_is_damaged_silences_no_other(home: Home, box: Mailbox) -> None:
    settings = tell(home, box.port)
    home.pool.mkdir()
    (home.pool / Ledger.NAME).write_bytes(b"no database" * 1000)
    notify.program_incident(settings, "task_failed", "verify study", "so")
    notify.spread(settings, incident_ledgers)
    assert subjects(box) == [
        "CRITICAL (program) verify study: a task ended by a fault of the program"
    ]


def test_what_the_pool_s_ledger_cannot_take_is_told_all_the_same(home: Home, box: Mailbox) -> None:
    tell(home, box.port)
    home.site.put("QOL", [row(1)])
    home.export()
    ledger = home.pool / Ledger.NAME
    kept = ledger.read_bytes()
    ledger.write_bytes(b"no database" * 1000)
    for _ in range(3):
        assert home.run("export", STUDY).code == 74
    title = "CRITICAL (program) pool study: the pool cannot be written, read or trusted"
    assert subjects(box) == [title]
    ledger.write_bytes(kept)
    home.export()
    assert f"over, was {title}" in subjects(box)


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_disk_that_takes_nothing_at_all_is_told_once_in_a_digest_s_time(
    home: Home, box: Mailbox, monkeypatch: pytest.MonkeyPatch, *, goes_on: bool
) -> None:
    def full(*rest: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    @contextmanager
    def none(*rest: object) -> Iterator[None]:
        raise StorageError("the ledger cannot be used: database or disk is full")
        yield

    tell(home, box.port)
    home.site.put("QOL", [row(1)])
    home.export()
    with monkeypatch.context() as patched:
        patched.setattr(disk, "_write_all", full)
        patched.setattr(LedgerDatabase, "commit", none)
        for _ in range(4):
            assert home.run("export", STUDY).code == 74
            if not goes_on:  # cron: each round is a process of its own
                notify._markers.clear()
        assert len(box.mails) == 1
        home.now += timedelta(hours=6)
        home.run("export", STUDY)
    assert subjects(box) == ["CRITICAL (program) pool study: " + KINDS["storage"].title] * 2


def test_an_incident_of_a_scale_that_the_ledger_refuses_is_told_all_the_same(
    home: Home, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(home, box.port)
    home.site.put("QOL", [b'{"id":2,"oops"}'])
    before = Incidents.raise_incident

    def full(incidents: Incidents, kind: str, scale: str, detail: str, at: datetime) -> bool:
        if kind == "entry_malformed" and scale == "QOL":
            raise StorageError("no space left on device")
        return before(incidents, kind, scale, detail, at)

    with monkeypatch.context() as patched:
        patched.setattr(Incidents, "raise_incident", full)
        home.run("export", STUDY)
    assert "(program) pool study QOL: entries are held: malformed" in subjects(box)[0]
    home.run("export", STUDY)
    assert any(subject.startswith("over, was ERROR (program)") for subject in subjects(box))


SPREADING = """
import sys
from pathlib import Path
from mtdata.alerts import notify
from mtdata.config import load
from mtdata.study.operations.opening import incident_ledgers
settings = load(Path(sys.argv[1]), {})
print("ready", flush=True)
while True:
    notify.spread(settings, incident_ledgers)
"""


def test_what_was_stuck_and_is_no_longer_configured_is_over(home: Home, hook: Hook) -> None:
    hook.code = 500
    (home.folder / "config" / "log.config").write_text(f"WEBHOOKS: {hook.url}\n")
    home.site.stop()
    home.run("export", STUDY)
    assert "(program)" in home.run("incidents").shown["sites"]
    (home.folder / "config" / "log.config").unlink()
    home.run("export", STUDY)
    assert "(program)" not in home.run("incidents").shown["sites"]


def test_two_programs_at_once_tell_each_thing_once(home: Home, box: Mailbox) -> None:
    tell(home, box.port, MAIL={"ESCALATE_TO": []})
    home.pool.mkdir()
    words = [sys.executable, "-c", SPREADING, str(home.folder / "config")]
    both = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for one in both:
            assert one.stdout is not None
            assert one.stdout.readline() == b"ready\n"
        with closing(Ledger(home.pool / Ledger.NAME)) as ledger:
            for number in range(4):
                ledger.incidents.raise_incident("leftover", f"S{number}", "so", datetime.now(UTC))
                until = time.monotonic() + 60
                while len(box.mails) <= number and time.monotonic() < until:
                    time.sleep(0.02)
    finally:
        for one in both:
            one.kill()
            one.communicate()
    assert [subject.split(":")[0] for subject in subjects(box)] == [
        f"WARNING study S{number}" for number in range(4)
    ]


def test_a_program_that_is_killed_again_and_again_tells_each_thing_once_or_doubles_it(
    home: Home, box: Mailbox
) -> None:
    tell(home, box.port, MAIL={"ESCALATE_TO": []})
    home.pool.mkdir()
    kinds = ["storage", "silence", "entry_conflict", "raw_changed", "key_wrong", "name_refused"]
    with closing(Ledger(home.pool / Ledger.NAME)) as ledger:
        for number, kind in enumerate(kinds):
            words = [sys.executable, "-c", SPREADING, str(home.folder / "config")]
            with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as running:
                assert running.stdout is not None
                assert running.stdout.readline() == b"ready\n"
                ledger.incidents.raise_incident(kind, f"S{number}", "so", home.now)
                time.sleep(0.01 * number)  # somewhere on the way; nothing is measured
                running.send_signal(signal.SIGKILL)
    settings = load(home.folder / "config", {})
    for _ in range(2):
        home.now += timedelta(hours=2)
        notify.spread(settings, incident_ledgers)
    told = [one for one in box.mails if "] still " not in one.subject]
    for number in range(len(kinds)):
        about = {str(one.mail["Message-ID"]) for one in told if f"study S{number}: " in one.body}
        assert 1 <= len(about) <= 2
    waiting = [path.name for path in Path(home.folder / "state" / "outbox").glob("0*.json")]
    assert waiting == []
