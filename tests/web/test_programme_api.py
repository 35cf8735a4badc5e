"""Form responses and files of programme data by the API: what is taken, and what is told."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from mtdata.programme import uploads
from mtdata.programme.records.models import FormResponse, Upload
from mtdata.web.programme.shapes import EXAMPLE, MOST
from tests.web.programs import program
from tests.web.site import WebSite
from tests.web.test_api import problem, shown

pytestmark = pytest.mark.usefixtures("web")
PATH = "/api/form-responses"


def faults(told: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["fault"] for one in told["errors"]}


def test_one_or_many_are_entered_and_once_with_a_key(web: WebSite) -> None:
    asking, key = program(web), {"Idempotency-Key": str(uuid.uuid4())}
    for _ in range(2):
        answer = asking.post(PATH, json=EXAMPLE, headers=key)
        assert (answer.status_code, answer.json()) == (201, {"added": 1})
    found = FormResponse.objects.get()
    assert (found.job, found.user, found.reading_books) == (None, "anna", True)
    assert (str(found.record_latitude), found.timestamp.isoformat()) == (
        "52.520008",
        "2020-05-15T12:30:00+00:00",
    )
    many = [{**EXAMPLE, "user": f"u{n}", "reading_books": "yes"} for n in range(3)]
    assert asking.post(PATH, json=many).json() == {"added": 3}
    assert FormResponse.objects.count() == 4


def test_each_fault_is_told_by_its_place_and_none_is_entered(web: WebSite) -> None:
    bare = {name: value for name, value in EXAMPLE.items() if name not in ("user", "mobile_no")}
    rows: list[Any] = [
        EXAMPLE,
        {**EXAMPLE, "record_latitude": 91, "gender_of_respondent": "secret word"},
        bare,
        {**EXAMPLE, "colour": "red", "name": "half \ud800"},
        {**EXAMPLE, "timestamp": ["2020"], "record_longitude": 1e-05},
        7,
    ]
    told = problem(program(web).post(PATH, json=rows), 422)
    assert faults(told) == {
        "1.gender_of_respondent": "is none of Male, Female, Other",
        "1.record_latitude": "is not between -90 and 90",
        "2.user": "is needed",
        "3.colour": faults(told)["3.colour"],
        "3.name": "has half of a character, which is no text",
        "4.timestamp": "is neither text, number, true nor false",
        "5": "it is no object with the columns as names",
    }
    assert "there is no such column" in faults(told)["3.colour"]
    assert "secret word" not in str(told)
    assert FormResponse.objects.count() == 0


@pytest.mark.parametrize("count", [0, MOST + 1])
def test_a_list_has_its_limits(web: WebSite, count: int) -> None:
    problem(program(web).post(PATH, json=[{}] * count), 422)


def test_viewers_and_strangers_enter_nothing(web: WebSite) -> None:
    problem(program(web, "viewer").post(PATH, json=EXAMPLE), 403)
    problem(web.visitor("").post(PATH, json=EXAMPLE), 401)
    assert FormResponse.objects.count() == 0


def test_a_file_is_kept_and_queued_as_a_job(web: WebSite) -> None:
    asking, head = program(web), {"Content-Type": "text/csv"}
    path = "/api/teams/import"
    answer = asking.post(f"{path}?good_rows=yes", data=b"name\nnew\n", headers=head)
    assert answer.status_code == 201, answer.text
    job = shown(asking, answer.json()["id"])
    assert answer.headers["Location"].endswith(job["id"])
    assert (job["kind"], job["parameters"]["good_rows"]) == ("teams.import", "yes")
    assert Upload.objects.get(pk=job["parameters"]["file"].split()[0]).owner == "operator"
    same = problem(asking.post(path, data=b"name\nnew\n", headers=head), 422)
    assert "the same file is Queued" in str(same)
    problem(asking.post("/api/forms/import", data=b"", headers=head), 422)
    problem(asking.post(f"{path}?duplicates=maybe", data=b"name\nx\n", headers=head), 422)


def test_a_file_that_another_brought_is_not_there_for_an_order(web: WebSite) -> None:
    from mtdata.jobs.records.models import Job

    def order(role: str, file: Any) -> Any:
        given = {"file": str(file.pk), "good_rows": "yes"}
        return program(web, role).post(
            "/api/v1/jobs", json={"kind": "teams.import", "parameters": given}
        )

    theirs, own = (
        uploads.store([b"name\nnew\n"], 99, name="a.csv", sort="teams", owner=owner)
        for owner in ("admin", "operator")
    )
    told = problem(order("operator", theirs), 422)
    assert faults(told) == {
        "parameters.file": "there is no such file of this kind; bring it once more"
    }
    beside = {"kind": "teams.import", "parameters": {"file": str(theirs.pk), "again": 7}}
    assert "no such file" in str(problem(program(web).post("/api/v1/jobs", json=beside), 422))
    assert not Job.objects.exists()
    assert order("operator", own).status_code == 201
    Job.objects.all().delete()
    assert order("admin", own).status_code == 201, "whatever there is is an admin's"


def test_an_export_is_an_order_as_any_other(web: WebSite) -> None:
    asking = program(web)
    given = {"from": "2020-05-15 00:00", "to": "2020-05-15", "format": "xlsx"}
    order = {"kind": "forms.export", "parameters": given}
    job = asking.post("/api/jobs", json=order).json()
    kept = shown(asking, job["id"])["parameters"]
    assert kept["to"] == "2020-05-15 23:59:59.999999+00:00"
    again = asking.post("/api/jobs", json={**order, "parameters": kept})
    assert again.status_code == 201, "what is kept can be ordered anew"
    told = problem(asking.post("/api/jobs", json={**order, "parameters": {"email": "a@b.c"}}), 422)
    assert "MAIL_ALLOWED" in str(told)
