"""The page of a demo: for people until Ctrl-C, else until a visitor has looked at it once."""

from __future__ import annotations

import re
import secrets
import signal
import threading
from collections.abc import Callable
from typing import Any

import requests

from mtdata.config import Settings
from mtdata.duties import KINDS

USER = "demo"
TIMEOUT_S = 60.0
_MARK = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')

Look = Callable[["PageVisitor"], list[str]]
"""Looks at what there is to see; what was not as it should be."""


class PageVisitor:
    """Somebody who has logged in."""

    def __init__(self, url: str, session: requests.Session, password: str) -> None:
        self.url, self._session = url, session
        mark = _MARK.search(self.get("/login/").text)
        fields = {"username": USER, "password": password}
        fields["csrfmiddlewaretoken"] = mark[1] if mark else ""
        session.post(f"{url}/login/", data=fields, timeout=TIMEOUT_S)

    def get(self, path: str, *, stream: bool = False) -> requests.Response:
        """What stands at that address."""
        return self._session.get(self.url + path, timeout=TIMEOUT_S, stream=stream)


def serve_page(
    settings: Settings,
    look: Look,
    *,
    stays: bool,
    tell: Callable[[str], None],
    seen: str,
    role: str = "operator",
) -> dict[str, Any]:
    """Serve the page for a user of its own; `seen` is told when a visitor found all as it should.

    Its address and user, and what the visitor found wrong.
    """
    from mtdata.web.access import users
    from mtdata.web.serve import serve, server_of

    password = secrets.token_urlsafe(12)
    users.put(USER, password, role)
    server = server_of(settings, KINDS, "127.0.0.1", 0)
    url, main, faults = f"http://127.0.0.1:{server.effective_port}", threading.get_ident(), []

    def ask() -> None:
        try:
            faults.extend(_visit(url, password, look))
        finally:
            signal.pthread_kill(main, signal.SIGINT)  # the server's sign to end

    tell(f"4. The page: {url}/")
    if stays:
        tell(f"   Log in as {USER} with the password {password}; Ctrl-C ends it all.")
    else:
        threading.Thread(target=ask, daemon=True).start()
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    serve(server)
    for one, act in before.items():
        signal.signal(one, act)
    if not stays and not faults:
        tell(f"   {seen}")
    return {"url": url, "user": USER, "faults": faults}


def _visit(url: str, password: str, look: Look) -> list[str]:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return look(PageVisitor(url, session, password))
        except requests.RequestException as error:
            return [f"the page did not answer ({type(error).__name__})"]
