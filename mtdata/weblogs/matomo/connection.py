"""HTTP to a Matomo: one POST at a time over a kept connection, an end to every wait.

It tells apart what Matomo cannot have got whole from what it may have got.  The environment is not
asked for proxies or passwords; a redirect is not followed: the token is in the body.
"""

from __future__ import annotations

import io
import time
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
from urllib3 import exceptions as faults

from mtdata import __version__
from mtdata.core.border import Border
from mtdata.core.http import FaultWords, bounded_session, words_for
from mtdata.weblogs.matomo.errors import TrackingError

AGENT = f"MTData/{__version__}"
IDLE_S = 1.0
"""One that lay idle for longer may be closed by the server as we write: another is opened."""
MOST_CONNECT_S = 10.0
PIECE = 1 << 18
"""Bytes given to the connection at once: behind each small one a busy thread may be waited for."""
FAULTS = (requests.RequestException, faults.HTTPError, OSError)


class Unanswered(TrackingError):
    """The whole of it went out, and no answer came: what became of it nobody knows."""


class MatomoAnswer(NamedTuple):
    """What came back, as a whole."""

    status: int
    body: bytes
    seconds: float


class _Body(io.BytesIO):
    """A body that knows whether its last byte was taken."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.length = len(data)

    def __len__(self) -> int:  # so that it goes with a Content-Length, and not in chunks
        return self.length

    @property
    def is_out(self) -> bool:
        """Whether all of it was given to the connection."""
        return self.tell() >= self.length


class MatomoConnection:
    """The connection to one Matomo; used by one thread at a time."""

    def __init__(self, url: str, timeout_s: float, ca: str = "") -> None:
        self.url, self.host = url.rstrip("/"), urlsplit(url).netloc.rpartition("@")[2]
        self._timeout_s = timeout_s
        self._used_at = 0.0
        self._session = bounded_session(ca, AGENT, piece=PIECE)

    def post(self, path: str, kind: str, data: bytes) -> MatomoAnswer:
        """The answer.  Unanswered where the body was out and none came; TrackingError before that.

        After a TrackingError that is no Unanswered nothing of it can be stored.
        """
        begun = time.monotonic()
        if begun - self._used_at > IDLE_S:
            self._session.close()
        body = _Body(data)
        with Border(Unanswered, f"{self.host}: no answer that can be taken"):
            try:
                answer = self._session.post(
                    f"{self.url}/{path}",
                    data=body,
                    headers={"Content-Type": kind},
                    timeout=(min(MOST_CONNECT_S, self._timeout_s), self._timeout_s),
                    allow_redirects=False,
                )
            except FAULTS as fault:
                raise self._error(fault, is_out=body.is_out) from None
        self._used_at = time.monotonic()
        return MatomoAnswer(answer.status_code, answer.content, self._used_at - begun)

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()

    def _error(self, fault: Exception, *, is_out: bool) -> TrackingError:
        """What happened, in words for people; a message of the library's quotes the address."""
        self._session.close()
        known = words_for(fault, WORDS)
        words = (known[1] if known else "the connection to {0} was dropped").format(
            self.host, self._timeout_s
        )
        return Unanswered(words) if is_out else TrackingError(words)


WORDS: FaultWords = (
    (requests.exceptions.InvalidURL, "piwik_ip: {0} is no host"),
    (requests.exceptions.SSLError, "no TLS connection that can be trusted with {0}"),
    (faults.NameResolutionError, "no host is named {0}: see piwik_ip"),
    (faults.NewConnectionError, "could not connect to {0}: see piwik_ip"),
    (faults.ConnectTimeoutError, "could not connect to {0} in time"),
    (TimeoutError, "{0} kept us waiting beyond {1:g} s"),
    (faults.ReadTimeoutError, "{0} kept us waiting beyond {1:g} s"),
)
