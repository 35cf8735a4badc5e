"""Who gets what: every address, every method, every role, in one table that is asked in full.

A new address wants a line for each method that it knows, and one with `*` for the others:

    address   method   anonymous   viewer   operator   admin

`in` is whoever is let in, whatever then comes of an empty request; `login` is sent to the page to
log in; a number is the status of the answer.  HEAD is asked wherever GET is and must be the same.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from tests.web.programs import program
from tests.web.site import ROLES, Visitor, WebSite

TABLE = """
/healthz                            GET    in     in   in   in
/healthz                            *      405    405  405  405
/login/                             GET    in     in   in   in
/login/                             POST   in     in   in   in
/login/                             *      405    405  405  405
/login/cake/                        GET    404    404  404  404
/login/cake/                        POST   404    404  404  404
/login/cake/                        *      405    405  405  405
/logout/                            POST   in     in   in   in
/logout/                            *      405    405  405  405
/account/                           GET    login  in   in   in
/account/                           *      login  405  405  405
/account/mail/                      POST   login  in   in   in
/account/mail/                      *      login  405  405  405
/account/password/                  POST   login  in   in   in
/account/password/                  *      login  405  405  405
/account/second-factor/             GET    login  in   in   in
/account/second-factor/             POST   login  in   in   in
/account/second-factor/             *      login  405  405  405
/account/tokens/                    POST   login  in   in   in
/account/tokens/                    *      login  405  405  405
/account/tokens/<int:number>/remove/ POST  login  in   in   in
/account/tokens/<int:number>/remove/ *     login  405  405  405
/                                   GET    login  in   in   in
/                                   *      login  405  405  405
/overview/                          GET    login  in   in   in
/overview/                          *      login  405  405  405
/pool/                              GET    login  in   in   in
/pool/                              *      login  405  405  405
/pool/<str:name>/                   GET    login  in   in   in
/pool/<str:name>/                   *      login  405  405  405
/weblogs/                           GET    login  in   in   in
/weblogs/                           *      login  405  405  405
/weblogs/<str:name>/                GET    login  404  404  404
/weblogs/<str:name>/                *      login  405  405  405
/weblogs/<str:name>/<str:day>/      GET    login  404  404  404
/weblogs/<str:name>/<str:day>/      *      login  405  405  405
/reports/                           GET    login  in   in   in
/reports/                           *      login  405  405  405
/reports/<str:name>/                GET    login  in   in   in
/reports/<str:name>/                POST   login  403  in   in
/reports/<str:name>/                *      login  405  405  405
/style/                             GET    login  403  403  in
/style/                             *      login  403  403  405
/runners/                           GET    login  in   in   in
/runners/                           *      login  405  405  405
/incidents/                         GET    login  in   in   in
/incidents/                         *      login  405  405  405
/incidents/close/                   POST   login  403  404  404
/incidents/close/                   *      login  403  405  405
/jobs/                              GET    login  in   in   in
/jobs/                              *      login  405  405  405
/jobs/ended/                        GET    login  in   in   in
/jobs/ended/                        *      login  405  405  405
/jobs/stop/                         POST   login  403  in   in
/jobs/stop/                         *      login  403  405  405
/jobs/new/                          GET    login  403  in   in
/jobs/new/                          *      login  403  405  405
/jobs/new/<str:kind>/               GET    login  403  in   in
/jobs/new/<str:kind>/               POST   login  403  in   in
/jobs/new/<str:kind>/               *      login  403  405  405
/jobs/daily/                        GET    login  in   in   in
/jobs/daily/                        POST   login  403  404  404
/jobs/daily/                        *      login  405  405  405
/jobs/several/                      GET    login  403  in   in
/jobs/several/                      POST   login  403  in   in
/jobs/several/                      *      login  403  405  405
/jobs/<uuid:job>/                   GET    login  in   in   in
/jobs/<uuid:job>/                   *      login  405  405  405
/jobs/<uuid:job>/live/              GET    login  in   in   in
/jobs/<uuid:job>/live/              *      login  405  405  405
/jobs/<uuid:job>/log/               GET    login  in   in   in
/jobs/<uuid:job>/log/               *      login  405  405  405
/jobs/<uuid:job>/parts/             GET    login  in   in   in
/jobs/<uuid:job>/parts/             *      login  405  405  405
/jobs/<uuid:job>/artifacts/         GET    login  in   in   in
/jobs/<uuid:job>/artifacts/         *      login  405  405  405
/jobs/<uuid:job>/zip/               GET    login  403  in   in
/jobs/<uuid:job>/zip/               *      login  403  405  405
/jobs/<uuid:job>/renew/             POST   login  403  in   in
/jobs/<uuid:job>/renew/             *      login  403  405  405
/jobs/<uuid:job>/stop/              POST   login  403  in   in
/jobs/<uuid:job>/stop/              *      login  403  405  405
/jobs/<uuid:job>/retry/             POST   login  403  in   in
/jobs/<uuid:job>/retry/             *      login  403  405  405
/jobs/<uuid:job>/undo/              POST   login  403  in   in
/jobs/<uuid:job>/undo/              *      login  403  405  405
/jobs/<uuid:job>/artifacts/<int:number>/renew/  POST  login 403 404 404
/jobs/<uuid:job>/artifacts/<int:number>/renew/  *     login 403 405 405
/jobs/<uuid:job>/artifacts/<int:number>/revoke/ POST  login 403 404 404
/jobs/<uuid:job>/artifacts/<int:number>/revoke/ *     login 403 405 405
/d/<str:word>                       GET    login  403  404  404
/d/<str:word>                       *      login  403  405  405
/programme/                         GET    login  in   in   in
/programme/                         *      login  405  405  405
/import_teams/                      GET    login  403  in   in
/import_teams/                      POST   login  403  in   in
/import_teams/                      *      login  403  405  405
/import_forms/                      GET    login  403  in   in
/import_forms/                      POST   login  403  in   in
/import_forms/                      *      login  403  405  405
/stop_task/<uuid:job>               GET    login  403  in   in
/stop_task/<uuid:job>               POST   login  403  in   in
/stop_task/<uuid:job>               *      login  403  405  405
/stop_task/<uuid:job>/              GET    login  403  in   in
/stop_task/<uuid:job>/              POST   login  403  in   in
/stop_task/<uuid:job>/              *      login  403  405  405
/export_data/                       GET    login  403  in   in
/export_data/                       POST   login  403  in   in
/export_data/                       *      login  403  405  405
/users/                             GET    login  403  403  in
/users/                             POST   login  403  403  in
/users/                             *      login  403  403  405
/users/<int:number>/                GET    login  403  403  404
/users/<int:number>/                POST   login  403  403  404
/users/<int:number>/                *      login  403  403  405
/metrics                            GET    401    in   in   in
/metrics                            *      401    405  405  405
/admin/                             GET    login  403  403  in
/admin/                             *      login  403  403  in
/static/web/mtdata.css              GET    in     in   in   in
/static/web/mtdata.css              *      405    405  405  405
/static/ninja/swagger-ui-bundle.js  GET    in     in   in   in
/nowhere/                           GET    404    404  404  404
/nowhere/                           *      404    404  404  404
/api/docs                           GET    login  in   in   in
/api/docs                           *      login  405  405  405
/api/openapi.json                   GET    401    in   in   in
/api/openapi.json                   *      401    405  405  405
/api/v1/openapi.json                GET    401    in   in   in
/api/v1/openapi.json                *      401    405  405  405
/api/nowhere                        GET    404    404  404  404
/api/nowhere                        *      404    404  404  404
/api/v1/me                             GET    401    in   in   in
/api/v1/me                             *      401    405  405  405
/api/v1/kinds                          GET    401    in   in   in
/api/v1/kinds                          *      401    405  405  405
/api/v1/sites                          GET    401    in   in   in
/api/v1/sites                          *      401    405  405  405
/api/v1/weblogs                        GET    401    in   in   in
/api/v1/weblogs                        *      401    405  405  405
/api/v1/reports                        GET    401    in   in   in
/api/v1/reports                        *      401    405  405  405
/api/v1/reports/<server>               GET    401    404  404  404
/api/v1/reports/<server>               *      401    405  405  405
/api/v1/incidents                      GET    401    in   in   in
/api/v1/incidents                      *      401    405  405  405
/api/v1/runners                        GET    401    in   in   in
/api/v1/runners                        *      401    405  405  405
/api/v1/jobs                           GET    401    in   in   in
/api/v1/jobs                           POST   401    403  in   in
/api/v1/jobs                           *      401    405  405  405
/api/v1/jobs/stop                      POST   401    403  in   in
/api/v1/jobs/stop                      *      401    403  405  405
/api/v1/jobs/<uuid:id>                 GET    401    in   in   in
/api/v1/jobs/<uuid:id>                 *      401    405  405  405
/api/v1/jobs/<uuid:id>/events          GET    401    in   in   in
/api/v1/jobs/<uuid:id>/events          *      401    405  405  405
/api/v1/jobs/<uuid:id>/parts           GET    401    in   in   in
/api/v1/jobs/<uuid:id>/parts           *      401    405  405  405
/api/v1/jobs/<uuid:id>/stop            POST   401    403  in   in
/api/v1/jobs/<uuid:id>/stop            *      401    403  405  405
/api/v1/jobs/<uuid:id>/retry           POST   401    403  in   in
/api/v1/jobs/<uuid:id>/retry           *      401    403  405  405
/api/v1/jobs/<uuid:id>/undo            POST   401    403  in   in
/api/v1/jobs/<uuid:id>/undo            *      401    403  405  405
/api/v1/jobs/<uuid:id>/zip             GET    401    403  in   in
/api/v1/jobs/<uuid:id>/zip             *      401    403  405  405
/api/v1/jobs/<uuid:id>/renew           POST   401    403  in   in
/api/v1/jobs/<uuid:id>/renew           *      401    403  405  405
/api/v1/jobs/<uuid:id>/artifacts/<int:number>/renew  POST  401 403 404 404
/api/v1/jobs/<uuid:id>/artifacts/<int:number>/renew  *     401 403 405 405
/api/v1/jobs/<uuid:id>/artifacts/<int:number>/revoke POST  401 403 404 404
/api/v1/jobs/<uuid:id>/artifacts/<int:number>/revoke *     401 403 405 405
/api/v1/form-responses                 POST   401    403  in   in
/api/v1/form-responses                 *      401    403  405  405
/api/v1/teams/import                   POST   401    403  in   in
/api/v1/teams/import                   *      401    403  405  405
/api/v1/forms/import                   POST   401    403  in   in
/api/v1/forms/import                   *      401    403  405  405
/api/v1/files/<word>                   GET    401    403  404  404
/api/v1/files/<word>                   *      401    403  405  405
"""
pytestmark = pytest.mark.usefixtures("web")
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
WHO = ("", *ROLES)
VALUES = {"number": "0", "name": "study", "kind": "rows"}
"""What stands for the pieces of an address between < and >, by their names."""
NOT_OF_DJANGO = ("/static/", "/nowhere/", "/api/nowhere")
_PIECE = re.compile(r"<(?:\w+:)?(\w+)>")


class Line(NamedTuple):
    """One line of the table."""

    address: str
    method: str
    expected: tuple[str, ...]

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that it speaks of."""
        own = {line.method for line in LINES if line.address == self.address}
        return tuple(m for m in METHODS if m not in own) if self.method == "*" else (self.method,)


OF_NOW = [
    Line(words[0], words[1], tuple(words[2:]))
    for words in map(str.split, TABLE.strip().split("\n"))
]
OF_BEFORE = [
    line._replace(address=line.address.replace("/v1", "", 1))
    for line in OF_NOW
    if line.address.startswith("/api/v1/") and line.address != "/api/v1/openapi.json"
]
"""The operations as they were called first: nobody who asks so gets more or less."""
LINES = OF_NOW + OF_BEFORE


def filled(address: str, job: str) -> str:
    """An address with something in the place of each piece."""
    values = VALUES | {"id": job, "job": job}
    return _PIECE.sub(lambda found: values.get(found[1], "x"), address)


def told(answer: requests.Response) -> str:
    """What one got, in the words of the table."""
    if answer.status_code == 302 and "/login/?next=" in answer.headers["Location"]:
        return "login"
    if answer.status_code in (401, 403, 404, 405):
        return str(answer.status_code)
    assert answer.status_code < 500, answer.text
    return "in"


def ask(visitor: Visitor, method: str, path: str) -> requests.Response:
    """An empty request, with the mark of our pages."""
    if "mark" not in visitor.__dict__:
        visitor.mark = visitor.mark_of("/account/" if visitor.cookies else "/login/")  # type: ignore[attr-defined]
    headers = {"X-CSRFToken": visitor.mark}  # type: ignore[attr-defined]
    return visitor.request(method, path, headers=headers)


@pytest.fixture
def job(web: WebSite) -> str:
    """A job that nobody carries."""
    return web.place.add()


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.method} {line.address}")
def test_everybody_gets_what_the_table_says(web: WebSite, job: str, line: Line) -> None:
    path = filled(line.address, job)
    found: dict[str, tuple[str, ...]] = {}
    for method in line.methods:
        for who in WHO:
            leaves = (method, path) == ("POST", "/logout/")
            visitor = _fresh(web, who) if leaves else web.visitor(who)
            found[method] = (*found.get(method, ()), told(ask(visitor, method, path)))
    assert found == dict.fromkeys(line.methods, line.expected)


def _fresh(web: WebSite, who: str) -> Visitor:
    found = Visitor(web.url)
    if who:
        found.log_in(who)
    return found


@pytest.mark.parametrize("line", [line for line in LINES if line.method == "GET"], ids=str)
def test_head_gets_what_get_does_and_no_body(web: WebSite, job: str, line: Line) -> None:
    path = filled(line.address, job)
    for who in WHO:
        visitor = web.visitor(who)
        head, whole = visitor.head(path), visitor.get(path)
        assert head.status_code == whole.status_code
        assert visitor.get("/healthz").text == "ok\n"  # no body is left over on the connection


def test_the_table_knows_every_address(web: WebSite) -> None:
    known = {line.address for line in LINES}
    program = [sys.executable, "-P", str(Path(__file__).with_name("addresses.py"))]
    done = subprocess.run(
        [*program, str(web.config)], check=True, capture_output=True, text=True, timeout=60
    )
    there = set(json.loads(done.stdout))
    missing = sorted(there - known)
    assert not missing, "add to TABLE a line for each method of these, and one for *: " + (
        ", ".join(missing)
    )
    gone = sorted(one for one in known - there if not one.startswith(NOT_OF_DJANGO))
    assert not gone, f"these are in TABLE and are no address any more: {', '.join(gone)}"


def test_the_table_knows_every_operation_and_its_role(web: WebSite) -> None:
    document = program(web, "viewer").get("/api/openapi.json").json()
    described = {
        (path, method.upper()): operation["x-role"]
        for path, ways in document["paths"].items()
        for method, operation in ways.items()
    }
    in_table = {
        (_PIECE.sub(r"{\1}", line.address), line.method): ROLES[_first_let_in(line) - 1]
        for line in OF_NOW
        if line.address.startswith("/api/")
        and line.address not in NOT_OF_DJANGO
        and line.method != "*"
    }
    of_people = {("/api/docs", "GET")}
    of_people |= {(path, "GET") for path in ("/api/openapi.json", "/api/v1/openapi.json")}
    assert {key: role for key, role in in_table.items() if key not in of_people} == described


def _first_let_in(line: Line) -> int:
    """The first of WHO who is not turned away; what is asked for may not be there (404)."""
    return next(n for n, one in enumerate(line.expected) if one in ("in", "404"))


@pytest.mark.parametrize("scope", ROLES)
def test_a_token_opens_what_its_scope_does(web: WebSite, job: str, scope: str) -> None:
    asking = program(web, "admin", scope)
    for line in LINES:
        if line.address.startswith(("/api/", "/metrics")) and line.address != "/api/docs":
            path = filled(line.address, job)
            expected = line.expected[WHO.index(scope)]
            for method in line.methods:
                assert told(asking.request(method, path)) == expected, f"{method} {path}"


def test_a_token_opens_no_page_of_people(web: WebSite) -> None:
    asking = program(web, "admin")
    for path in ("/account/", "/admin/", "/api/docs"):
        assert told(asking.get(path)) == "login"
    assert told(asking.post("/account/tokens/", data={"name": "x"})) == "403"
