"""A job that was forgotten says so wherever it is asked for, to whom it was shown; its rows go."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.http import Http404

from mtdata.jobs.kind import Kinds
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.models import Artifact, FormerJob, Job
from mtdata.web import keeping, models
from mtdata.web.access.scope import Scope
from mtdata.web.downloads import links
from mtdata.web.faults import JobForgotten
from tests.jobs.test_pruning import ended, forget
from tests.web.programs import program
from tests.web.site import WebSite


def forgotten_job(web: WebSite) -> tuple[str, str]:
    """One that made a file and was forgotten: its id, and the link to the file."""
    job = ended(web.place)
    artifact = Artifact.objects.select_related("job").get(job=job)
    [link] = links.standings([artifact], Job.objects.get(pk=job))
    assert forget(web.place.kinds) == {job}
    return job, link.path


def test_every_address_of_a_forgotten_job_says_that_it_was_forgotten(web: WebSite) -> None:
    job, link = forgotten_job(web)
    operator, api = web.visitor("operator"), program(web)
    for path in (*(f"/jobs/{job}/{of}" for of in ("", "live/", "log/", "parts/", "zip/")), link):
        answer = operator.get(path)
        assert answer.status_code == 410, path
        assert "This job was forgotten on" in answer.text
        assert "What it made stays" in answer.text
    for word in ("stop", "retry", "undo"):
        assert operator.submit(f"/jobs/{job}/{word}/").status_code == 410
        assert api.post(f"/api/v1/jobs/{job}/{word}").status_code == 410
    for path in (f"/jobs/{job}", f"/jobs/{job}/events", f"/jobs/{job}/parts", f"/jobs/{job}/zip"):
        told = api.get(f"/api/v1{path}")
        assert (told.status_code, told.json()["status"]) == (410, 410)
        assert told.headers["Content-Type"] == "application/problem+json"
        assert "was forgotten on" in told.json()["detail"]
    assert web.visitor("").get(f"/jobs/{job}/").status_code == 302


def test_a_job_that_never_was_is_not_there(web: WebSite) -> None:
    assert web.visitor("operator").get(f"/jobs/{uuid4()}/").status_code == 404
    assert program(web).get(f"/api/v1/jobs/{uuid4()}").status_code == 404


def test_the_document_of_the_api_tells_of_it(web: WebSite) -> None:
    paths = program(web).get("/api/openapi.json").json()["paths"]
    of_a_job = [ways for path, ways in paths.items() if re.search(r"/jobs/\{", path)]
    assert len(of_a_job) > 5
    assert all("410" in way["responses"] for ways in of_a_job for way in ways.values())


def test_beyond_a_scope_nothing_tells_that_there_was_a_job(web: WebSite) -> None:
    job = uuid4()
    FormerJob.objects.create(id=job, kind="rows", account="ours", forgotten_at=now())
    kinds = web.place.kinds

    def is_told(kinds: Kinds, accounts: tuple[str, ...] | None) -> bool:
        with pytest.raises(Http404) as caught:
            Scope(web.place.settings, kinds, (), accounts).existing_job(job)
        return caught.type is JobForgotten

    assert is_told(kinds, None)
    assert is_told(kinds, ("ours",))
    assert not is_told(kinds, ("others",))
    assert not is_told({}, ("ours",))


TABLES = {
    Session._meta.db_table: "expire_date",
    models.KeptAnswer._meta.db_table: "made_at",
    models.Token._meta.db_table: "ends_at",
    models.Tries._meta.db_table: "last_at",
    models.Link._meta.db_table: "until",
    "django_admin_log": "action_time",
}


def test_the_lines_are_those_of_the_models(web: WebSite) -> None:
    assert {one.rows[0]: one.rows[2] for one in keeping.TABLES} == TABLES
    for one in keeping.of_page():
        assert one.amount().number >= 0


def test_what_is_over_at_the_page_is_forgotten_and_the_rest_stays(web: WebSite) -> None:
    at = now()
    old, young = at - timedelta(days=100), at + timedelta(days=1)
    web.visitor("viewer")
    living = Session.objects.filter(expire_date__gt=at).count()
    assert living > 0
    for moment in (old, young):
        key = uuid4().hex
        Session.objects.create(session_key=key, session_data="", expire_date=moment)
        models.KeptAnswer.objects.create(key=key, asked="", made_at=moment)
        models.Tries.objects.create(key=key, failures=1, last_at=moment)
    job = ended(web.place)
    kept = Artifact.objects.get(job=job)
    models.Link.objects.create(artifact=kept, until=old)
    models.Link.objects.create(artifact_id=kept.pk + 1000, until=old)
    counts = {one.name: sum(one.forget()) for one in keeping.of_page()}
    assert counts["sessions"] >= 1
    assert Session.objects.filter(expire_date__gt=at).count() == living + 1
    assert not Session.objects.filter(expire_date__lt=at - timedelta(minutes=5)).exists()
    for table, moments in ((models.KeptAnswer, "made_at"), (models.Tries, "last_at")):
        left = table.objects.values_list(moments, flat=True)
        assert young in left
        assert old not in left
    assert [one.artifact_id for one in models.Link.objects.all()] == [kept.pk]
    models.Link.objects.all().delete()
    assert {one.name: sum(one.forget()) for one in keeping.of_page()}["sessions"] == 0


def test_what_administrators_changed_is_kept_for_ever(web: WebSite) -> None:
    [line] = [one for one in keeping.of_page() if one.name == "changes by administrators"]
    assert (line.keep_s, list(line.forget())) == (None, [])
    assert "an auditor needs it" in line.rule
