"""A job that was forgotten says so wherever it is asked for, to whom it was shown; its rows go."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.db import connection
from django.http import Http404

from mtdata.jobs.keeping import of_records
from mtdata.jobs.kind import Kinds
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.models import Artifact, Event, FormerJob, Job
from mtdata.programme.keeping import of_uploads
from mtdata.web import keeping
from mtdata.web.access.scope import Scope
from mtdata.web.faults import JobForgotten
from tests.jobs.kinds import TABLE
from tests.jobs.test_pruning import OLD, ended, forget
from tests.web.programs import program
from tests.web.site import WebSite


def forgotten_job(web: WebSite) -> tuple[str, str]:
    """One that made a file and was forgotten: its id, and the link to the file."""
    job = ended(web.place)
    Job.objects.filter(pk=job).update(ended_at=now())
    page = web.visitor("operator").get(f"/jobs/{job}/").text
    Job.objects.filter(pk=job).update(ended_at=now() - OLD)
    found = re.search(r'href="(/d/[^"]+)"', page)
    assert found
    assert forget(web.place.kinds) == {job}
    return job, found[1]


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


def columns(table: str) -> set[str]:
    with connection.cursor() as cursor:
        return {one.name for one in connection.introspection.get_table_description(cursor, table)}


def add(table: str, **cells: object) -> None:
    """A row, by the names that the lines have: the models are in the process of the page alone."""
    names, marks = ", ".join(cells), ", ".join(["%s"] * len(cells))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [*cells.values()])


def column(table: str, name: str) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM {table}")
        return [row[0] for row in cursor.fetchall()]


def stored(moment: datetime) -> object:
    return connection.ops.adapt_datetimefield_value(moment)


def test_the_lines_are_those_of_the_tables(web: WebSite) -> None:
    for one in keeping.TABLES:
        assert {one.rows[1], one.rows[2]} <= columns(one.rows[0]), one.name
    assert all(one.amount().number >= 0 for one in keeping.of_page())


def test_what_is_over_at_the_page_is_forgotten_and_the_rest_stays(web: WebSite) -> None:
    at = now()
    web.visitor("viewer")  # whose session lasts
    living = len(column("django_session", "session_key"))
    assert living > 0
    for key, moment in (("old", at - timedelta(days=100)), ("young", at + timedelta(days=1))):
        add("django_session", session_key=key, session_data="", expire_date=stored(moment))
        of_answer = {"asked": "", "status": 200, "place": "", "body": ""}
        add("web_keptanswer", key=key, **of_answer, made_at=stored(moment))
        add("web_tries", key=key, failures=1, last_at=stored(moment))
    kept = Artifact.objects.get(job=ended(web.place)).pk
    others = set(column("web_link", "artifact_id"))  # those of other tests
    for artifact in (kept, kept + 1000):
        over = stored(at - timedelta(days=100))
        add("web_link", artifact_id=artifact, generation=0, until=over)
    counts = {one.name: sum(one.forget()) for one in keeping.of_page()}
    assert counts["sessions"] >= 1
    for table, name in (
        ("django_session", "session_key"),
        ("web_keptanswer", "key"),
        ("web_tries", "key"),
    ):
        assert {"old", "young"} & set(column(table, name)) == {"young"}, table
    assert len(column("django_session", "session_key")) == living + 1
    assert set(column("web_link", "artifact_id")) - others == {kept}
    assert {sum(one.forget()) for one in keeping.of_page()} == {0}


def test_what_administrators_changed_is_kept_for_ever(web: WebSite) -> None:
    [line] = [one for one in keeping.of_page() if one.name == "changes by administrators"]
    assert (line.keep_s, list(line.forget())) == (None, [])
    assert "an auditor needs it" in line.rule


NOT_BY_TIME = {
    "auth_group": "roles",
    "auth_group_permissions": "roles",
    "auth_permission": "roles",
    "auth_user": "people",
    "auth_user_groups": "people",
    "auth_user_user_permissions": "people",
    "django_content_type": "sorts of tables",
    "django_migrations": "versions of the program",
    "otp_static_staticdevice": "people",
    "otp_static_statictoken": "people, until they are used",
    "otp_totp_totpdevice": "people",
    "programme_formresponse": "people's own rows",
    "programme_team": "people's own rows",
    "programme_teamchange": "of imports that can be undone; each goes as its job is taken back",
    "programme_uploadpiece": "the contents of uploads, whose line it is",
    "records_artifact": "with its job",
    "records_jobend": "until somebody was told, two days at most",
    "records_tally": "a row a kind and account",
    "web_guest": "people",
    "weblogs_batches": "proves that each line was sent once",
    "weblogs_days": "proves that each line was sent once",
    "weblogs_ledgers": "a row a site",
    "weblogs_logs": "proves that each line was sent once",
    "weblogs_moves": "a row a site",
    "weblogs_shares": "proves that each line was sent once",
}
"""Tables that have no line, and why; a new table wants a line, or one here."""


def test_every_table_of_the_database_has_a_line_or_a_reason(web: WebSite) -> None:
    place = web.place
    lines = [*of_records(place.settings, place.kinds), *of_uploads(), *keeping.of_page()]
    counted = {line.amount.args[0].table for line in lines if isinstance(line.amount, partial)}
    there = {one for one in connection.introspection.table_names() if "sqlite" not in one}
    assert counted <= there
    assert not counted & NOT_BY_TIME.keys()
    assert there - counted - NOT_BY_TIME.keys() - {TABLE} == set()


def test_the_page_of_a_job_says_that_what_happened_is_not_kept(web: WebSite) -> None:
    job = ended(web.place)
    told = "not kept any more (EVENTS_KEEP)"
    assert told not in web.visitor("viewer").get(f"/jobs/{job}/").text
    Event.objects.filter(job=job).delete()
    assert told in web.visitor("viewer").get(f"/jobs/{job}/").text
