"""Somebody else holds the records: who only looks goes on, and others are told why they wait."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

from tests.jobs.place import until
from tests.web.programs import program
from tests.web.site import Visitor, WebSite

STRANGERS = 24


@contextmanager
def held(web: WebSite) -> Iterator[None]:
    """Nobody else writes to the records meanwhile."""
    with closing(sqlite3.connect(web.place.settings.database.name)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def _tried(visitor: Visitor, mark: str) -> int:
    given = {"csrfmiddlewaretoken": mark, "username": "a stranger", "password": "a wrong word"}
    return visitor.post("/login/", data=given, timeout=300).status_code


def test_log_ins_that_cannot_be_counted_leave_threads_to_who_is_in(web: WebSite) -> None:
    known, strangers = web.visitor("viewer"), [Visitor(web.url) for _ in range(STRANGERS)]
    for number, stranger in enumerate(strangers):
        stranger.headers["X-Forwarded-For"] = f"203.0.113.{number}"
    marks = [stranger.mark_of("/login/") for stranger in strangers]
    with ThreadPoolExecutor(STRANGERS) as crew:
        with held(web):
            tries = [crew.submit(_tried, *one) for one in zip(strangers, marks, strict=True)]
            until(lambda: any(one.done() for one in tries), "one that is told to come again")
            assert known.get("/jobs/").status_code == 200
            assert known.get("/healthz").status_code == 200
            assert not all(one.done() for one in tries), "some wait for the lock still"
        codes = {one.result() for one in tries}
    assert codes <= {200, 429, 503}


def test_a_token_opens_what_it_may_read_where_nothing_can_be_written(web: WebSite) -> None:
    asking = program(web)
    with held(web):
        for path in ("/metrics", "/api/v1/jobs", "/api/v1/me"):
            assert asking.get(path).status_code == 200, path


def test_a_session_that_cannot_be_kept_behind_a_page_is_no_fault_of_the_program(
    web: WebSite,
) -> None:
    known = web.visitor("viewer")
    assert known.submit("/account/mail/", address="").status_code == 302
    with held(web):
        page = known.get("/account/")  # what it says once is to be taken out of the session
        assert page.status_code == 503
        assert "What was committed is safe" in page.text
    assert known.get("/account/").status_code == 200
