"""The cookies of a site: without JSESSIONID each request costs it a slow password check."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from email.message import Message
from functools import lru_cache
from typing import Any

from requests import PreparedRequest, Request
from requests.cookies import (
    MockResponse,
    RequestsCookieJar,
    extract_cookies_to_jar,
    get_cookie_header,
)

MOST = 8192  # bytes; most servers refuse a request with more
_TOO_LONG_AGE = re.compile(r"(max-age\s*=\s*\"?[-+]?[0_]*[1-9]_?(?:\d_?){8})[\d_]+", re.IGNORECASE)


@lru_cache(maxsize=64)
def prepared_get(url: str) -> PreparedRequest:
    """A GET by which cookies and connections are found; nobody changes or sends it."""
    return Request("GET", url).prepare()


class _CookieJar(RequestsCookieJar):
    """A jar in which a cookie of a nonsensical age lasts for some years.

    The library's own loses all cookies of the answer over one such number, and prints a traceback.
    """

    def make_cookies(self, response: Any, request: Any) -> Any:
        told = Message()
        for line in response.info().get_all("Set-Cookie", []):
            told["Set-Cookie"] = _TOO_LONG_AGE.sub(r"\1", str(line))
        return super().make_cookies(MockResponse(told), request)  # type: ignore[arg-type]


class SiteCookies:
    """What the answers of one site brought."""

    def __init__(self, export: PreparedRequest, carry: Callable[[str], None]) -> None:
        """`carry` is told what a request to `export` takes along, '' where that is over."""
        self._export, self._carry = export, carry
        self.jar = _CookieJar()
        self._come: list[Any] = []

    def take_later(self, answer: Any) -> None:
        """Look for those of this answer before anything else is asked: most rounds ask once."""
        self._come.append(answer)

    def take(self) -> None:
        """Let all that came be known."""
        come, self._come = self._come, []
        for answer in come:
            self.remember(answer)

    def of(self, url: str) -> str:
        """What a GET takes along, '' for nothing."""
        self.take()
        if not self.jar:
            return ""
        there = Request("GET", url).prepare()
        return get_cookie_header(self.jar, there) or ""  # type: ignore[no-untyped-call]

    def remember(self, answer: Any) -> None:
        """Take the cookies of an answer at once."""
        extract_cookies_to_jar(self.jar, self._export, answer)  # type: ignore[no-untyped-call]
        cookie = get_cookie_header(self.jar, self._export)  # type: ignore[no-untyped-call]
        if len(cookie or "") > MOST or size_of_all(self.jar) > MOST:
            self.jar.clear()  # else each answer may add to what we have to carry, and look through
        else:
            self._carry(cookie or "")


def size_of_all(jar: Iterable[Any]) -> int:
    """How long all cookies are together, those for other paths as well."""
    return sum(len(f"{one.name}{one.value}{one.path}{one.domain}") for one in jar)
