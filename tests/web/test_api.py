"""The API by what it does: jobs ordered and followed, pages and cursors, tokens and sessions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.db import connection

from mtdata.config import load
from mtdata.jobs.records.asking import now
from tests.jobs.place import until
from tests.web.pooled import BARE, BROKEN, STUDY, PooledSite
from tests.web.programs import bearing, program, token_of
from tests.web.site import Visitor, WebSite

PROBLEM = "application/problem+json"
pytestmark = pytest.mark.usefixtures("web")


def problem(answer: requests.Response, status: int) -> dict[str, Any]:
    """What went wrong, in the form that it must have."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == PROBLEM
    told: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= set(told)
    assert told["status"] == status
    return told


def added(asking: Visitor, **parameters: object) -> dict[str, Any]:
    given = {name: str(value) for name, value in parameters.items()}
    answer = asking.post("/api/v1/jobs", json={"kind": "rows", "parameters": given})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"/api/v1/jobs/{found['id']}"
    return found


def shown(asking: Visitor, job: str, more: str = "") -> dict[str, Any]:
    answer = asking.get(f"/api/v1/jobs/{job}{more}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_job_goes_from_order_to_success(web: WebSite) -> None:
    asking = program(web)
    job = added(asking, rows=40, parts=2)
    assert (job["kind"], job["status"], job["attempt"]) == ("rows", "Queued", 1)
    assert shown(asking, job["id"])["owner"] == "operator"
    web.place.carry()
    until(lambda: shown(asking, job["id"])["status"] == "Success", "its end")
    found = shown(asking, job["id"])
    assert (found["parts"], found["rows"], found["share"]) == ({"done": 2, "total": 2}, 80, 1.0)
    assert (found["running"], found["silent_s"]) == ([], None)
    moments = [
        datetime.fromisoformat(found[f"{what}_at"]) for what in ("created", "started", "ended")
    ]
    assert moments == sorted(moments)
    parts = shown(asking, job["id"], "/parts")
    assert [(one["name"], one["status"]) for one in parts["parts"]] == [
        ("plan", "Success"),
        ("part0", "Success"),
        ("part1", "Success"),
    ]


def test_a_job_under_way_tells_how_it_goes(web: WebSite) -> None:
    asking = program(web)
    job = added(asking, rows=200, parts=1, how="waits")["id"]
    web.place.carry()
    until(lambda: shown(asking, job)["rows"] > 0, "the first rows")
    found = shown(asking, job)
    [part] = found["running"]
    assert (part["name"], part["expected"], part["step"]) == ("part0", 200, "writing")
    assert 0 < found["share"] < 1
    assert found["silent_s"] >= 0
    assert asking.post(f"/api/v1/jobs/{job}/stop").json()["status"] == "Stopping"
    until(lambda: shown(asking, job)["status"] == "Stopped", "its end")
    assert shown(asking, job)["reason"] == "stopped by operator"
    assert web.place.rows(job) == 0


def test_a_job_is_stopped_retried_and_taken_back(web: WebSite) -> None:
    asking = program(web)
    job = added(asking, rows=20, parts=1)["id"]
    told = problem(asking.post(f"/api/v1/jobs/{job}/undo"), 409)
    assert "stop it" in told["detail"]
    assert asking.post(f"/api/v1/jobs/{job}/stop").json()["status"] == "Stopped"
    again = asking.post(f"/api/v1/jobs/{job}/stop")
    assert (again.status_code, again.json()["note"]) == (200, "it has ended already: Stopped")
    retried = asking.post(f"/api/v1/jobs/{job}/retry").json()
    assert (retried["status"], retried["attempt"]) == ("Queued", 2)
    problem(asking.post(f"/api/v1/jobs/{job}/retry"), 409)
    web.place.carry()
    until(lambda: shown(asking, job)["status"] == "Success", "its end")
    assert asking.post(f"/api/v1/jobs/{job}/undo").json()["status"] == "Stopping"
    until(lambda: shown(asking, job)["status"] == "Stopped", "the undo")
    assert web.place.rows(job) == 0


def test_jobs_come_in_pages_and_by_what_is_asked(web: WebSite) -> None:
    asking = program(web)
    mine = [added(asking)["id"] for _ in range(5)]
    asking.post(f"/api/v1/jobs/{mine[0]}/stop")
    first = asking.get("/api/v1/jobs?size=2&owner=operator").json()
    assert [one["id"] for one in first["jobs"]] == mine[:2:-1]
    assert first["total"] >= 5
    assert first["pages"] == -(-first["total"] // 2)
    last = asking.get("/api/v1/jobs?size=200&page=1000000").json()
    assert last["page"] == last["pages"]
    stopped = asking.get("/api/v1/jobs?status=Stopped&kind=rows&words=ROWS&size=200").json()["jobs"]
    assert mine[0] in [one["id"] for one in stopped]
    assert asking.get("/api/v1/jobs?kind=fat&owner=operator").json()["jobs"] == []


def test_events_are_followed_by_a_cursor(web: WebSite) -> None:
    asking = program(web)
    job = added(asking)["id"]
    asking.post(f"/api/v1/jobs/{job}/stop")
    whole = shown(asking, job, "/events")
    assert whole["events"][0]["text"] == "added"
    one = shown(asking, job, "/events?size=1")
    rest = shown(asking, job, f"/events?cursor={one['next']}")
    assert one["events"] + rest["events"] == whole["events"]
    assert shown(asking, job, f"/events?cursor={whole['next']}") == {
        "events": [],
        "next": whole["next"],
    }


def test_kinds_tell_what_they_take(web: WebSite) -> None:
    kinds = {
        one["name"]: one for one in program(web, "viewer").get("/api/v1/kinds").json()["kinds"]
    }
    server, scale, *_ = kinds["study.decode"]["parameters"]
    assert (server["name"], server["required"], server["default"]) == ("server", True, None)
    assert (scale["name"], scale["required"], scale["default"]) == ("scale", False, ".")
    assert "study" in server["choices"]
    assert kinds["rows"]["can_undo"]
    assert not kinds["study.export"]["can_undo"]


# --- who asks


def test_a_token_may_no_more_than_its_scope(web: WebSite) -> None:
    asking = program(web, "admin", "viewer")
    assert asking.get("/api/v1/me").json() == {"user": "admin", "role": "viewer", "scope": "viewer"}
    told = problem(asking.post("/api/v1/jobs", json={"kind": "rows"}), 403)
    assert "needs the role operator, and a token with that scope" in told["detail"]
    session = web.visitor("admin").get("/api/v1/me").json()
    assert session == {"user": "admin", "role": "admin", "scope": None}


def test_a_token_ends_with_the_password_of_its_user(web: WebSite) -> None:
    web.add_user("demoted", "admin")
    asking = program(web, "demoted", "admin")
    assert asking.get("/api/v1/me").json()["role"] == "admin"
    web.add_user("demoted", "viewer")
    assert asking.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    "word", ["", "mtd_", "mtd_" + "x" * 43, "nonsense", "mtd_" + "y" * 5000, "mtd_\xe4 \xff", "a b"]
)
def test_a_word_that_is_no_token_opens_nothing(web: WebSite, word: str) -> None:
    for path in ("/api/v1/me", "/metrics", "/d/x"):
        answer = bearing(web, word).get(path)
        told = problem(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert not word or word not in told["detail"]


def test_a_stranger_is_told_how_to_come_in(web: WebSite) -> None:
    answer = Visitor(web.url).post("/api/v1/jobs", json={"kind": "rows"})
    assert "Bearer" in problem(answer, 401)["detail"]
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="MTData"'


def test_a_token_that_has_ended_or_was_removed_opens_nothing(web: WebSite) -> None:
    known = web.visitor("operator")
    page = known.submit("/account/tokens/", name="to be ended", scope="viewer", days=1)
    asking = bearing(web, "mtd_" + page.text.partition("mtd_")[2].partition("<")[0])
    assert asking.get("/api/v1/me").status_code == 200
    _let_end(now() - timedelta(seconds=1))
    problem(asking.get("/api/v1/me"), 401)
    _let_end(None)
    assert asking.get("/api/v1/me").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM web_token WHERE name = 'to be ended'")
        [[number]] = cursor.fetchall()
    known.submit(f"/account/tokens/{number}/remove/")
    problem(asking.get("/api/v1/me"), 401)


def _let_end(at: datetime | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE web_token SET ends_at = %s WHERE name = 'to be ended'", [at])


def test_a_session_needs_the_mark_of_our_pages_to_order(web: WebSite) -> None:
    known = web.visitor("operator")
    problem(known.post("/api/v1/jobs", json={"kind": "rows"}), 403)
    mark = {"X-CSRFToken": known.mark_of("/account/")}
    assert known.post("/api/v1/jobs", json={"kind": "rows"}, headers=mark).status_code == 201
    strange = {**mark, "Origin": "http://evil.example"}
    problem(known.post("/api/v1/jobs", json={"kind": "rows"}, headers=strange), 403)


def test_the_scheme_of_a_server_before_us_takes_nobodys_session(web: WebSite) -> None:
    answer = web.visitor("viewer").get("/api/v1/me", headers={"Authorization": "Basic dTpw"})
    assert answer.json()["user"] == "viewer"


# --- what goes wrong


def test_wrong_fields_are_named_and_their_values_are_not(web: WebSite) -> None:
    order = {"kind": "rows", "parameters": {"rows": ["canary-7"]}, "strange": "canary-8"}
    told = problem(program(web).post("/api/v1/jobs", json=order), 422)
    fields = {one["field"] for one in told["errors"]}
    assert fields == {"body.order.parameters.rows", "body.order.strange"}
    assert "canary" not in str(told)
    told = problem(program(web).get("/api/v1/jobs?page=0&size=canary-9"), 422)
    assert {one["field"].rpartition(".")[2] for one in told["errors"]} == {"page", "size"}
    assert "canary" not in str(told)


def test_parameters_that_a_kind_does_not_take_are_named_all_at_once(web: WebSite) -> None:
    asking = program(web)
    order = {"kind": "rows", "parameters": {"rows": "many", "colour": "red"}}
    told = problem(asking.post("/api/v1/jobs", json=order), 422)
    assert {one["field"].rpartition(".")[2] for one in told["errors"]} == {"rows", "colour"}
    told = problem(asking.post("/api/v1/jobs", json={"kind": "study.decode"}), 422)
    assert told["errors"] == [
        {
            "field": "body.order.parameters.server",
            "fault": "it is needed",
            "name": "parameters.server",
        }
    ]
    told = problem(asking.post("/api/v1/jobs", json={"kind": "study.decod"}), 422)
    assert "Did you mean study.decode?" in told["detail"]


NESTED = b"[" * 100_000
ODD = {
    "no JSON": (b"{", 400),
    "bad UTF-8": (b'{"kind": "\xff\xfe"}', 400),
    "too deep": (NESTED, 400),
    "a huge number": (b'{"kind": ' + b"9" * 6000 + b"}", 400),
    "nothing": (b"", 422),
    "a list": (b"[]", 422),
    "null": (b"null", 422),
    "a NUL in the kind": (b'{"kind": "rows\\u0000"}', 422),
    "a NUL in a value": (b'{"kind": "rows", "parameters": {"how": "\\u0000"}}', 422),
    "a NUL in a name": (b'{"kind": "rows", "parameters": {"\\u0000": "x"}}', 422),
    "half a pair": (b'{"kind": "rows", "parameters": {"how": "\\ud800"}}', 422),
    "half a pair as a name": (b'{"kind": "rows", "parameters": {"\\ud800": "x"}}', 422),
    "a number no one has": (b'{"kind": "rows", "parameters": {"rows": NaN}}', 422),
    "an endless one": (b'{"kind": "rows", "parameters": {"rows": "1e999"}}', 422),
    "too long a value": (b'{"kind": "rows", "parameters": {"how": "%s"}}' % (b"x" * 1001), 422),
    "more than 1 MB": (b'{"kind": "' + b"x" * (1 << 20) + b'"}', 413),
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_body_is_refused_and_queues_nothing(web: WebSite, odd: str) -> None:
    body, status = ODD[odd]
    asking = program(web)
    before = asking.get("/api/v1/jobs").json()["total"]
    answer = asking.post("/api/v1/jobs", data=body, headers={"Content-Type": "application/json"})
    problem(answer, status)
    assert asking.get("/api/v1/jobs").json()["total"] == before


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=" + "9" * 5000, 422),
        ("size=201", 422),
        ("status=queued", 422),
        ("words=%00", 422),
        ("words=%ff%fe%ed%a0%80", 200),
        ("owner=" + "x" * 151, 422),
        ("words=%25_%5C%27%22", 200),
        ("kind=%F0%9F%92%A5", 422),
        ("%F0%9F%92%A5=1", 422),
    ],
)
def test_an_odd_query_is_answered(web: WebSite, query: str, status: int) -> None:
    answer = program(web).get(f"/api/v1/jobs?{query}")
    assert answer.status_code == status, answer.text
    if status != 200:
        problem(answer, status)


def test_what_is_not_there_and_what_cannot_be_done_is_a_problem_too(web: WebSite) -> None:
    asking = program(web)
    nobody = "00000000-0000-4000-8000-000000000000"
    for path in (
        f"/api/v1/jobs/{nobody}",
        "/api/v1/jobs/x",
        "/api/",
        "/api/v1/jobs/%ff",
        "/api/%00",
    ):
        problem(asking.get(path), 404)
    problem(asking.post(f"/api/v1/jobs/{nobody}/stop"), 404)
    answer = asking.delete("/api/v1/jobs")
    problem(answer, 405)
    assert answer.headers["Allow"] == "GET, POST, HEAD"
    problem(asking.get("/api/v1/me", headers={"Host": "evil.example"}), 400)


# --- how the pools stand


def test_sites_stand_as_the_command_tells(pools: PooledSite) -> None:
    asking = program(pools, "viewer")
    answer = asking.get("/api/v1/sites")
    assert answer.status_code == 200, answer.text
    found = answer.json()["sites"]
    assert list(found) == sorted([STUDY, BROKEN, BARE])
    assert set(found[BARE]) == {"absent"}
    assert set(found[BROKEN]) == {"fault"}
    told = pools.status()[STUDY]
    assert set(found[STUDY]) == set(told)
    for key in ("scales", "incidents_open", "replicas", "new_rows", "ready"):
        assert _ageless(found[STUDY][key]) == _ageless(told[key])


def _ageless(value: Any) -> Any:
    """Without what runs on between two looks, or is written in another way."""
    if isinstance(value, dict):
        return {k: _ageless(v) for k, v in value.items() if not k.endswith(("_s", "_at"))}
    return value


def test_incidents_come_in_pages(pools: PooledSite) -> None:
    asking = program(pools, "viewer")
    first = asking.get("/api/v1/incidents?size=7").json()
    pages = [
        asking.get(f"/api/v1/incidents?size=7&page={n + 1}").json() for n in range(first["pages"])
    ]
    every = [one for page in pages for one in page["incidents"]]
    assert len(every) == first["total"] > 60
    assert every[-1]["site"] == "(program)"
    assert {one["site"] for one in every[:-1]} == {STUDY}


def test_runners_tell_what_they_have_in_hand(web: WebSite) -> None:
    asking = program(web, "viewer")
    job = web.place.add(rows=200, parts=1, how="waits")
    web.place.carry()
    until(lambda: web.place.rows(job) > 0, "the first rows")
    there = asking.get("/api/v1/runners").json()["runners"]
    [mine] = [one for one in there if job in [part["job"] for part in one["parts"]]]
    assert (mine["state"], mine["engine"], mine["slots"]) == ("alive", "embedded", 1)
    program(web).post(f"/api/v1/jobs/{job}/stop")
    web.place.ended(job, "Stopped")
    web.place.stop()
    gone = asking.get("/api/v1/runners?ended=true").json()["runners"]
    assert mine["id"] in [one["id"] for one in gone]


def test_what_is_told_of_sites_is_described_word_by_word_as_it_was(web: WebSite) -> None:
    found = program(web, "viewer").get("/api/openapi.json").json()["components"]["schemas"]
    kept = json.loads(Path(__file__).with_name("site_schemas.json").read_text())
    assert json.dumps({name: found[name] for name in kept}) == json.dumps(kept)


def test_no_answer_tells_a_secret(web: WebSite, pools: PooledSite) -> None:
    secrets = [(pools.place.folder / "state" / "web.secret").read_text().strip()]
    secrets.append(token_of(pools, "viewer"))
    secrets.append(load(pools.config, {}).site(STUDY).password.get_secret_value())
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest FROM web_token")
        secrets += [row[0] for row in cursor.fetchall()]
    asking = program(pools, "viewer")
    paths = asking.get("/api/openapi.json").json()["paths"]
    plain = [path for path, ways in paths.items() if "get" in ways and "{" not in path]
    for path in (*plain, "/metrics", "/api/openapi.json"):
        text = asking.get(path).text
        assert not [one for one in secrets if one in text], path


def test_an_older_address_gives_the_same_answer_and_names_the_one_that_is_meant(
    web: WebSite,
) -> None:
    asking, job = program(web), web.place.add()
    paths = ("me", "kinds", "jobs?size=1", f"jobs/{job}", f"jobs/{uuid4()}", "openapi.json")
    for path in paths:
        old, new = asking.get(f"/api/{path}"), asking.get(f"/api/v1/{path}")
        assert (old.status_code, old.json()) == (new.status_code, new.json())
        assert not {"Deprecation", "Link"} & new.headers.keys()
        meant = f"/api/v1/{path.partition('?')[0]}"
        assert old.headers["Link"] == f'<{meant}>; rel="successor-version"'
        assert old.headers["Deprecation"] == "@1795996800"
        assert datetime.fromtimestamp(1795996800, UTC) == datetime(2026, 11, 30, tzinfo=UTC)
    refused = (
        (Visitor(web.url).get("/api/jobs"), 401),
        (program(web, "viewer").post("/api/jobs", json={"kind": "rows"}), 403),
        (asking.get("/api/jobs?nonsense=1"), 422),
        (asking.post("/api/jobs", data=b"{", headers={"Content-Type": "application/json"}), 400),
        (asking.put("/api/jobs"), 405),
    )
    for answer, status in refused:
        assert answer.status_code == status, answer.text
        assert answer.headers["Link"] == '</api/v1/jobs>; rel="successor-version"'
    paths_told = asking.get("/api/v1/openapi.json").json()["paths"]
    assert all(path.startswith("/api/v1/") for path in paths_told)
