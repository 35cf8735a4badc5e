"""Speaks to the stand-in for Matomo as bare HTTP does; it judges nothing."""

from __future__ import annotations

import http.client
import json
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from mtdata.demo.weblogs.settings import SUPER_USER, MatomoToken
from mtdata.demo.weblogs.site import MatomoSite

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
ADMIN, WRITE, VIEW, SECURE = "ad" * 16, "ab" * 16, "cd" * 16, "5e" * 16
TOKENS = {
    SUPER_USER: MatomoToken(super_user=True),
    ADMIN: MatomoToken(rights={1: "admin"}),
    WRITE: MatomoToken(rights={1: "write"}),
    VIEW: MatomoToken(rights={1: "view"}),
    SECURE: MatomoToken(super_user=True, secure_only=True),
}
BLANK = {"cip": "", "cdt": ""}
"""What makes a hit need no token."""


class MatomoReply(NamedTuple):
    """What came back: status, media type without its charset, body."""

    status: int
    kind: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def hit(number: int = 1, **more: Any) -> dict[str, Any]:
    """A good hit of an hour ago, with its number in the URL."""
    return {
        "idsite": 1,
        "rec": 1,
        "url": f"https://www.example.org/page?n={number}",
        "cip": "192.0.2.1",
        "cdt": "2026-03-10 11:00:00",
        "ua": "Mozilla/5.0",
        **more,
    }


def counts(tracked: int, invalid: int, named: list[int] | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"status": "success", "tracked": tracked, "invalid": invalid}
    return told if named is None else told | {"invalid_indices": named}


def error(tracked: int = 0, named: list[int] | None = None) -> dict[str, Any]:
    return counts(tracked, 0, named) | {"status": "error"}


def send(
    site: MatomoSite,
    body: bytes | None,
    path: str = "/matomo.php",
    *,
    method: str = "POST",
    timeout: float = 120,
    **headers: str,
) -> MatomoReply:
    """One request over a connection of its own."""
    where = urlsplit(site.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=timeout)
    try:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, names)
        answer = connection.getresponse()
        kind = (answer.getheader("Content-Type") or "").partition(";")[0]
        return MatomoReply(answer.status, kind, answer.read())
    finally:
        connection.close()


def bulk(
    site: MatomoSite, *entries: Any, token: str | None = SUPER_USER, **more: Any
) -> MatomoReply:
    """A bulk request with these entries."""
    path, timeout = more.pop("path", "/matomo.php"), more.pop("timeout", 120)
    body = {"requests": list(entries)} | ({} if token is None else {"token_auth": token}) | more
    return send(site, json.dumps(body).encode(), path, timeout=timeout)


def ask(
    site: MatomoSite, method: str, token: str | None = SUPER_USER, *, by: str = "url", **more: Any
) -> MatomoReply:
    """A call of the API: the token in a form and the rest in the URL, or all by `form` or `get`."""
    called = {"module": "API", "method": method, "format": "json", **more}
    secret = {} if token is None else {"token_auth": token}
    if by == "get":
        return send(site, None, f"/index.php?{urlencode(called | secret)}", method="GET")
    if by == "form":
        return send(site, urlencode(called | secret).encode(), "/", Content_Type=FORM)
    path = f"/index.php?{urlencode(called)}"
    return send(site, urlencode(secret).encode(), path, Content_Type=FORM)


def numbers(site: MatomoSite) -> list[int]:
    """The numbers of the stored hits, in order."""
    return [int(stored.key("n")) for stored in site.store.hits]


BODY = json.dumps({"requests": [hit()], "token_auth": SUPER_USER}).encode()
