"""Whose word is believed about who asks, by what and below which path."""

from __future__ import annotations

from typing import Any

import pytest

from mtdata.web.forwarded import (
    PEER,
    UNHEARD,
    USER,
    Proxies,
    behind_a_proxy,
    client_of,
    hear_proxy,
)

OURS = Proxies(["10.1.0.0/16", "192.0.2.7", "2001:db8::/32"])


TOLD = {"for": "198.51.100.9", "proto": "https", "prefix": "/lab"}


def heard(peer: str, path: str, prefix: str, told: dict[str, str]) -> dict[str, Any]:
    """What the application sees."""
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start: Any) -> list[bytes]:
        seen.update(environ)
        return []

    headers = {f"HTTP_X_FORWARDED_{name.upper()}": word for name, word in told.items()}
    environ = {"REMOTE_ADDR": peer, "PATH_INFO": path, "wsgi.url_scheme": "http", **headers}
    behind_a_proxy(app, OURS, prefix)(environ, None)
    return seen


@pytest.mark.parametrize(
    "peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "10.1.200.3", "2001:db8::7"]
)
def test_servers_in_front_are_believed_on_this_machine_and_where_the_config_says(peer: str) -> None:
    seen = heard(peer, "/jobs/", "", TOLD)
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("198.51.100.9", "https")
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == ("/lab", "/jobs/")
    assert (seen[PEER], seen.get(UNHEARD)) == (peer, None)


@pytest.mark.parametrize("peer", ["10.2.0.1", "192.0.2.8", "2001:db9::1", "unix", ""])
def test_nobody_else_is_believed(peer: str) -> None:
    seen = heard(peer, "/jobs/", "", TOLD)
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == (peer, "http")
    assert "SCRIPT_NAME" not in seen
    assert seen[UNHEARD] is True
    assert not [name for name in seen if "FORWARDED" in name]
    assert heard(peer, "/jobs/", "", {})[UNHEARD] is False


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("198.51.100.9, 10.1.0.2", "198.51.100.9"),
        ("203.0.113.1, 198.51.100.9, 10.1.0.2, 192.0.2.7", "198.51.100.9"),
        ("198.51.100.9, nonsense, 10.1.0.2", "10.1.0.2"),
        ("10.1.0.9, 10.1.0.2", "10.1.0.9"),
        ("", "127.0.0.1"),
    ],
)
def test_behind_several_servers_who_asks_is_the_last_that_is_none_of_them(
    chain: str, client: str
) -> None:
    assert client_of("127.0.0.1", chain, OURS) == client


@pytest.mark.parametrize(
    ("path", "prefix", "told", "script", "left"),
    [
        ("/lab/jobs/", "", "/lab", "/lab", "/jobs/"),
        ("/jobs/", "", "/lab/", "/lab", "/jobs/"),
        ("/lab", "", "/lab", "/lab", "/"),
        ("/labour/", "", "/lab", "/lab", "/labour/"),
        ("/a/b/d/x", "/a/b", "/other", "/a/b", "/d/x"),
        ("/jobs/", "", "//evil.example", None, "/jobs/"),
        ("/jobs/", "", "/../x", None, "/jobs/"),
        ("/jobs/", "", "/a b", None, "/jobs/"),
        ("/jobs/", "", "javascript:", None, "/jobs/"),
        ("/jobs/", "", "/", None, "/jobs/"),
    ],
)
def test_a_path_in_front_is_taken_off_where_it_still_stands(
    path: str, prefix: str, told: str, script: str | None, left: str
) -> None:
    seen = heard("127.0.0.1", path, prefix, {"prefix": told})
    assert (seen.get("SCRIPT_NAME"), seen["PATH_INFO"]) == (script, left)


NAMING = Proxies(["10.1.0.0/16", "127.0.0.1"], "X-Remote-User")


@pytest.mark.parametrize(
    ("peer", "user"),
    [
        ("10.1.200.3", "anna"),
        ("127.0.0.1", "anna"),
        ("::ffff:10.1.0.9", "anna"),
        ("127.0.0.2", None),
        ("::1", None),
        ("10.2.0.1", None),
        ("unix", None),
        ("", None),
    ],
)
def test_who_asks_is_told_by_servers_that_the_config_names_and_taken_out_of_all(
    peer: str, user: str | None
) -> None:
    environ = {"REMOTE_ADDR": peer, "PATH_INFO": "/", "HTTP_X_REMOTE_USER": "anna"}
    environ["HTTP_X_FORWARDED_FOR"] = "10.1.0.7"
    hear_proxy(environ, NAMING)
    assert environ.get(USER) == user
    assert "HTTP_X_REMOTE_USER" not in environ


def test_without_the_key_no_header_says_who_asks() -> None:
    environ = {"REMOTE_ADDR": "10.1.0.7", "PATH_INFO": "/", "HTTP_X_REMOTE_USER": "anna"}
    hear_proxy(environ, OURS)
    assert USER not in environ
