"""Web hooks and the heartbeat: one bounded HTTP request each; no redirect, no address in a message.

The environment is not asked for proxies or passwords; REQUESTS_CA_BUNDLE counts, as for sites.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import requests
from urllib3.exceptions import HTTPError

from mtdata import __version__
from mtdata.domain.message import Message
from mtdata.errors import PostError, PostRefused
from mtdata.exchange import Bounded

LATER = (408, 425, 429)
"""Answers of the 4xx after which another try makes sense."""


def _asked(method: str, url: str, timeout_s: float, what: str, **more: Any) -> None:
    """Ask once, and take note of the answer's number alone."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["User-Agent"] = f"mtdata/{__version__}"
        for scheme in ("http://", "https://"):
            session.mount(scheme, Bounded())
        try:
            answer = session.request(
                method,
                url,
                timeout=timeout_s,
                allow_redirects=False,
                stream=True,  # nothing of the body is read
                verify=os.environ.get("REQUESTS_CA_BUNDLE") or True,
                **more,
            )
            code = answer.status_code
            answer.close()
        # a message of these quotes the address, which may hold a secret
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise PostError(f"{what} cannot be reached: {_why(error)}") from None
    if not 200 <= code < 300:
        kind = PostError if code >= 500 or code in LATER else PostRefused
        raise kind(f"{what} answers {code}")


def _why(error: Exception) -> str:
    if isinstance(error, requests.Timeout | TimeoutError):
        return "too slow"
    return type(error).__name__


class HookPost:
    """Port Post: the same news as JSON, by POST to one address."""

    def __init__(self, number: int, url: str, timeout_s: float = 20.0) -> None:
        self._number, self._url, self._timeout_s = number, url, timeout_s

    def deliver(self, message: Message) -> str:
        """Port: Post.deliver."""
        body = json.dumps({**message.news, "id": message.key}).encode()
        head = {"Content-Type": "application/json"}
        what = f"web hook {self._number}"
        _asked("POST", self._url, self._timeout_s, what, data=body, headers=head)
        return ""


def ping(url: str, site: str, sign: str, timeout_s: float = 10.0) -> None:
    """Tell a heartbeat service how the round of a site stands; PostError when it cannot be told."""
    parts = urlsplit(url.replace("{site}", quote(site, safe="")))
    ending = {"start": "/start", "fail": "/fail"}.get(sign, "")
    path = (parts.path.rstrip("/") + ending) if ending else parts.path
    asked = urlunsplit(parts._replace(path=path))
    _asked("GET", asked, timeout_s, f"the heartbeat of {site}")
