"""Files that people bring to the page, and slots that import them; no test itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from mtdata.duties import KINDS
from mtdata.jobs.celery.runner import runner_of
from mtdata.jobs.runner import options_of
from tests.jobs.place import PATIENCE_S, Place
from tests.preloaded import fork_children_of_jobs
from tests.web.site import Visitor

TEAMS = "/import_teams/"


def team_lines(*names: str, head: str = "name,description,manager,members") -> bytes:
    """A file of teams with these names."""
    return "\r\n".join([head, *(f"{name},of {name},anna,Bea" for name in names), ""]).encode()


def bring(visitor: Visitor, content: bytes, path: str = TEAMS, name: str = "teams.csv") -> Any:
    """Send a file by the form; what the page answers."""
    fields = {"csrfmiddlewaretoken": visitor.mark_of(path)}
    return visitor.post(path, data=fields, files={"file": (name, content)})


def id_of(answer: requests.Response) -> str:
    """The id under which a file was kept."""
    assert answer.status_code == 303, answer.text
    return parse_qs(urlsplit(answer.headers["Location"]).query)["file"][0]


def order(visitor: Visitor, upload: str, path: str = TEAMS, **fields: str) -> requests.Response:
    """Have the rows of a kept file imported."""
    return visitor.submit(path, path, upload=upload, **fields)


def job_of(answer: requests.Response) -> str:
    """The id of the job that was queued."""
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].rstrip("/").rpartition("/")[2]


@contextmanager
def carried(place: Place, table: str = "mtdata.duties") -> Iterator[None]:
    """Slots with the program's own kinds are at work meanwhile; children take them from `table`."""
    child = (sys.executable, "-m", "mtdata.jobs.child", table)
    fork_children_of_jobs()
    slots = runner_of(place.settings, KINDS, 1, options_of(place.settings, child))
    slots.start()
    try:
        yield
    finally:
        assert slots.stop(PATIENCE_S)
