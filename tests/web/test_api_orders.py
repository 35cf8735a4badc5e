"""Orders of the API that are sent twice, what is wrong with one, cursors, and what came out."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db.models import Q

from mtdata.jobs.kind import in_order
from mtdata.jobs.records.asking import now
from mtdata.study.operations import jobs as study
from tests.jobs.kinds import KINDS
from tests.web.pooled import BARE, BROKEN, STUDY, PooledSite
from tests.web.programs import program
from tests.web.site import Visitor, WebSite
from tests.web.test_api import added, problem, shown

pytestmark = pytest.mark.usefixtures("web")
ROWS = {"kind": "rows"}


def keyed(asking: Visitor, path: str, key: str, body: Any = None) -> requests.Response:
    return asking.post(path, json=body, headers={"Idempotency-Key": key})


def total(asking: Visitor) -> int:
    return int(asking.get("/api/v1/jobs?size=1").json()["total"])


def names_of(told: dict[str, Any]) -> set[str]:
    return {one["name"] for one in told["errors"]}


def test_an_order_with_a_key_is_given_once(web: WebSite) -> None:
    asking, key = program(web), str(uuid.uuid4())
    before = total(asking)
    paths = ("/api/v1/jobs", "/api/jobs")  # its older name
    first, again = (keyed(asking, path, key, ROWS) for path in paths)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Location"] == first.headers["Location"]
    assert [one.headers.get("Idempotent-Replayed") for one in (first, again)] == [None, "true"]
    assert total(asking) == before + 1
    told = problem(keyed(asking, "/api/v1/jobs", key, {"kind": "shared"}), 422)
    assert names_of(told) == {"Idempotency-Key"}
    assert keyed(program(web, "admin"), "/api/v1/jobs", key, ROWS).json() != first.json()
    assert total(asking) == before + 2


def test_orders_to_a_job_take_keys_and_a_refused_one_is_not_kept(web: WebSite) -> None:
    asking, key = program(web), str(uuid.uuid4())
    path = f"/api/v1/jobs/{added(asking)['id']}"
    problem(keyed(asking, f"{path}/retry", key), 409)
    stopped = keyed(asking, f"{path}/stop", key).json()
    assert (stopped["status"], stopped["note"]) == ("Stopped", "")
    assert keyed(asking, f"{path}/stop", key).json() == stopped, "no note that it has ended"
    problem(keyed(asking, f"{path}/retry", key), 422)
    again = [keyed(asking, f"{path}/retry", "another") for _ in range(2)]
    assert [one.json()["attempt"] for one in again] == [2, 2]


def test_of_many_at_once_with_one_key_one_is_given(web: WebSite) -> None:
    asking, key = program(web), str(uuid.uuid4())
    before = total(asking)
    headers = {**asking.headers, "Idempotency-Key": key}
    with ThreadPoolExecutor(6) as crew:
        sent = [
            crew.submit(requests.post, f"{web.url}/api/v1/jobs", json=ROWS, headers=headers)
            for _ in range(6)
        ]
        answers = [one.result() for one in sent]
    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["id"] for one in answers}) == 1
    assert total(asking) == before + 1


def test_a_key_is_forgotten_after_a_day(web: WebSite) -> None:
    from django.db import connection

    asking, key = program(web), str(uuid.uuid4())
    first = keyed(asking, "/api/v1/jobs", key, ROWS).json()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE web_keptanswer SET made_at = %s", [now() - timedelta(days=1)])
    assert keyed(asking, "/api/v1/jobs", key, ROWS).json()["id"] != first["id"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM web_keptanswer")
        assert cursor.fetchone() == (1,), "those of before are removed"


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "\xe4"])
def test_an_odd_key_is_refused(web: WebSite, key: str) -> None:
    before = total(program(web))
    told = problem(keyed(program(web), "/api/v1/jobs", key, ROWS), 422)
    assert names_of(told) == {"Idempotency-Key"}
    assert total(program(web)) == before


def test_every_fault_of_an_order_is_told_by_the_name_that_was_sent(web: WebSite) -> None:
    asking = program(web)
    given = {"start": "soon", "end-of-it": "canary-4", "note": 7}
    order = {"kind": "dated", "parameters": given, "odd": "canary-5"}
    told = problem(asking.post("/api/v1/jobs", json=order), 422)
    names = {"parameters." + name for name in ("start", "end", "end-of-it", "note")}
    assert names_of(told) == names | {"odd"}
    assert "canary" not in str(told)
    late = {"start": "2026-03-02", "end": "2026-03-01", "note": "two\nlines"}
    for more, beside in ({}, set()), ({"odd": 1}, {"odd"}):
        order = {"kind": "dated", "parameters": late} | more
        told = problem(asking.post("/api/v1/jobs", json=order), 422)
        assert names_of(told) == {"parameters.start", "parameters.note"} | beside
        assert "is after end" in str(told["errors"])
    told = problem(asking.post("/api/v1/jobs", json={"kind": "study.decod", "odd": 1}), 422)
    assert names_of(told) == {"kind", "odd"}
    assert "study.decode" in str(told["errors"])


def test_what_is_asked_for_by_an_unknown_name_is_refused_with_those_there_are(
    web: WebSite,
) -> None:
    asking = program(web)
    for path, name, there in (
        ("/api/v1/jobs?state=Failed", "state", "status"),
        ("/api/v1/jobs?status=Faild", "status", "'Failed'"),
        ("/api/v1/jobs?kind=row", "kind", "study.decode"),
        ("/api/v1/me?page=2", "page", "there are none"),
        ("/api/v1/jobs?owner=canary-4", "owner", "operator"),
        ("/api/v1/runners?cursor=x", "cursor", "pattern"),
    ):
        [one] = problem(asking.get(path), 422)["errors"]
        assert one["name"] == name
        assert there in one["fault"]
    told = problem(asking.post("/api/v1/jobs/stop", json={"kind": "row", "owner": "nobody"}), 422)
    assert names_of(told) == {"kind", "owner"}


def test_owners_are_told_when_they_are_few_and_only_those_whose_jobs_are_seen(
    web: WebSite,
) -> None:
    from mtdata.jobs.records.models import Job

    def fault(role: str, name: str) -> str:
        [one] = problem(program(web, role).get("/api/v1/jobs", params={"owner": name}), 422)[
            "errors"
        ]
        return str(one["fault"])

    added(program(web))
    assert fault("operator", "viewer") == fault("operator", "nobody")
    assert "viewer" not in fault("operator", "nobody")
    assert "operator" in fault("viewer", "nobody")
    assert program(web, "viewer").get("/api/v1/jobs?owner=viewer").json()["jobs"] == []
    job = Job.objects.filter(owner="operator").values("parameters", "created_at")[0]
    many = [Job(kind="rows", name=f"o{n}", owner=f"owner {n}", **job) for n in range(20)]
    Job.objects.bulk_create(many)
    assert "owner 1" not in fault("operator", "nobody")
    assert program(web).get("/api/v1/jobs?owner=owner 1").json()["total"] == 1


def test_a_guest_learns_of_no_owner_beyond_its_own_jobs(web: WebSite) -> None:
    from mtdata.web.api.order_faults import unknown_owner

    added(program(web))
    [[_, told]] = unknown_owner(("owner",), "operator", "east:anna", Q(kind="cake.clicks"))
    assert told == "there is no such owner; there are east:anna"


def _followed(asking: Visitor, path: str, rows: str) -> list[Any]:
    found, cursor = [], ""
    while cursor is not None:
        page = asking.get(f"{path}&cursor={cursor}").json()
        found += page[rows]
        cursor = page["next"]
    return found


def test_lists_are_followed_by_cursors_and_what_comes_meanwhile_moves_nothing(
    web: WebSite,
) -> None:
    asking = program(web)
    mine = [added(asking)["id"] for _ in range(5)]
    first = asking.get("/api/v1/jobs?size=2").json()
    added(asking)
    second = asking.get(f"/api/v1/jobs?size=2&cursor={first['next']}").json()
    assert [one["id"] for one in first["jobs"] + second["jobs"]] == mine[:0:-1]
    every = _followed(asking, "/api/v1/jobs?size=50", "jobs")
    assert len({one["id"] for one in every}) == len(every) == total(asking)
    assert shown(asking, mine[0], "/parts?size=1")["next"] is None
    kinds = _followed(asking, "/api/v1/kinds?size=3", "kinds")
    assert kinds == asking.get("/api/v1/kinds?size=200").json()["kinds"]
    assert {one["name"] for one in kinds} >= {*KINDS, *study.KINDS}
    runners = _followed(asking, "/api/v1/runners?ended=true&size=1", "runners")
    assert len(runners) == asking.get("/api/v1/runners?ended=true").json()["total"]


def test_incidents_and_sites_are_followed_by_cursors(pools: PooledSite) -> None:
    asking = program(pools, "viewer")
    names = _followed(asking, "/api/v1/sites?size=2", "sites")
    assert names == sorted([STUDY, BROKEN, BARE])
    last = asking.get("/api/v1/sites?size=2&page=9").json()
    assert (list(last["sites"]), last["page"], last["pages"]) == (names[2:], 2, 2)
    every = _followed(asking, "/api/v1/incidents?size=9", "incidents")
    assert every == asking.get("/api/v1/incidents?size=200").json()["incidents"]


def test_what_came_out_is_fetched_renewed_and_revoked_by_its_address(web: WebSite) -> None:
    asking = program(web)
    job = web.place.add("dated", start="2026-03-01", end="2026-03-02")
    web.place.carry()
    web.place.ended(job, "Success")
    found = shown(asking, job)
    one = found["artifacts"][0]
    assert list(found["parameters"]) == ["start", "end", "note"]
    assert asking.get(one["download"]).text == "day,row\r\n2026-03-01,1\r\n"
    assert one["open_until"] > found["ended_at"]
    assert asking.get(found["zip"]).content.startswith(b"PK")
    of = f"/api/v1/jobs/{job}/artifacts/{one['number']}"
    shut = asking.post(f"{of}/revoke").json()
    assert (shut["download"], shut["closed"]) == (None, "it was revoked")
    assert "revoked" in problem(asking.get(one["download"]), 410)["detail"]
    assert shown(asking, job)["zip"] is None
    problem(asking.get(f"/api/v1/jobs/{job}/zip"), 410)
    new = asking.post(f"{of}/renew").json()
    assert asking.get(new["download"]).status_code == 200
    [renewed, _] = asking.post(f"/api/v1/jobs/{job}/renew").json()["artifacts"]
    problem(asking.get(new["download"]), 410)
    assert asking.get(renewed["download"]).status_code == 200
    seen = shown(program(web, "viewer"), job)
    assert (seen["zip"], seen["artifacts"][0]["download"]) == (None, None)
    problem(asking.post(f"/api/v1/jobs/{added(asking)['id']}/renew"), 409)


def test_parameters_come_as_the_kind_declares_them() -> None:
    kept = {"end": "b", "old": 1, "note": "c", "start": "a"}
    assert list(in_order(KINDS["dated"], kept)) == ["start", "end", "note", "old"]
    assert list(in_order(None, kept)) == ["end", "note", "old", "start"]
