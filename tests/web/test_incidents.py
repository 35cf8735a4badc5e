"""Troubles on the page: the gravest first, with what to do; who may close them, and how."""

from __future__ import annotations

import re

from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.notify import close_program_incident, program_incident
from mtdata.jobs.records.models import Job
from tests.web.pooled import BROKEN, OVER, STILL, STUDY, PooledSite
from tests.web.seen import Seen
from tests.web.site import ROLES


def shown(pools: PooledSite, path: str, role: str = "viewer") -> str:
    """The text of a page."""
    answer = pools.visitor(role).get(path)
    assert answer.status_code == 200, path
    return Seen(answer.text).text


def number_of(pools: PooledSite, detail: str) -> int:
    """The number of an open incident."""
    [found] = [i for i in pools.status()[STUDY]["incidents"] if i["detail"] == detail]
    return int(found["number"])


def test_every_open_one_is_there_with_what_to_do(pools: PooledSite) -> None:
    pages = [shown(pools, f"/incidents/?site={STUDY}&page={page}") for page in (1, 2, 3, 4)]
    known = pools.status()[STUDY]["incidents"]
    for one in known:
        assert any(one["detail"] in page for page in pages), one
    first = pages[0]
    assert "held: same id, other content" in first
    assert KINDS["entry_conflict"].safe in first
    assert first.index("same id, other content") < first.index("far more new entries than usual")
    assert f"of {-(-len(known) // 50)}" in first


def test_the_programs_own_are_among_them_and_a_broken_ledger_is_told(pools: PooledSite) -> None:
    page = shown(pools, "/incidents/", "operator")
    assert "nobody listens there" in page
    assert f"{BROKEN}: " in page
    assert "the ledger cannot be used" in page
    own = pools.visitor("operator").get("/incidents/?site=(program)").text
    assert "nobody listens there" in own
    assert "/incidents/close/" not in own


def test_closed_ones_are_shown_the_newest_first_page_by_page(pools: PooledSite) -> None:
    path, found = f"/incidents/?show=closed&site={STUDY}", []
    while path:
        answer = pools.visitor("viewer").get(path).text
        found += re.findall(r"\bOVER(\d+)\.", answer)
        older = [link for link in Seen(answer).links if "before=" in link]
        path = f"/incidents/{older[0]}" if older else ""
    assert found == [str(number) for number in reversed(range(OVER))]


def test_an_operator_closes_one_and_a_viewer_does_not(pools: PooledSite) -> None:
    number = number_of(pools, f"OPEN{STILL - 1}.")
    page = f"/incidents/?site={STUDY}&page=2"
    assert "/incidents/close/" not in pools.visitor("viewer").get(page).text
    order = {"site": STUDY, "number": str(number)}
    assert pools.visitor("viewer").submit("/incidents/close/", **order).status_code == 403
    assert pools.visitor("operator").post("/incidents/close/", data=order).status_code == 403
    assert number_of(pools, f"OPEN{STILL - 1}.") == number
    answer = pools.visitor("operator").submit("/incidents/close/", **order)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/incidents/")
    assert number not in [one["number"] for one in pools.status()[STUDY]["incidents"]]
    assert f"Incident {number} of {STUDY} is closed." in shown(pools, "/incidents/", "operator")
    again = pools.visitor("operator").submit("/incidents/close/", **order)
    assert again.status_code == 400
    assert f"{STUDY} has no open incident {number}" in again.text


def test_a_failed_report_leads_to_its_job_and_may_be_closed(pools: PooledSite) -> None:
    program_incident(pools.place.settings, "report_failed", "clicks_of_one_day", "CAKE said no")
    page = pools.visitor("operator").get("/incidents/?site=(program)").text
    assert "/jobs/?name=clicks_of_one_day" in page
    [number] = re.findall(r'aria-label="Close incident (\d+) of \(program\)"', page)
    order = {"site": "(program)", "number": number}
    assert pools.visitor("operator").submit("/incidents/close/", **order).status_code == 303
    assert "clicks_of_one_day" not in shown(pools, "/incidents/", "operator")


def test_a_failed_report_is_called_as_people_call_it_and_told_for_who_reads_it(
    pools: PooledSite,
) -> None:
    why = "CAKE refuses the key: see API_KEY in export.config"
    job, name = pools.place.add("rows", rows=10), "its_raw_name"
    Job.objects.filter(pk=job).update(name=name, status="Failed", reason=why)
    program_incident(pools.place.settings, "report_failed", name, why)
    told = {role: shown(pools, "/incidents/?site=(program)", role) for role in ROLES}
    assert all("CAKE refuses the key" in page for page in told.values())
    assert {role for role, page in told.items() if "API_KEY" in page} == {"admin"}
    assert "An operator can try it again." in told["viewer"]
    assert "Ask an administrator to look at the settings, then Retry." in told["operator"]
    for path in ("/incidents/?site=(program)", "/"):
        assert name not in shown(pools, path)
        assert "rows, 10" in shown(pools, path)
    assert f"/jobs/{job}/" in Seen(pools.visitor("viewer").get("/incidents/").text).links
    Job.objects.filter(pk=job).delete()
    close_program_incident(pools.place.settings, "report_failed", name)


def test_nothing_is_found_where_no_site_is(pools: PooledSite) -> None:
    known = pools.visitor("operator")
    assert known.get("/incidents/?site=nowhere").status_code == 404
    assert known.submit("/incidents/close/", site="../x", number="1").status_code == 404
    own = known.submit("/incidents/close/", site="(program)", number="1")
    assert (own.status_code, "closes when its cause is over" in own.text) == (400, True)
    assert known.submit("/incidents/close/", site=STUDY, number="x").status_code == 400
