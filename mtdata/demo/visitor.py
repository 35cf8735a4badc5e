"""Somebody who looks at the web page of a demo once, by HTTP as a browser does."""

from __future__ import annotations

import re
from html import unescape

import requests

TIMEOUT_S = 60.0
_MARK = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
_DOWNLOAD = re.compile(r'href="(/d/[^"]+)"')


def visit(url: str, user: str, password: str, jobs: list[str]) -> list[str]:
    """Log in, look at each job, download the first file of each; what was not as it should be."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            return _visited(session, url, {"username": user, "password": password}, jobs)
        except requests.RequestException as error:
            return [f"the page did not answer ({type(error).__name__})"]


def _visited(
    session: requests.Session, url: str, account: dict[str, str], jobs: list[str]
) -> list[str]:
    mark = _MARK.search(session.get(f"{url}/login/", timeout=TIMEOUT_S).text)
    fields = account | {"csrfmiddlewaretoken": mark[1] if mark else ""}
    session.post(f"{url}/login/", data=fields, timeout=TIMEOUT_S)
    faults = []
    for job in jobs:
        shown = session.get(f"{url}/jobs/{job}/", timeout=TIMEOUT_S)
        link = _DOWNLOAD.search(shown.text)
        if not shown.ok or "Success" not in shown.text or link is None:
            faults.append(f"the page of job {job} shows no Success with a download")
            continue
        with session.get(url + unescape(link[1]), timeout=TIMEOUT_S, stream=True) as answer:
            if not answer.ok or not next(answer.iter_content(1 << 16), b""):
                faults.append(f"what job {job} made cannot be downloaded")
    return faults
