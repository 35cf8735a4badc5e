"""What people of one instance of CAKE get at: its jobs, at the addresses open to them; no more."""

from __future__ import annotations

import re

import pytest

from mtdata.duties import KINDS
from tests.web.office import DAYS, SORTS, Made, Office
from tests.web.site import Visitor
from tests.web.test_access import LINES, NOT_OF_DJANGO, ask, filled, told

OPEN = """
/healthz /login/ /login/cake/ /logout/ /account/ /account/mail/ /
/jobs/ /jobs/several/ /jobs/ended/ /jobs/stop/ /jobs/daily/ /jobs/new/ /jobs/new/<str:kind>/
/jobs/<uuid:job>/ /jobs/<uuid:job>/live/
/jobs/<uuid:job>/log/ /jobs/<uuid:job>/parts/ /jobs/<uuid:job>/artifacts/
/jobs/<uuid:job>/stop/ /jobs/<uuid:job>/retry/ /jobs/<uuid:job>/undo/
/jobs/<uuid:job>/artifacts/<int:number>/renew/ /jobs/<uuid:job>/artifacts/<int:number>/revoke/
/jobs/<uuid:job>/zip/ /jobs/<uuid:job>/renew/ /d/<str:word>
""".split()
"""Addresses where guests may ask at all.  A new one here wants its line in PATHS below."""
PATHS = (
    ("GET", "/jobs/{0.job}/", 200),
    ("GET", "/jobs/{0.job}/live/", 200),
    ("GET", "/jobs/{0.job}/log/", 200),
    ("GET", "/jobs/{0.job}/parts/", 200),
    ("GET", "/jobs/{0.job}/artifacts/", 200),
    ("GET", "/jobs/{0.job}/zip/", 200),
    ("GET", "{0.link}", 200),
    ("HEAD", "{0.link}", 200),
    ("POST", "/jobs/{0.job}/renew/", 303),
    ("POST", "/jobs/{0.job}/artifacts/{0.artifact}/revoke/", 303),
    ("POST", "/jobs/{0.job}/artifacts/{0.artifact}/renew/", 303),
    ("POST", "/jobs/{0.job}/retry/", 303),
    ("POST", "/jobs/{0.job}/undo/", 303),
    ("POST", "/jobs/{0.job}/stop/", 303),
)
GUESTS = ("first", "second")


pytestmark = pytest.mark.usefixtures("no_job")


def sent(visitor: Visitor, method: str, path: str) -> int:
    return (
        visitor.submit(path).status_code
        if method == "POST"
        else getattr(visitor, method.lower())(path).status_code
    )


def test_every_address_is_closed_to_guests_that_is_not_named_open(office: Office) -> None:
    made = office.made("first")
    guest = office.guest("first")
    found = {}
    for line in LINES:
        if line.address.startswith((*NOT_OF_DJANGO, "/logout/")):
            continue
        for method in line.methods:
            answer = told(ask(guest, method, filled(line.address, made.job)))
            found[method, line.address] = answer
    assert {address for _, address in found} > set(OPEN) - {"/logout/"}
    closed = {key: answer for key, answer in found.items() if key[1] not in OPEN}
    assert len(closed) > 50
    assert closed == dict.fromkeys(closed, "403")
    opened = {answer for key, answer in found.items() if key[1] in OPEN}
    assert opened == {"in", "404", "405"}


def test_who_stops_all_of_these_stops_those_of_their_account_alone(office: Office) -> None:
    from mtdata.jobs import queue
    from mtdata.jobs.records.models import Job

    def add(account: str) -> str:
        given = DAYS | {"account": account}
        return str(queue.add(office.settings, KINDS, "cake.clicks", given, "somebody").pk)

    jobs = {account: add(account) for account in GUESTS}
    assert office.guest("first").submit("/jobs/stop/").status_code == 303
    found = {account: Job.objects.get(pk=job).status for account, job in jobs.items()}
    Job.objects.filter(pk__in=jobs.values()).delete()
    assert found == {"first": "Stopped", "second": "Queued"}


@pytest.mark.parametrize(("method", "path", "code"), PATHS)
def test_a_job_is_there_for_the_people_of_its_account_alone(
    office: Office, method: str, path: str, code: int
) -> None:
    made = {sort: office.made(sort) for sort in SORTS}
    codes = {
        (who, sort): sent(office.guest(who), method, path.format(made[sort]))
        for who in GUESTS
        for sort in SORTS
    }
    # the last of them: an order of those who may not must have changed nothing before
    assert codes == {(who, sort): code if who == sort else 404 for who, sort in codes}
    assert sent(office.visitor("operator"), "GET", f"/jobs/{made['none'].job}/") == 200


def test_every_open_address_of_a_job_is_in_the_matrix() -> None:
    of_job = {address for address in OPEN if "<uuid:job>" in address or address.startswith("/d/")}
    asked = {
        path.format(Made("<uuid:job>", "<int:number>", "/d/<str:word>")) for _, path, _ in PATHS
    }  # type: ignore[arg-type]
    assert asked == of_job


def test_a_strange_job_s_artifact_is_not_reached_through_an_own_job(office: Office) -> None:
    own, other = office.made("first"), office.made("second")
    guest = office.guest("first")
    for word in ("renew", "revoke"):
        assert sent(guest, "POST", f"/jobs/{own.job}/artifacts/{other.artifact}/{word}/") == 404
    assert office.guest("second").get(other.link).text == "of second\r\n"


@pytest.mark.parametrize("who", GUESTS)
def test_the_list_names_and_counts_no_other_job(office: Office, who: str) -> None:
    made = {sort: office.made(sort) for sort in SORTS}
    guest = office.guest(who)
    asked = (
        "",
        "?status=Success",
        "?kind=cake.clicks",
        "?owner=somebody",
        "?name=clicks",
        "?page=9",
    )
    for query in asked:
        page = guest.get(f"/jobs/{query}").text
        assert re.search(r"\b1 job\b", page), query
        assert {sort for sort in SORTS if made[sort].job in page} == {who}
    assert "No job fits" in guest.get("/jobs/?kind=rows").text
    every = office.visitor("viewer").get("/jobs/").text
    assert {sort for sort in SORTS if made[sort].job in every} == set(SORTS)


def test_an_order_to_several_jobs_reaches_the_own_ones_alone(office: Office) -> None:
    made = {sort: office.made(sort) for sort in SORTS}
    guest, at = office.guest("first"), "/jobs/several/"
    page = guest.get(at).text
    assert {sort for sort in SORTS if made[sort].job in page} == {"first"}
    before = {sort: office.visitor("operator").get(made[sort].link).status_code for sort in SORTS}
    assert set(before.values()) == {200}
    guest.submit(at, at, order="renew", job=[one.job for one in made.values()])
    after = {sort: office.visitor("operator").get(made[sort].link).status_code for sort in SORTS}
    assert after == {"first": 410, "second": 200, "none": 200}


def test_an_order_to_several_jobs_asks_for_no_more_hours_than_an_owner_may(office: Office) -> None:
    from mtdata.jobs.records.models import Job

    guest, at, job = office.guest("first"), "/jobs/several/", office.made("first").job
    days = {**DAYS, "from": "2013-01-01", "account": "first"}
    Job.objects.filter(pk=job).update(status="Failed", parameters=days)
    guest.submit(at, at, order="retry", job=job)
    assert "QUEUE_HOURS" in guest.get("/jobs/").text
    assert Job.objects.get(pk=job).status == "Failed"


def test_daily_reports_are_seen_and_made_within_reach(office: Office) -> None:
    from mtdata.jobs.records.models import Job

    guest, at = office.guest("first"), "/jobs/daily/"
    page = guest.get(at).text
    assert "Clicks of first now" in page
    assert "second" not in page, "that is of another instance"
    for account, kind in (("second", "cake.clicks"), ("first", "rows"), ("", "")):
        assert guest.submit(at, at, account=account, kind=kind).status_code == 404
    told = []
    for _ in range(2):
        assert guest.submit(at, at, account="first", kind="cake.clicks").status_code == 303
        told.append(guest.get(at).text)
    assert "is queued." in told[0]
    assert "Nothing was queued" in told[1]
    made = Job.objects.filter(name__startswith="daily_cake.clicks_first_")
    assert [job.owner for job in made] == ["schedule"], "as the daemon would, which makes no second"
    # an account without a time of its own has none
    other = office.visitor("operator")
    assert other.submit(at, at, account="second", kind="cake.clicks").status_code == 303
    assert "has no DAILY_AT" in other.get(at).text


def test_menus_lead_nowhere_that_is_closed(office: Office) -> None:
    made, guest = office.made("first"), office.guest("first")
    pages = ("/jobs/", "/jobs/new/", "/account/", f"/jobs/{made.job}/", "/jobs/new/cake.clicks/")
    guest.get("/account/")  # tells what an earlier test ordered: that job is gone
    links = set()
    for page in pages:
        links |= set(re.findall(r'(?:href|action)="(/[^"]*)"', guest.get(page).text))
    assert "/jobs/new/cake.conversions/" in links
    codes = {link: guest.get(link).status_code for link in links}
    assert {link: code for link, code in codes.items() if code not in (200, 302, 303, 405)} == {}
    assert "password" not in guest.get("/account/").text.replace("your password is kept by", "")


def test_a_form_takes_the_accounts_of_the_own_instance_alone(office: Office) -> None:
    guest, form = office.guest("first"), "/jobs/new/cake.clicks/"
    other = office.made("second")
    for page in (guest.get(form), guest.get(f"{form}?from={other.job}")):
        assert 'value="first"' in page.text
        assert "second" not in page.text
        assert "2023-05-02" not in page.text
    forged = [guest.submit(form, **DAYS, account=word) for word in ("second", "third", ".")]
    assert [answer.status_code for answer in forged] == [400] * 3
    # what is not theirs is as what is not there
    assert "it has first." in forged[0].text
    assert "it has first." in forged[1].text
    kinds = ("rows", "study.export", "study.decode", "nothing")
    assert [guest.submit(f"/jobs/new/{kind}/").status_code for kind in kinds] == [404] * 4


def test_a_guest_queues_and_it_is_known_who(office: Office) -> None:
    from mtdata.jobs.records.models import Job

    for given in ({}, {"account": "first"}):  # it is the only one of theirs
        answer = office.guest("first").submit("/jobs/new/cake.clicks/", **DAYS, **given)
        assert answer.status_code == 303
        job = Job.objects.get(pk=answer.headers["Location"].split("/")[2])
        assert job.parameters["account"] == "first"
        assert job.owner == f"cake:first@example.com@{office.instances['first'].domain}"
        assert sent(office.guest("second"), "GET", answer.headers["Location"]) == 404
