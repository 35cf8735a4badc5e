"""Web hooks and the heartbeat: one bounded HTTP request each; no redirect, no address in a message.

The environment is not asked for proxies or passwords; authorities count as for sites (trust.py).
"""

from __future__ import annotations

import hmac
import json
import ssl
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

import requests
from urllib3.exceptions import HTTPError

from mtdata.alerts.message import Message
from mtdata.core.clock import SystemClock
from mtdata.core.errors import ConfigError, PostError, PostRefused
from mtdata.core.http import bounded_session, causes
from mtdata.core.trust import AGENT, MEND

LATER = (408, 425, 429)
"""Answers of the 4xx after which another try makes sense."""


class Manner(NamedTuple):
    """How all of them are asked: which authorities count, and what we call ourselves."""

    ca: str = ""
    agent: str = AGENT


USUAL = Manner()
CLOCK = SystemClock()


def _request(
    method: str, url: str, timeout_s: float, what: str, manner: Manner, **more: Any
) -> None:
    """Ask once, and take note of the answer's number alone."""
    try:
        with bounded_session(manner.ca, manner.agent) as session:
            answer = session.request(
                method,
                url,
                timeout=timeout_s,
                allow_redirects=False,
                stream=True,  # nothing of the body is read
                **more,
            )
            code = answer.status_code
            answer.close()
    except ConfigError as error:
        raise PostRefused(f"{what}: {error}") from None
    # a message of these quotes the address, which may hold a secret
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise PostError(f"{what} cannot be reached: {_why(error)}") from None
    if not 200 <= code < 300:
        kind = PostError if code >= 500 or code in LATER else PostRefused
        raise kind(f"{what} answers {code}")


def _why(error: Exception) -> str:
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in causes(error)):
        return f"its certificate is not trusted ({MEND.format('log.config')})"
    if isinstance(error, requests.Timeout | TimeoutError):
        return "too slow"
    return type(error).__name__


def signed(key: str, at_s: int, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """The headers of Standard Webhooks: a signature with each secret, so that one can be changed.

    They say that it was us, when, and whether the same came before.
    """
    text = f"{key}.{at_s}.".encode() + body
    digests = (
        hmac.digest(b64decode(secret.removeprefix("whsec_")), text, "sha256") for secret in secrets
    )
    signatures = " ".join(f"v1,{b64encode(digest).decode()}" for digest in digests)
    return {"webhook-id": key, "webhook-timestamp": str(at_s), "webhook-signature": signatures}


class HookPost:
    """Port Post: news as JSON, sent by POST to one address."""

    def __init__(
        self,
        number: int,
        url: str,
        timeout_s: float = 20.0,
        manner: Manner = USUAL,
        secrets: Sequence[str] = (),
    ) -> None:
        self._number, self._url, self._timeout_s = number, url, timeout_s
        self._manner, self._secrets = manner, tuple(secrets)

    def deliver(self, message: Message) -> str:
        """Port: Post.deliver."""
        body = json.dumps({**message.news, "id": message.key}).encode()
        head = {"Content-Type": "application/json"}
        if self._secrets:
            head |= signed(message.key, int(CLOCK.now().timestamp()), body, self._secrets)
        what = f"web hook {self._number}"
        _request("POST", self._url, self._timeout_s, what, self._manner, data=body, headers=head)
        return ""


def ping(url: str, site: str, sign: str, timeout_s: float = 10.0, manner: Manner = USUAL) -> None:
    """Tell a heartbeat service how the round of a site stands; PostError when it cannot be told."""
    parts = urlsplit(url.replace("{site}", quote(site, safe="")))
    ending = {"start": "/start", "fail": "/fail"}.get(sign, "")
    path = (parts.path.rstrip("/") + ending) if ending else parts.path
    asked = urlunsplit(parts._replace(path=path))
    _request("GET", asked, timeout_s, f"the heartbeat of {site}", manner)
