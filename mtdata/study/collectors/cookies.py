"""The cookies of a site: without JSESSIONID each request costs it a slow password check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from requests import PreparedRequest, Request
from requests.cookies import RequestsCookieJar, extract_cookies_to_jar, get_cookie_header

MOST = 8192  # bytes; most servers refuse a request with more


@lru_cache(maxsize=64)
def prepared_get(url: str) -> PreparedRequest:
    """A GET by which cookies and connections are found; nobody changes or sends it."""
    return Request("GET", url).prepare()


class SiteCookies:
    """What the answers of one site brought."""

    def __init__(self, export: PreparedRequest, carry: Callable[[str], None]) -> None:
        """`carry` is told what a request to `export` takes along, '' where that is over."""
        self._export, self._carry = export, carry
        self.jar = RequestsCookieJar()
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
