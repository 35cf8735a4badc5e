"""HTTP for collectors: kept-alive, limited in time and size; never repeats a body or a secret.

Time limits: CONNECT_TIMEOUT to connect, TIMEOUT for each wait within an answer, and for an answer
as a whole those of `connections.py`.
"""

from __future__ import annotations

import io
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import parse_headers
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from urllib3 import exceptions as faults

from mtdata.alerts.incident import TO_DO
from mtdata.core.backoff import Backoff
from mtdata.core.border import Border
from mtdata.core.errors import (
    ConfigError,
    MTDataError,
    PackageError,
    SiteError,
    SiteRefused,
    SiteSlow,
)
from mtdata.core.http import FaultWords, causes, unpacked, words_for
from mtdata.core.inside_urllib3 import answer_of, give_back, lend
from mtdata.core.trust import AGENT, MEND, authorities
from mtdata.study.collectors.connections import connections_to
from mtdata.study.collectors.cookies import SiteCookies, prepared_get
from mtdata.study.collectors.pipelined_deletes import PipelinedRoute, Unusual

PIECE = 64 * 1024
_HEAD = Border(Unusual, "the head of an answer cannot be read")
TRIES = 3
BACKOFF_S = 0.6
PATIENCE_S = 30.0  # the longest Retry-After sat out; what wants longer is left to the next round
MAX_REDIRECTS = 3
PORTS = {"http": 80, "https": 443}
# Worth another try at once.  Not 500: a fault of one questionnaire, and the same query again.
BUSY = frozenset({429, 502, 503, 504})
FAULTS = (requests.RequestException, faults.HTTPError, OSError)


@dataclass(frozen=True, slots=True, repr=False)
class SiteAccess:
    """How to reach a site; `server` is its base URL without `/export` and closing slash."""

    server: str
    user: str
    password: str
    timeout_s: float
    connect_timeout_s: float
    max_response_bytes: int
    delete_connections: int
    ca: str = ""
    agent: str = AGENT


def _headers_of(access: SiteAccess) -> dict[str, str]:
    # `requests` would encode the pair as Latin-1, and fail for any other character.
    pair = b64encode(f"{access.user}:{access.password}".encode()).decode("ascii")
    return {
        "User-Agent": access.agent,
        "Accept-Encoding": "gzip",
        "Accept": "*/*",
        "Connection": "keep-alive",
        "Authorization": f"Basic {pair}",
    }


class SiteTransport:
    """Calls to one site; GETs from one thread, DELETEs from many."""

    def __init__(self, access: SiteAccess, pause: Callable[[float], None] = time.sleep) -> None:
        self._access, self._pause = access, pause
        self._limits = access.connect_timeout_s, access.timeout_s
        self.name = _origin(access.server)
        if not self.name:
            raise ConfigError("SERVER must be http:// or https:// and a host, without a password")
        self._export = prepared_get(access.server + "/export")
        # One more than deletes use: a package may be coming in meanwhile.
        known_by, most = authorities(access.ca), access.delete_connections + 1
        self._adapter, self._pool = connections_to(self._export, known_by, most)
        self._cookies = SiteCookies(self._export, self._carry)
        self._of_get = _headers_of(access)
        # of a DELETE: some servers want to be told that it has no body (411)
        self._headers = self._of_get | {"Content-Length": "0"}
        self._lines = _lines_of(self._headers)

    @contextmanager
    def get(self, path: str) -> Iterator[urllib3.BaseHTTPResponse]:
        """The answer to GET `path`, whatever its status, its body still to come (`pieces`).

        Raises SiteError when there is none, SiteMoved when it lies on another host.
        """
        url = self._access.server + path
        for _ in range(MAX_REDIRECTS + 1):
            with closing(self._answer(url)) as answer:
                if "Set-Cookie" in answer.headers:
                    self._cookies.take_later(answer)
                location = answer.get_redirect_location()
                if not isinstance(location, str):  # "" is one
                    yield answer
                    return
            url = self._allowed(url, location)
        raise SiteError(f"{self.name} redirected us more than {MAX_REDIRECTS} times")

    def pieces(self, answer: urllib3.BaseHTTPResponse, limit: int) -> Iterator[bytes]:
        """The body, unpacked; SiteSlow, or PackageError when it is not whole or above the limit.

        Unpacked bytes are counted: a few KB of gzip can hold a GB.
        """
        received = 0
        try:
            for piece in unpacked(answer, PIECE):
                received += len(piece)
                if received > limit:
                    raise PackageError(f"the answer is larger than {limit:,} bytes; it is dropped")
                yield piece
        except FAULTS as fault:
            raise self._error(fault, PackageError) from None

    def delete(self, path: str) -> tuple[int, str, bytes]:
        """Ask once: status, media type, 64 KB of the body at most; SiteError if no answer came."""
        target = urlsplit(self._access.server).path + path
        self._cookies.take()
        try:
            with closing(self._ask("DELETE", target, self._headers)) as answer:
                if "Set-Cookie" in answer.headers:
                    self._cookies.remember(answer)
                kind = answer.headers.get("Content-Type", "").lower()
                return answer.status, kind, answer.read(PIECE, decode_content=True)
        except FAULTS as fault:
            raise self._error(fault) from None

    def route(self, path: str) -> PipelinedRoute:
        """The way for many DELETEs below `path`, over the same connections, cookies and limits."""
        self._cookies.take()
        server = urllib3.util.parse_url(self._access.server + path)
        target, host = server.request_uri, server.netloc

        def request(id: int) -> bytes:
            start = f"DELETE {target}/{id} HTTP/1.1\r\nHost: {host}\r\n"
            return start.encode("ascii") + self._lines

        return PipelinedRoute(
            self._connected,
            partial(give_back, self._pool),
            request,
            self._take,
            FAULTS,
            self._limits[1],
        )

    def _connected(self) -> Any:
        connection = lend(self._pool)
        if connection.sock is None:
            connection.timeout = self._limits[0]
            connection.connect()
        connection.sock.settimeout(self._limits[1])
        return connection

    @property
    def has_session(self) -> bool:
        """Whether the site gave us one."""
        self._cookies.take()
        return "Cookie" in self._headers

    def _take(self, head: bytes) -> None:
        with _HEAD:  # as of more lines than it reads, or longer ones
            headers = parse_headers(io.BytesIO(head + b"\r\n"))
        self._cookies.remember(answer_of(headers))

    def close(self) -> None:
        """Give the connections back."""
        self._adapter.close()

    def _ask(self, method: str, target: str, headers: dict[str, str]) -> Any:
        options: dict[str, Any] = {"retries": False, "redirect": False, "preload_content": False}
        options |= {"headers": headers, "timeout": urllib3.Timeout(None, *self._limits)}
        return self._pool.urlopen(method, target, **options)

    def _get(self, url: str) -> Any:
        """Ask once; along go the cookies for that path."""
        headers = self._of_get
        if cookie := self._cookies.of(url):
            headers = headers | {"Cookie": cookie}
        return self._ask("GET", urllib3.util.parse_url(url).request_uri, headers)

    def _answer(self, url: str) -> Any:
        """Try up to three times, out of step with other clients; no body has been read yet."""
        attempt = 0
        while True:
            attempt += 1
            wait_s = Backoff(BACKOFF_S, PATIENCE_S).pause_s(attempt)
            try:
                answer = self._get(url)
            except FAULTS as fault:
                if attempt == TRIES or isinstance(fault, faults.SSLError):
                    raise self._error(fault) from None
            else:
                told = answer.headers.get("Retry-After", "")  # a date instead is rare: passed over
                wait_s = max(wait_s, float(told) if told.isdecimal() else 0)
                if answer.status not in BUSY or attempt == TRIES or wait_s > PATIENCE_S:
                    return answer
                answer.close()
            self._pause(wait_s)

    def _allowed(self, url: str, location: str) -> str:
        """Where a redirect leads, if that is the same site: the password goes nowhere else."""
        try:
            target = urljoin(url, location)
        except ValueError:
            target = ""
        if _origin(target) != self.name:
            where = _origin(target)
            told = f"{self.name} redirects us to {where or 'no proper address'}"
            raise SiteMoved(f"{told}; that is not followed{self._advice(where)}")
        return target

    def _advice(self, where: str) -> str:
        """What to write, by our own path: what else a redirect holds may be a secret."""
        path = urlsplit(self._access.server).path
        return f"{TO_DO}write SERVER: {where}{path}/ if that is your site" if where else ""

    def _carry(self, cookie: str) -> None:
        kept = {name: told for name, told in self._headers.items() if name != "Cookie"}
        self._headers = kept | ({"Cookie": cookie} if cookie else {})
        self._lines = _lines_of(self._headers)

    def _error(self, fault: BaseException, kind: type[MTDataError] = SiteError) -> MTDataError:
        """What happened, in words for people: SiteSlow for a time-out, `kind` for all else."""
        sort, words = words_for(fault, WORDS) or WORDS[-1]
        told = (one.strerror for one in causes(fault) if isinstance(one, OSError) and one.strerror)
        text = words.format(self.name, self._access, next(told, "nothing came"))
        return SiteSlow(text) if sort is TimeoutError else kind(text)


def _lines_of(headers: dict[str, str]) -> bytes:
    """The headers as they are sent to PipelinedDeletes, which unpack nothing."""
    sent = headers | {"Accept-Encoding": "identity"}
    lines = [f"{name}: {value}\r\n" for name, value in sent.items()]
    return "".join([*lines, "\r\n"]).encode("latin-1")


WORDS: FaultWords = (
    (
        ssl.SSLCertVerificationError,
        "the certificate of {0} is not trusted ({2}): " + MEND.format("server.config"),
    ),
    (ssl.SSLError, "no TLS connection with {0} ({2})"),
    (faults.NewConnectionError, "could not connect to {0} ({2})"),
    (faults.ConnectTimeoutError, "could not connect to {0} within {1.connect_timeout_s:g} s"),
    (TimeoutError, "{0} kept us waiting beyond TIMEOUT, {1.timeout_s:g} s ({2})"),
    (faults.DecodeError, "what {0} sent cannot be unpacked"),
    (BaseException, "the connection to {0} was dropped before all was there"),
)


def _origin(text: str) -> str:
    """`scheme://host:port` of an URL; '' for one that holds a password or is none of HTTP."""
    try:
        url = urllib3.util.parse_url(text)
    except faults.LocationParseError:
        return ""
    if url.scheme not in PORTS or not url.host or url.auth:
        return ""
    return f"{url.scheme}://{url.host}:{url.port or PORTS[url.scheme]}"


class SiteMoved(SiteRefused):
    """The site redirects us to another, which gets no password."""

    incident = "site_moved"
