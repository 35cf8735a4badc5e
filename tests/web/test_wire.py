"""Headers and forms that nobody's browser sends: none is a fault of ours, and none takes long."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.web.programs import program
from tests.web.site import PASSWORD, Visitor, WebSite

PATHS = (
    "/login/?next=/jobs/",
    "/healthz",
    "/static/web/style.css",
    "/api/v1/kinds",
    "/jobs/?name=x",
)
ODD = (
    "text/plain; charset*=nosuch''x",
    "text/plain; charset=hex",
    "text/plain; charset=undefined",
    "text/plain; x*0*=a; x*" + "9" * 3000 + "=b",
    "application/x-www-form-urlencoded; charset=idna",
    "multipart/form-data; boundary=x; charset=hex",
    "multipart/form-data; boundary*=nosuch''x",
)
LARGE = 30_000
COSTLY = {
    "Content-Type": 'text/plain; x="' + ";" * LARGE,
    "Cookie": 'a="' + "\\" * LARGE + '"',
}
TOO_LONG_S = 0.5


def _worked_s(web: WebSite) -> float:
    """Seconds for which the server has had a core."""
    words = Path(f"/proc/{web._server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("told", ODD)
def test_whatever_content_type_is_told_the_page_is_answered(web: WebSite, told: str) -> None:
    for path in PATHS:
        plain = Visitor(web.url).get(path).status_code
        assert Visitor(web.url).get(path, headers={"Content-Type": told}).status_code == plain
        sent = Visitor(web.url).post(path, data="a=b", headers={"Content-Type": told})
        assert 400 <= sent.status_code < 500, path


@pytest.mark.parametrize("part", [b"name*=nosuch''x", b"name=x; filename*=undefined''x"])
def test_a_form_that_cannot_be_read_is_a_400(web: WebSite, part: bytes) -> None:
    body = b"--x\r\nContent-Disposition: form-data; " + part + b"\r\n\r\nx\r\n--x--\r\n"
    how = {"Content-Type": "multipart/form-data; boundary=x"}
    assert Visitor(web.url).post("/login/", data=body, headers=how).status_code in (400, 403)


@pytest.mark.parametrize("told", ["x; filename*=nosuch''x", "x; filename*=a'b'%ff" + "x" * 9000])
def test_a_file_whose_name_cannot_be_read_is_not_taken(web: WebSite, told: str) -> None:
    how = {"Content-Disposition": told, "Content-Type": "text/csv"}
    answer = program(web).post("/api/v1/teams/import", data=b"name\nx\n", headers=how)
    assert (answer.status_code, "Content-Disposition" in answer.text) == (400, True)


@pytest.mark.parametrize("name", COSTLY)
def test_no_header_takes_long_to_read(web: WebSite, name: str) -> None:
    visitor, before = Visitor(web.url), _worked_s(web)
    for _ in range(3):
        assert visitor.get("/login/", headers={name: COSTLY[name]}).status_code == 200
    assert _worked_s(web) - before < TOO_LONG_S


def test_cookies_of_other_programs_beside_ours_change_nothing(web: WebSite) -> None:
    visitor = Visitor(web.url)
    assert visitor.log_in("viewer", PASSWORD).status_code == 302
    ours = "; ".join(f"{one.name}={one.value}" for one in visitor.cookies)
    for beside in ('a="\\"; b=;', "a; =; ;;", "caf\xe9=x"):
        told = f"{beside}; {ours}".encode("latin-1")
        assert Visitor(web.url).get("/account/", headers={"Cookie": told}).status_code == 200
