"""From decision to delivery on fakes: order, pauses, full disks, kills; nothing lost, no flood."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from mtdata.alerts.dispatch import PUT_OFF_TRIES, REFUSED_TRIES, Notices
from mtdata.alerts.marker import Marker
from mtdata.alerts.message import Message
from mtdata.alerts.notice import AlertIntervals
from mtdata.alerts.outbox import Outbox
from mtdata.core.checks import PROGRAM
from mtdata.core.clock import SystemClock
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import PostError, PostPutOff, PostRefused, StorageError
from tests.fakes_disk import MemoryDisk
from tests.fakes_post import MemoryPost
from tests.ledgers import ledger_in_memory

AT = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PACE = AlertIntervals(6 * HOUR, 24 * HOUR)


class HandClock(SystemClock):
    """A clock set by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = AT

    def now(self) -> datetime:
        return self.moment


class FullDisk(MemoryDisk):
    """A disk that can be full: nothing new is written, what is there can be read and removed."""

    is_full = False

    def replace(self, path: str, content: bytes) -> None:
        if self.is_full:
            raise StorageError(f"{path}: cannot write: No space left on device")
        super().replace(path, content)


class Lab:
    """Two ledgers, an outbox, and three destinations."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.ledgers = {"study": ledger_in_memory(), PROGRAM: ledger_in_memory()}
        self.disk = FullDisk()
        self.outbox = Outbox(self.disk)
        self.marker = Marker(FolderDisk(Path("/nowhere")), "told_at_once")
        self.mail, self.escalation, self.hook = MemoryPost(), MemoryPost(), MemoryPost()
        self.posts = {"hook 1": self.hook, "mail": self.mail, "escalation": self.escalation}

    def notices(self) -> Notices:
        books = {name: ledger.notifications for name, ledger in self.ledgers.items()}
        return Notices(books, self.outbox, self.posts, self.clock, self._stuck, self.marker)

    def _stuck(self, destination: str, wrong: str) -> None:
        incidents = self.ledgers[PROGRAM].incidents
        if wrong:
            incidents.raise_incident("news_stuck", destination, wrong, self.clock.now())
        else:
            incidents.close_incidents(destination, ["news_stuck"], self.clock.now())

    def spread(self) -> None:
        self.notices().decide(PACE, "host")
        self.notices().send()

    def passes(self, span: timedelta, step: timedelta = 5 * MINUTE) -> None:
        for _ in range(round(span / step)):
            self.clock.moment += step
            self.spread()

    def opens(self, kind: str = "site_unreachable", scale: str = "") -> None:
        self.ledgers["study"].incidents.raise_incident(kind, scale, "so", self.clock.now())

    def ends(self, kind: str = "site_unreachable", scale: str = "") -> None:
        self.ledgers["study"].incidents.close_incidents(scale, [kind], self.clock.now())


@pytest.fixture
def lab() -> Lab:
    return Lab()


def sorts(post: MemoryPost) -> list[str]:
    return [one.sort for one in post.taken]


def test_whoever_is_to_be_told_is_told(lab: Lab) -> None:
    lab.opens()
    lab.spread()
    lab.passes(25 * HOUR)
    lab.ends()
    lab.spread()
    assert sorts(lab.mail) == ["opened", *["lasting"] * 4, "over"]
    assert sorts(lab.escalation) == ["escalated"]
    assert sorted(sorts(lab.hook)) == sorted(sorts(lab.mail) + sorts(lab.escalation))
    assert lab.outbox.waiting() == {}


def test_a_server_that_is_down_gets_everything_later_in_order(lab: Lab) -> None:
    lab.mail.fault = PostError("down")
    lab.opens()
    lab.passes(13 * HOUR)
    lab.ends()
    lab.passes(HOUR)
    assert lab.mail.taken == []
    assert sorts(lab.hook)[:2] == ["opened", "opened"]  # the second: mail is stuck
    lab.mail.fault = None
    lab.passes(2 * HOUR)
    assert sorts(lab.mail) == ["opened", "lasting", "lasting", "over"]
    assert lab.ledgers[PROGRAM].incidents.open_incidents() == []


def test_nobody_is_mailed_that_he_cannot_be_mailed(lab: Lab) -> None:
    del lab.posts["hook 1"], lab.posts["escalation"]
    lab.mail.fault = PostError("down")
    lab.opens("leftover")
    lab.passes(4 * HOUR)
    assert len(lab.outbox.waiting()["mail"]) == 1
    [stuck] = lab.ledgers[PROGRAM].incidents.open_incidents()
    assert (stuck.kind, stuck.scale) == ("news_stuck", "mail")
    lab.mail.fault = None
    lab.passes(2 * HOUR)
    assert sorts(lab.mail) == ["opened"]
    assert "cannot be delivered" not in lab.mail.taken[0].body


def test_tries_come_in_growing_pauses(lab: Lab) -> None:
    tried = []

    class Down(MemoryPost):
        def deliver(self, message: object) -> str:
            tried.append(lab.clock.now())
            raise PostError("down")

    lab.posts = {"mail": Down()}
    lab.opens("leftover")
    lab.spread()
    lab.passes(5 * HOUR, MINUTE)
    gaps = [(b - a) / MINUTE for a, b in pairwise(tried)]
    assert gaps[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert set(gaps[7:]) == {60}


def test_a_message_that_is_refused_for_ever_lets_the_others_by(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    lab.posts = {"mail": lab.mail}
    lab.mail.fault = PostRefused("no")
    lab.opens("leftover")
    lab.spread()
    with caplog.at_level(logging.ERROR):
        lab.passes(36 * HOUR)
    assert f"given up after {REFUSED_TRIES} tries" in caplog.text


class SomePost(MemoryPost):
    """Two people; "late" is put off while `puts_off`."""

    puts_off = True

    def __init__(self) -> None:
        super().__init__()
        self.got: dict[str, list[str]] = {"early": [], "late": []}
        self.tries = 0

    def deliver(self, message: Message) -> str:
        self.tries += 1
        wanted = message.to or tuple(self.got)
        taken = [who for who in wanted if not (who == "late" and self.puts_off)]
        for who in taken:
            self.got[who].append(message.sort)
        if len(taken) < len(wanted):
            raise PostPutOff("later", ["late"], is_partial=bool(taken))
        return ""


def test_who_is_put_off_gets_it_later_and_holds_up_nobody(lab: Lab) -> None:
    post = SomePost()
    lab.posts = {"mail": post}
    lab.opens()
    lab.passes(HOUR)
    lab.ends()
    lab.passes(HOUR)
    assert post.got == {"early": ["opened", "over"], "late": []}
    assert [one.kind for one in lab.ledgers[PROGRAM].incidents.open_incidents()] == ["news_stuck"]
    post.puts_off = False
    lab.passes(3 * HOUR)
    assert post.got == {"early": ["opened", "over"], "late": ["opened", "over"]}
    assert lab.outbox.waiting() == {}
    assert lab.ledgers[PROGRAM].incidents.open_incidents() == []


def test_who_is_put_off_for_five_days_is_given_up(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    post = SomePost()
    lab.posts = {"mail": post}
    lab.opens()
    lab.ends()
    lab.opens("leftover")
    lab.spread()
    lab.ends("leftover")
    with caplog.at_level(logging.ERROR):
        lab.passes(timedelta(days=6), 30 * MINUTE)
    assert f"given up after {PUT_OFF_TRIES} tries" in caplog.text
    assert lab.outbox.waiting() == {}


def test_nobody_is_mailed_twice_though_the_disk_does_not_take_who_is_left(lab: Lab) -> None:
    post = SomePost()
    lab.posts = {"mail": post}
    lab.opens()
    lab.notices().decide(PACE, "host")
    lab.disk.is_full = True
    lab.passes(5 * HOUR)
    assert post.got["early"].count("opened") == 1
    assert post.tries > 2
    lab.disk.is_full = False
    post.puts_off = False
    lab.passes(2 * HOUR)
    assert post.got["late"].count("opened") == post.got["early"].count("opened") == 1


def test_some_who_are_told_at_once_past_a_full_disk_are_not_told_again(lab: Lab) -> None:
    post = SomePost()
    lab.posts = {"mail": post}
    lab.disk.is_full = True
    lab.opens()
    lab.passes(HOUR)
    assert post.got["early"] == ["opened"]


def test_where_the_outbox_is_full_the_mail_goes_out_at_once(lab: Lab) -> None:
    lab.disk.is_full = True
    lab.opens()
    lab.passes(HOUR)
    assert sorts(lab.mail) == ["opened"]
    lab.ends()
    lab.spread()
    assert sorts(lab.mail) == ["opened", "over"]


def test_where_the_outbox_is_full_and_the_server_down_it_is_told_later(lab: Lab) -> None:
    lab.disk.is_full = True
    lab.posts = {"mail": lab.mail}
    lab.mail.fault = PostError("down")
    lab.opens()
    lab.passes(HOUR)
    assert lab.mail.taken == []
    lab.mail.fault = None
    lab.passes(HOUR)
    assert sorts(lab.mail) == ["opened"]


@pytest.mark.parametrize("outbox_too", [False, True])
def test_where_the_ledger_is_full_there_is_no_flood(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, *, outbox_too: bool
) -> None:
    def full(*rest: object, **more: object) -> None:
        raise StorageError("No space left on device")

    lab.opens()
    lab.disk.is_full = outbox_too
    with monkeypatch.context() as patched:
        patched.setattr(lab.ledgers["study"].notifications, "enter", full)
        lab.passes(HOUR)
    assert sorts(lab.mail) == ["opened"]
    lab.disk.is_full = False
    lab.passes(HOUR)
    lab.ends()
    lab.passes(HOUR)
    assert sorts(lab.mail) == ["opened", "over"]


def test_where_nothing_at_all_can_be_written_there_is_one_message_in_a_digest_s_time(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*rest: object, **more: object) -> None:
        raise StorageError("No space left on device")

    lab.opens()
    lab.spread()
    lab.disk.is_full = True
    monkeypatch.setattr(lab.ledgers["study"].notifications, "enter", full)
    for _ in range(13 * 12):
        lab.passes(5 * MINUTE)
        lab.outbox = Outbox(lab.disk)  # as with cron: each pass is a process of its own
    assert sorts(lab.mail) == ["opened", "lasting", "lasting"]


def test_a_ledger_that_cannot_be_read_silences_no_other(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*rest: object) -> None:
        raise StorageError("malformed")

    monkeypatch.setattr(lab.ledgers["study"].notifications, "news", broken)
    monkeypatch.setattr(lab.ledgers["study"].notifications, "forget", broken)
    lab.ledgers[PROGRAM].incidents.raise_incident("config_refused", "", "so", AT)
    lab.spread()
    assert "config is faulty" in lab.mail.taken[0].subject


def test_a_destination_that_is_no_longer_configured_is_forgotten(lab: Lab) -> None:
    lab.hook.fault = PostError("down")
    lab.opens()
    lab.spread()
    del lab.posts["hook 1"]
    lab.passes(HOUR)
    assert lab.outbox.waiting() == {}


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_kill_between_any_two_steps_loses_nothing_and_doubles_one_at_most(cut: int) -> None:
    class KillError(BaseException):
        """The program ends here."""

    lab = Lab()
    lab.posts = {"mail": lab.mail}
    steps = 0

    def counted(act: object) -> object:
        def step(*rest: object, **more: object) -> object:
            nonlocal steps
            steps += 1
            if steps == cut:
                raise KillError
            return act(*rest, **more)  # type: ignore[operator]

        return step

    telling = lab.ledgers["study"].notifications
    with pytest.MonkeyPatch.context() as patched:
        for owner, name in (
            (lab.disk, "replace"),
            (lab.disk, "remove"),
            (telling, "enter"),
            (lab.mail, "deliver"),
        ):
            patched.setattr(owner, name, counted(getattr(owner, name)))
        try:
            lab.opens()
            lab.spread()
            lab.clock.moment += MINUTE
            lab.ends()
            lab.spread()
        except KillError:
            pass
    if not lab.ledgers["study"].incidents.incidents()[0].closed_at:
        lab.clock.moment += MINUTE
        lab.spread()
        lab.ends()
    lab.outbox = Outbox(lab.disk)
    lab.passes(HOUR)
    keys = [one.key for one in lab.mail.taken]
    assert sorted({one.sort for one in lab.mail.taken}) == ["opened", "over"]
    assert len(keys) - len(set(keys)) <= 1  # a double has the same Message-ID
    assert len(set(keys)) == 2
