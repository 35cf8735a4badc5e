"""Who ordered a job is told once when it ends, whatever is killed; a failed one is an incident."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import yaml
from django.db import connection

from mtdata.alerts import notify
from mtdata.alerts.incident import FAILED_REPORT as FAILED
from mtdata.config import Settings, load
from mtdata.core.errors import StorageError, UsageError
from mtdata.jobs.job_news import tell_of_ends
from mtdata.jobs.records import job_ends, orders, transitions
from mtdata.jobs.records.asking import now, whole
from mtdata.jobs.records.models import Job
from mtdata.jobs.states import Status
from tests.jobs import kinds
from tests.jobs.place import Place, until
from tests.mailbox import Mailbox, mailbox
from tests.webhook import Hook, web_hook

KINDS = {"rows": replace(kinds.KINDS["rows"], account="key", title="Rows")}
ANNA, PAGE = "anna@example.org", "https://data.example.org/mtdata"


@pytest.fixture
def people(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the page keeps of its users, as far as it matters here."""
    request.getfixturevalue("place" if "place" in request.fixturenames else "plain")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE auth_user (username VARCHAR(150), email VARCHAR(254), is_active BOOLEAN)"
        )
        rows = [("anna", ANNA, True), ("ben", "", True), ("eve", "eve@example.org", False)]
        cursor.executemany("INSERT INTO auth_user VALUES (%s, %s, %s)", rows)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE auth_user")


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found


@pytest.fixture
def hook() -> Iterator[Hook]:
    with web_hook() as found:
        yield found


def told_of(place: Place, box: Mailbox, hook: Hook, page: str = PAGE) -> Settings:
    """The settings with a mail server, a web hook and the page's address."""
    mail = {"HOST": "127.0.0.1", "PORT": box.port, "TLS": "none", "FROM": "mtdata@example.org",
            "TO": "lab@example.org"}  # fmt: skip
    written = yaml.safe_dump({"MAIL": mail, "WEBHOOKS": [f"{hook.url}/hook"]})
    (place.folder / "config" / "log.config").write_text(written)
    place.configure(TELL_JOBS=page)
    return load(place.folder / "config", {})


def job_of(place: Place, owner: str = "anna", **parameters: Any) -> Job:
    Job.objects.filter(pk=place.enter(**parameters)).update(owner=owner)
    return Job.objects.get(owner=owner)


def end(job: Job, status: Status, reason: str = "") -> None:
    """As the last of its parts ends it."""

    def move() -> None:
        locked = transitions.locked(job.pk)
        transitions.set_status(locked, Status.IN_PROGRESS)
        transitions.end(locked, status, now(), reason)

    whole(move)


def tell(settings: Settings) -> None:
    tell_of_ends(settings, KINDS)
    notify.spread(settings, lambda settings: {})


def of_jobs(hook: Hook) -> list[dict[str, Any]]:
    return [one.body["job"] for one in hook.asked if one.body and one.body["sort"] == "job"]


def failed(settings: Settings) -> dict[str, int]:
    """The jobs whose failing is an open incident, and its number."""
    found = notify.program_incidents(settings)
    return {one.scale: one.number for one in found if one.kind == FAILED}


@pytest.mark.usefixtures("people")
def test_who_ordered_it_is_mailed_once_with_a_link_and_hooks_get_it(
    place: Place, box: Mailbox, hook: Hook
) -> None:
    settings = told_of(place, box, hook)
    job = job_of(place, key="first")
    end(job, Status.SUCCESS)
    tell(settings)
    tell(settings)
    [mail] = box.mails
    assert (mail.to, mail.subject.partition("] ")[2][:13]) == ([ANNA], "Success: Rows")
    assert f"{PAGE}/jobs/{job.pk}/" in mail.body
    [posted] = of_jobs(hook)
    assert (posted["name"], posted["status"]) == (job.name, "Success")
    assert posted["url"] == f"{PAGE}/jobs/{job.pk}/"
    assert ANNA not in str(hook.asked)
    assert failed(settings) == {}


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("owner", ["ben", "eve", "", "nobody"])
def test_nobody_is_mailed_who_gave_no_address_or_was_shut_out(
    plain: Place, box: Mailbox, hook: Hook, owner: str
) -> None:
    settings = told_of(plain, box, hook)
    end(job_of(plain, owner), Status.SUCCESS)
    tell(settings)
    assert (box.mails, len(of_jobs(hook))) == ([], 1)


@pytest.mark.usefixtures("people")
def test_nothing_of_a_job_goes_out_unless_the_config_says_so(
    plain: Place, box: Mailbox, hook: Hook
) -> None:
    settings = told_of(plain, box, hook, page="")
    end(job_of(plain), Status.SUCCESS)
    tell(settings)
    assert (box.mails, hook.asked) == ([], [])
    tell(told_of(plain, box, hook))
    assert (box.mails, hook.asked) == ([], []), "it was over before"


@pytest.mark.usefixtures("people")
def test_a_kill_between_spooling_and_its_commit_tells_once_and_loses_none(
    plain: Place, box: Mailbox, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = told_of(plain, box, hook)
    end(job_of(plain), Status.FAILED, "the reason")
    with monkeypatch.context() as killing:
        killing.setattr(notify, "program_incident", lambda *words: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tell_of_ends(settings, KINDS)
    assert len(job_ends.untold_ends(9)) == 1
    tell(settings)
    assert [mail.to for mail in box.mails if ANNA in mail.to] == [[ANNA]]
    assert len(of_jobs(hook)) == 1
    assert job_ends.untold_ends(9) == []


@pytest.mark.usefixtures("people")
def test_what_no_disk_takes_stays_in_the_records(
    plain: Place, box: Mailbox, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = told_of(plain, box, hook)
    end(job_of(plain), Status.SUCCESS)

    def full(*words: object) -> bool:
        raise StorageError("the disk is full")

    with monkeypatch.context() as filling:
        filling.setattr(notify, "spool", full)
        tell(settings)
    assert box.mails == []
    tell(settings)
    assert len(box.mails) == 1


def test_of_two_runners_one_passes_it_on(place: Place) -> None:
    end(job_of(place), Status.SUCCESS)
    [ended] = job_ends.untold_ends(9)
    taken: list[int] = []
    both = threading.Barrier(2)

    def pass_on() -> None:
        both.wait()
        assert job_ends.pass_on(ended, lambda: not taken.append(1))  # type: ignore[func-returns-value]
        connection.close()

    threads = [threading.Thread(target=pass_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken == [1]


def test_a_report_that_failed_is_an_incident_until_its_retry_succeeds(
    plain: Place, box: Mailbox, hook: Hook
) -> None:
    settings = told_of(plain, box, hook)
    job = job_of(plain)
    end(job, Status.FAILED, "CAKE said no")
    tell(settings)
    assert list(failed(settings)) == [job.name]
    assert [mail.to for mail in box.mails] == [["lab@example.org"]]
    assert "a report failed for good" in box.mails[0].subject
    orders.retry(job.pk)
    tell(settings)
    assert list(failed(settings)) == [job.name], "it is not known yet"
    end(job, Status.SUCCESS)
    tell(settings)
    assert failed(settings) == {}


def test_one_that_a_person_closed_does_not_come_back(plain: Place) -> None:
    from mtdata.alerts.ledgers import close_incident

    job, program = job_of(plain), notify.ProgramLedger(plain.settings)
    end(job, Status.FAILED, "CAKE said no")
    tell(plain.settings)
    notify.program_incident(plain.settings, "log_unwritable", "", "full")
    [other] = [i.number for i in notify.program_incidents(plain.settings) if i.kind != FAILED]
    with pytest.raises(UsageError):
        close_incident(program, other)
    assert close_incident(program, failed(plain.settings)[job.name])
    tell(plain.settings)
    assert failed(plain.settings) == {}


def test_a_stopped_job_and_a_daily_one_are_no_such_incident(plain: Place) -> None:
    end(job_of(plain, "schedule"), Status.FAILED, "report_missed tells of it")
    tell(plain.settings)
    job = job_of(plain, "anna")
    orders.stop(job.pk)
    assert plain.status(str(job.pk)) == "Stopped"
    assert job_ends.untold_ends(9) == []
    tell(plain.settings)
    assert failed(plain.settings) == {}


@pytest.mark.usefixtures("people")
def test_a_runner_of_its_own_mails_and_posts_how_the_jobs_ended_that_it_carried(
    plain: Place, box: Mailbox, hook: Hook
) -> None:
    told_of(plain, box, hook)
    failing, sound = (plain.enter(rows=1, how=how) for how in ("fails", ""))
    Job.objects.update(owner="anna")
    plain.runner()
    plain.ended(failing, "Failed")
    plain.ended(sound, "Success")
    until(lambda: len(box.mails) + len(of_jobs(hook)) == 4, "two mails and two posts")
    assert [mail.to for mail in box.mails] == [[ANNA], [ANNA]]
    for job, status in (failing, "Failed"), (sound, "Success"):
        link = f"{PAGE}/jobs/{job}/"
        [subject] = [mail.subject for mail in box.mails if link in mail.body]
        assert f"] {status}: " in subject
        assert [one["status"] for one in of_jobs(hook) if one["url"] == link] == [status]
    outbox = plain.folder / "state" / "outbox"
    until(lambda: not list(outbox.glob("*.job.*")), "an empty outbox")
