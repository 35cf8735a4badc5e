"""HTTP to an instance of CAKE: one POST at a time, an end to every wait; it repeats no word of it.

The environment is not asked for proxies or passwords; REQUESTS_CA_BUNDLE counts.  A redirect is not
followed: the key is in the body, and would go along.
"""

from __future__ import annotations

import math
import ssl
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import requests
from urllib3 import exceptions as faults

from mtdata.config.export import CakeConfig
from mtdata.core.border import Border
from mtdata.core.errors import AnswerBroken, ConfigError, ExportError, ExportSlow
from mtdata.core.http import FaultWords, bounded_session, causes, gathered, unpacked, words_for
from mtdata.core.trust import MEND

PIECE = 64 * 1024
FAULTS = (requests.RequestException, faults.HTTPError, OSError)


class CakeConnection:
    """The connection to one instance; used by one thread at a time."""

    def __init__(self, account: CakeConfig) -> None:
        self._server, self._timeout_s = account.server, account.timeout_s
        self._connect_s = min(account.connect_timeout_s, account.timeout_s)
        self._waits_s = self._timeout_s
        self.host = urlsplit(account.server).netloc
        self._session = bounded_session(account.ca, account.agent, math.inf)
        self._session.headers["Accept-Encoding"] = "gzip"

    def ask(
        self, path: str, kind: str, body: bytes, most_s: float = math.inf
    ) -> closing[requests.Response]:
        """The answer, its body still to come (`pieces`); ExportError when there is none.

        ExportSlow when the answer as a whole does not come within TIMEOUT, or within `most_s`.
        """
        self._waits_s = min(self._timeout_s, most_s)
        return closing(self._answer(path, kind, body))

    def _answer(self, path: str, kind: str, body: bytes) -> requests.Response:
        with Border(ExportError, f"{self.host}: no answer that can be taken"):
            try:
                return self._session.post(
                    self._server + path,
                    data=body,
                    headers={"Content-Type": kind},
                    timeout=(min(self._connect_s, self._waits_s), self._waits_s),
                    stream=True,
                    allow_redirects=False,
                )
            except FAULTS as fault:
                raise self._error(fault) from None

    def pieces(self, answer: requests.Response) -> Iterator[bytes]:
        """The body, unpacked; ExportSlow or AnswerBroken when it does not come whole.

        An empty piece says that something came, of which more is waited for.
        """
        coming = gathered(unpacked(answer.raw, PIECE), PIECE)
        while True:
            with Border(AnswerBroken, f"{self.host}: what came cannot be taken"):
                try:
                    piece = next(coming, None)
                except FAULTS as fault:
                    raise self._error(fault, AnswerBroken) from None
            if piece is None:
                return
            yield piece

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()

    def _limit(self) -> str:
        """How long was waited, by the name of what limits it."""
        name = "TIMEOUT, " if self._waits_s == self._timeout_s else ""
        return f"{name}{self._waits_s:g} s"

    def _error(self, fault: BaseException, kind: type[ExportError] = ExportError) -> Exception:
        """What happened, in words for people; a message of the library's quotes the address."""
        if known := words_for(fault, WORDS):
            sort, words = known
            text = words.format(self.host, self._limit(), self._connect_s)
            if sort is TimeoutError:
                return ExportSlow(text)
            return ConfigError(text) if sort is requests.exceptions.InvalidURL else kind(text)
        told = (one.strerror for one in causes(fault) if isinstance(one, OSError) and one.strerror)
        return kind(
            f"the connection to {self.host} was dropped ({next(told, 'nothing more came')})"
        )


WORDS: FaultWords = (
    (requests.exceptions.InvalidURL, "ADMIN_DOMAIN: {0} is no host"),
    (
        ssl.SSLCertVerificationError,
        "the certificate of {0} is not trusted: " + MEND.format("export.config"),
    ),
    (ssl.SSLError, "no TLS connection with {0}"),
    (faults.NameResolutionError, "no host is named {0}: see ADMIN_DOMAIN"),
    (faults.NewConnectionError, "could not connect to {0}: see ADMIN_DOMAIN"),
    (faults.ConnectTimeoutError, "could not connect to {0} within {2:g} s"),
    (TimeoutError, "{0} kept us waiting beyond {1}"),
    (faults.ReadTimeoutError, "{0} kept us waiting beyond {1}"),
    (faults.DecodeError, "what {0} sent cannot be unpacked"),
)
