"""Programs that ask the page with a token; no test itself."""

from __future__ import annotations

import re

from tests.web.site import Visitor, WebSite

_WORD = re.compile(r"mtd_[\w-]{40,}")
_made: dict[tuple[str, str, str], str] = {}


def token_of(web: WebSite, role: str, scope: str = "") -> str:
    """A token of the user of that role, made at the page; the same when asked again."""
    key = (web.url, role, scope or role)
    if key not in _made:
        page = web.visitor(role).submit(
            "/account/tokens/", name="a test", scope=scope or role, days=1
        )
        found = _WORD.search(page.text)
        assert found, page.text
        _made[key] = found[0]
    return _made[key]


def bearing(web: WebSite, word: str) -> Visitor:
    """A program that sends this word as its token."""
    found = Visitor(web.url)
    found.headers["Authorization"] = f"Bearer {word}"
    return found


def program(web: WebSite, role: str = "operator", scope: str = "") -> Visitor:
    """A program with a token of the user of that role."""
    return bearing(web, token_of(web, role, scope))
