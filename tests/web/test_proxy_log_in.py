"""Log-in by the word of a web server in front: heard from the one that is named, of nobody else."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from django.db import connection
from requests.adapters import HTTPAdapter

from mtdata.jobs.records import setting
from tests.web.programs import token_of
from tests.web.second_factors import PAGE, begin, code_at, step_now
from tests.web.site import PASSWORD, Visitor, WebSite

HEADER = "X-Remote-User"
PROXY, OTHER = "127.0.0.1", "127.0.0.2"
KEYS = {
    "TRUSTED_PROXIES": [PROXY],
    "PROXY_USER_HEADER": HEADER,
    "PROXY_NEW_USERS": "viewer",
    "PROXY_ADMINS": ["boss", "shut"],
    "ADMINS_NEED_CODE": True,
}


class From(HTTPAdapter):
    """Calls from one address of this machine."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *given: Any, **how: Any) -> None:
        super().init_poolmanager(*given, **how, source_address=(self._address, 0))


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSite]:
    """A page behind a web server that says who asks."""
    url = "sqlite:///state/programme.sqlite3"
    config = {"programme": {"DATABASE": url, **KEYS}}
    site = WebSite(tmp_path_factory.mktemp("behind"), url, config)
    for name in ("boss", "root", "shut"):
        site.add_user(name, "admin")
    yield site
    site.close()


@pytest.fixture
def page(behind: WebSite) -> Iterator[WebSite]:
    setting.open_records(behind.place.settings.database)
    yield behind
    setting.close_records()


def come(page: WebSite, name: str | bytes | None, address: str = PROXY) -> Visitor:
    """Somebody who comes from that address with that name in the header."""
    found = Visitor(page.url)
    found.mount("http://", From(address))
    if name is not None:
        found.headers[HEADER] = name
    return found


def role(visitor: Visitor) -> str:
    answer = visitor.get("/api/v1/me")
    return str(answer.json().get("role", answer.status_code))


@pytest.mark.parametrize(
    ("name", "known"),
    [("boss", "admin"), ("root", "operator"), ("operator", "operator"), ("viewer", "viewer")],
)
def test_who_is_named_is_who_asks_and_an_admin_only_where_a_key_says_so(
    page: WebSite, name: str, known: str
) -> None:
    visitor = come(page, name)
    assert role(visitor) == known
    assert visitor.get("/").status_code == 200
    for place in ("/users/", "/admin/auth/user/"):
        assert visitor.get(place).status_code == (200 if known == "admin" else 403)
    assert visitor.submit("/account/mail/", address="").status_code == 302
    assert visitor.get("/login/").status_code == 302


def test_nothing_is_kept_of_it(page: WebSite) -> None:
    visitor = come(page, "boss")
    assert visitor.get("/users/").status_code == 200
    del visitor.headers[HEADER]
    assert visitor.get("/users/").status_code == 302
    assert role(visitor) == "401"


@pytest.mark.parametrize("address", [OTHER, "127.8.9.1"])
def test_of_anybody_else_the_header_is_taken_out_unheard(page: WebSite, address: str) -> None:
    for name in ("boss", "", "a, b"):
        visitor = come(page, name, address)
        assert visitor.get("/").status_code == 302, "to the log-in"
        assert role(visitor) == "401"
    stranger = come(page, "boss", address)
    assert stranger.log_in("viewer").status_code == 302
    assert role(stranger) == "viewer"


@pytest.mark.parametrize(
    "name",
    ["", "boss, root", "boss,boss", "cake:a@b", "a b", "<b>", "x" * 151, b"\xff\xfe", "a/b"],
    ids=repr,
)
def test_what_is_no_one_name_is_refused_even_beside_a_session(
    page: WebSite, name: str | bytes
) -> None:
    visitor = come(page, None)
    assert visitor.log_in("viewer").status_code == 302
    visitor.headers[HEADER] = name
    for place in ("/", "/account/", "/api/v1/me", "/login/"):
        answer = visitor.get(place)
        assert (answer.status_code, "no name of a user, or several" in answer.text) == (403, True)
    assert visitor.get("/healthz").status_code == 200


def test_two_headers_are_refused(page: WebSite) -> None:
    line = http.client.HTTPConnection("127.0.0.1", page.port, timeout=30)
    line.putrequest("GET", "/api/v1/me")
    line.putheader(HEADER, "viewer")
    line.putheader(HEADER, "boss")
    line.endheaders()
    assert line.getresponse().status == 403
    line.close()
    line = http.client.HTTPConnection("127.0.0.1", page.port, timeout=30)
    line.putrequest("GET", "/api/v1/me")
    line.putheader("X_Remote_User", "boss")
    line.endheaders()
    assert line.getresponse().status == 401
    line.close()


def test_who_is_new_is_made_with_the_role_of_the_key_and_no_password(page: WebSite) -> None:
    assert role(come(page, "Zoë".encode())) == "viewer"
    assert role(come(page, "Zoë".encode())) == "viewer"
    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM auth_user WHERE username = %s", ["Zoë"])
        assert [row[0][0] for row in cursor.fetchall()] == ["!"], "none that opens"
    assert Visitor(page.url).log_in("Zoë", PASSWORD).status_code == 200


def test_who_is_shut_out_here_is_out_at_once(page: WebSite) -> None:
    visitor = come(page, "shut")
    assert role(visitor) == "admin"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE auth_user SET is_active = %s WHERE username = %s", [False, "shut"])
    answer = visitor.get("/")
    assert (answer.status_code, "your account is shut" in answer.text) == (403, True)


def test_a_token_counts_as_before_whatever_the_header_says(page: WebSite) -> None:
    word = token_of(page, "operator")
    for name in (None, "viewer", "", "boss"):
        program = come(page, name)
        program.headers["Authorization"] = f"Bearer {word}"
        assert program.get("/api/v1/me").json() == {
            "user": "operator", "role": "operator", "scope": "operator",
        }  # fmt: skip


def test_a_form_wants_the_mark_of_our_pages_all_the_same(page: WebSite) -> None:
    visitor = come(page, "operator")
    assert visitor.post("/api/v1/jobs", json={"kind": "rows"}).status_code == 403
    mark = visitor.mark_of("/account/")
    made = visitor.post("/api/v1/jobs", json={"kind": "rows"}, headers={"X-CSRFToken": mark})
    assert made.status_code == 201, made.text


@pytest.mark.parametrize(
    ("name", "said"), [("operator", "100 Continue"), ("viewer", "403 "), ("a, b", "403 ")]
)
def test_a_large_body_is_let_in_by_the_same_word(page: WebSite, name: str, said: str) -> None:
    head = (
        f"POST /test/upload/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/csv\r\n"
        f"Content-Length: {4 << 20}\r\nExpect: 100-continue\r\n{HEADER}: {name}\r\n\r\n"
    )
    with closing(socket.create_connection(("127.0.0.1", page.port), 30)) as line:
        line.sendall(head.encode())
        assert line.recv(1 << 16).decode("latin-1").partition(" ")[2].startswith(said)


def test_where_the_config_wants_it_an_admin_by_password_alone_is_an_operator(page: WebSite) -> None:
    visitor = come(page, None)
    assert visitor.log_in("root").status_code == 302
    assert role(visitor) == "operator"
    assert visitor.get("/users/").status_code == 403
    assert visitor.get("/admin/auth/user/").status_code == 403
    assert "Administrators need one here" in visitor.get("/account/").text
    other = come(page, None)
    assert other.log_in("operator").status_code == 302
    assert role(other) == "operator"
    assert "Administrators need one here" not in other.get("/account/").text
    set_up_code(visitor)
    assert role(visitor) == "401", "its session has ended"


def set_up_code(visitor: Visitor) -> None:
    secret = begin(visitor)
    shown = visitor.submit(PAGE, order="confirm", code=code_at(secret, step_now()))
    recovery = re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", shown.text)
    again = Visitor(visitor.url)
    again.submit("/login/", "/login/", username="root", password=PASSWORD, code=recovery[0])
    assert role(again) == "admin"
