"""The page behind a web server: below a path, beside another instance, asked by any name."""

from __future__ import annotations

import re
import shutil
import socket
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import yaml

from tests.web.site import PASSWORD, Visitor, WebSite, begun, ended

PAGES = ("/", "/jobs/", "/jobs/new/", "/users/", "/account/", "/api/docs", "/admin/auth/user/")
_LEADS = re.compile(r'(?:href|src|action|hx-get|hx-post)="(/[^"]*)"')
BELOW = "/lab/mtdata"


class Below(Visitor):
    """Somebody in front of a web server that has the page below a path, and takes it off or not."""

    takes_off = False

    def request(self, method: str, path: str, **how: Any) -> requests.Response:  # type: ignore[override]
        """A path as the browser has it, which sends what it has for that path."""
        assert path.startswith((BELOW, "http")), path
        if self.takes_off:
            sent = "; ".join(f"{one.name}={one.value}" for one in self.cookies)
            how["headers"] = {**how.get("headers", {}), "Cookie": sent}
            path = path.removeprefix(BELOW)
        return super().request(method, path, **how)


def came(url: str, *, takes_off: bool, told: bool = True) -> Below:
    found = Below(url)
    found.takes_off = takes_off
    if told:
        found.headers["X-Forwarded-Prefix"] = BELOW
    at = f"{BELOW}/login/"
    answer = found.submit(at, at, username="admin", password=PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{BELOW}/")
    paths = {cookie.path for cookie in found.cookies}
    assert paths == {BELOW}, "other programs at this host get none of ours"
    return found


@pytest.mark.parametrize("takes_off", [True, False])
def test_below_a_path_every_link_file_redirect_and_cookie_stays_below_it(
    web: WebSite, takes_off: bool
) -> None:
    visitor = came(web.url, takes_off=takes_off)
    job = web.place.add()
    seen: set[str] = set()
    for page in (*PAGES, f"/jobs/{job}/"):
        answer = visitor.get(BELOW + page)
        assert answer.status_code == 200, page
        leads = set(_LEADS.findall(answer.text))
        assert leads
        assert not [one for one in leads if not f"{one}/".startswith(f"{BELOW}/")], page
        seen |= {urlsplit(one).path for one in leads}
    for path in sorted(seen):
        if "logout" not in path and not path.startswith(f"{BELOW}/admin/"):
            assert visitor.get(path).status_code in (200, 302, 303, 405), path
    document = visitor.get(f"{BELOW}/api/openapi.json").json()
    assert document["servers"] == [{"url": BELOW}]
    mark = visitor.mark_of(f"{BELOW}/account/")
    made = visitor.post(
        f"{BELOW}/api/v1/jobs", json={"kind": "rows"}, headers={"X-CSRFToken": mark}
    )
    assert made.headers["Location"].startswith(f"{BELOW}/api/v1/jobs/")
    assert visitor.get(made.headers["Location"]).status_code == 200
    assert f"{BELOW}/login/?next={BELOW}/jobs/" in _stranger(web.url, takes_off)


def _stranger(url: str, takes_off: bool) -> str:
    found = Below(url)
    found.takes_off = takes_off
    found.headers["X-Forwarded-Prefix"] = BELOW
    return str(found.get(f"{BELOW}/jobs/").headers["Location"])


def test_a_path_by_a_key_and_two_instances_at_one_host(web: WebSite, tmp_path: Path) -> None:
    home = tmp_path / "other"
    shutil.copytree(web.config, home / "config")
    programme = home / "config" / "programme.config"
    given = yaml.safe_load(programme.read_text()) | {"PATH_PREFIX": BELOW, "HSTS": "30d"}
    programme.write_text(yaml.safe_dump(given | {"SECRET_KEY": "another secret " * 5}))
    shutil.copytree(web.place.folder / "state", home / "state")
    server, url = begun(home / "config")
    try:
        other = came(url, takes_off=False, told=False)
        assert other.get(f"{BELOW}/jobs/").status_code == 200
        assert f'href="{BELOW}/static/web/' in other.get(f"{BELOW}/jobs/").text
        headers = {"X-Forwarded-Proto": "https"}
        at = Below(url).get(f"{BELOW}/login/", headers=headers)
        assert at.headers["Strict-Transport-Security"] == f"max-age={30 * 86_400}"
        # one browser, one host, two ports: cookies know no port
        one = Visitor(web.url)
        assert one.log_in("viewer").status_code == 302
        for cookie in other.cookies:
            one.cookies.set(cookie.name, cookie.value, domain="127.0.0.1")
        assert one.get("/account/").status_code == 200
        assert len(set(one.cookies.keys())) == 4, "each instance has names of its own"
    finally:
        ended(server)


@pytest.mark.parametrize(
    "asked",
    [
        "GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: 10.0.3.7:8080\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a_b c/\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.0\r\n\r\n",
        "HEAD /healthz HTTP/1.0\r\n\r\n",
    ],
)
def test_healthz_answers_whatever_the_host(web: WebSite, asked: str) -> None:
    with closing(socket.create_connection(("127.0.0.1", web.port), 30)) as line:
        line.sendall(asked.encode())
        answer = b""
        while piece := line.recv(1 << 16):
            answer += piece
    assert answer.split(b" ", 2)[1] == b"200", answer
    assert answer.endswith(b"ok\n") is asked.startswith("GET")


def test_a_refused_form_says_what_the_server_in_front_does_not_tell(web: WebSite) -> None:
    visitor = Visitor(web.url)
    host = web.url.partition("://")[2]
    for origin, more, word in (
        (f"https://{host}", {}, "X-Forwarded-Proto"),
        (f"http://{host}1", {}, "the header Host"),
        (f"https://{host}", {"X-Forwarded-Proto": "https"}, ""),
        ("null", {}, ""),
    ):
        answer = visitor.post("/login/", headers={"Origin": origin, **more})
        assert answer.status_code == 403
        assert "Nothing was changed" in answer.text
        assert (word in answer.text) if word else ("in front" not in answer.text)
