"""A study website's export API on this machine, true to its wire; it never leaves 127.0.0.1.

What it re-creates, refusals and oddities included, stands in the facts on the study website.
Used by `mtdata demo` and by tests, which plant rows, switch faults on, and look at what was asked.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

from mtdata.demo.study import faults
from mtdata.demo.study.faults import StudyExchange, StudyFault, StudyFaults
from mtdata.demo.study.rows import schedule
from mtdata.demo.study.tables import Tables
from mtdata.demo.wire import Call, StandIn, TLSFiles, WireAnswer, compact, in_pieces, refusal, whole

SITE_ZONE = timezone(timedelta(hours=-5), "EST")
"""The zone of the site's dates and of `after=`; it knows no summer time."""
AFTER = "%Y-%m-%d-%H-%M-%S"
API = "/api/"
MOST_REQUESTS = 100_000
ROWS_A_PIECE = 64


class Request(NamedTuple):
    """A request that came and the status that it got; 0 = the connection was dropped."""

    method: str
    path: str
    query: str
    status: int


class StudySite(StandIn, Tables):
    """The export API at `url` while the `with` lasts; all methods are thread-safe.

    `schedule` is what GET study says: bytes as they are, all else as JSON, None for a site that has
    no such call.  `last_export_at` (aware, UTC) is set by nothing but the
    listing call.  `logins` counts the requests without a session: costly password checks.  A stop
    leaves the rows where they are.
    """

    def __init__(
        self,
        *,
        user: str = "admin@example.org",
        password: str = "p:ss wörd",
        port: int = 0,
        max_records: int | None = None,
        keep_alive_requests: int = 100,
        tls: TLSFiles | None = None,
    ) -> None:
        Tables.__init__(self, max_records=max_records)
        StandIn.__init__(self, port=port, keep_alive_requests=keep_alive_requests, tls=tls)
        self.user, self.password = user, password
        self.schedule: Any = schedule()
        self.last_export_at: datetime | None = None
        self.logins = 0
        self._faults = StudyFaults(faults.KINDS)
        self._sessions: set[str] = set()
        self._requests: deque[Request] = deque(maxlen=MOST_REQUESTS)
        self._deletes: list[tuple[str, int]] = []

    # Where it is

    @property
    def base_url(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """The address that SERVER in `server.config` names."""
        return f"{self.base_url}/api"

    # What was asked

    @property
    def requests(self) -> list[Request]:
        """The last 100,000 requests, the oldest first."""
        with self._lock:
            return list(self._requests)

    @property
    def deletes(self) -> list[tuple[str, int]]:
        """(scale, id) of every delete that was carried out, in order."""
        with self._lock:
            return list(self._deletes)

    # Faults

    def fault(
        self,
        kind: str,
        *,
        scale: str | None = None,
        times: int | None = None,
        method: str | None = None,
        **detail: Any,
    ) -> None:
        """Switch a fault of faults.KINDS on, for so many requests or until `heal`.

        `scale` None = whatever is asked for, '' = the listing alone, faults.STUDY_CALL = GET study.
        The newest fault goes first.
        ValueError for an unknown kind, TypeError for a detail that the kind does not take.
        """
        self._faults.add(StudyFault(kind, scale, times, method, detail))

    def heal(self, kind: str | None = None) -> None:
        """Switch off all faults, or those of one kind."""
        self._faults.heal(kind)

    def forget_sessions(self) -> None:
        """Log everybody out, as a restart of the site does."""
        with self._lock:
            self._sessions.clear()

    # Answers

    def _answer(self, call: Call) -> WireAnswer:
        """What is said to a request, faults and all; called by many threads at once."""
        refused, headers = self._admitted(call)
        answer = refused or self._faults.answer(self._exchange(call))
        with self._lock:
            self._requests.append(Request(call.method, call.path, call.query, answer.status))
        return replace(answer, headers=(*answer.headers, *headers))

    def _admitted(self, call: Call) -> tuple[WireAnswer | None, tuple[tuple[str, str], ...]]:
        """A refusal if there must be one, and the headers that any answer gets."""
        if self._has_session(call.headers.get("cookie", "")):
            return None, ()
        with self._lock:
            self.logins += 1
        if not self._is_password(call.headers.get("authorization", "")):
            refused = refusal(401, faults.NOT_LOGGED_IN, call.path)
            return refused, (("WWW-Authenticate", 'Basic realm="Spring"'),)
        session = secrets.token_hex(16).upper()
        with self._lock:
            self._sessions.add(session)
        return None, (("Set-Cookie", f"JSESSIONID={session}; Path=/; HttpOnly"),)

    def _has_session(self, cookies: str) -> bool:
        pairs = (cookie.strip().partition("=") for cookie in cookies.split(";"))
        with self._lock:
            return any(n == "JSESSIONID" and value in self._sessions for n, _, value in pairs)

    def _is_password(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        try:
            given = base64.b64decode(token, validate=True)
        except ValueError:
            return False
        known = f"{self.user}:{self.password}".encode()
        return scheme.casefold() == "basic" and hmac.compare_digest(given, known)

    def _exchange(self, call: Call) -> StudyExchange:
        """The request with the scale that it means: /api/export/{scale}/{id}."""
        root, *parts = _parts(call.path)
        scale = (parts[0] if parts else "") if root == "export" else None
        scale = faults.STUDY_CALL if root == "study" else scale
        serve = partial(self._serve, call, root, parts)
        return StudyExchange(serve, self._closing.wait, call.method, call.path, scale)

    def _serve(self, call: Call, root: str, parts: list[str]) -> WireAnswer:
        match call.method, root, *parts:
            case "GET", "study":
                return self._schedule(call)
            case "GET", "export":
                return self._list()
            case "GET", "export", scale:
                return self._package(call, scale)
            case "DELETE", "export", scale, number:
                return self._delete(call, scale, number)
            case (("GET" | "DELETE"), *_):
                return refusal(404, "No message available", call.path)
        return refusal(405, f"Request method '{call.method}' not supported", call.path)

    def _schedule(self, call: Call) -> WireAnswer:
        told = self.schedule
        if told is None:
            return refusal(404, "No message available", call.path)
        return whole(told if isinstance(told, bytes) else compact(told))

    def _list(self) -> WireAnswer:
        with self._lock:
            self.last_export_at = datetime.now(UTC)
            return whole(compact(self.listing()))

    def _package(self, call: Call, scale: str) -> WireAnswer:
        if self.find(scale) is None:
            return refusal(404, faults.NO_SUCH_SCALE, call.path)
        rows = self.rows(scale)
        wanted = parse_qs(call.query).get("after")
        if wanted:
            try:
                after = datetime.strptime(wanted[0], AFTER).replace(tzinfo=SITE_ZONE)
            except ValueError:
                return refusal(400, "Failed to convert value to required type 'Date'", call.path)
            rows = [row for row in rows if _is_later(row, after)]
        size = sum(map(len, rows)) + max(len(rows) - 1, 0) + 2
        return in_pieces(_array(rows), size)

    def _delete(self, call: Call, scale: str, number: str) -> WireAnswer:
        with self._lock:
            table = self.find(scale)
            if table is None:
                return refusal(404, faults.NO_SUCH_SCALE, call.path)
            if not number.isdecimal():
                return refusal(400, "Failed to convert value to required type 'long'", call.path)
            if not table.deleteable:
                return refusal(403, faults.MUST_REMAIN, call.path)
            if not table.remove(int(number)):
                return refusal(404, faults.NO_SUCH_ITEM, call.path)
            self._deletes.append((table.name, int(number)))
        return whole(b"")


def _parts(path: str) -> list[str]:
    """What stands behind /api/, unquoted: ["export", scale, id]; [""] for any other path."""
    if not path.startswith(API):
        return [""]
    return [unquote(part) for part in path.removeprefix(API).rstrip("/").split("/")]


def _is_later(row: bytes, after: datetime) -> bool:
    """Whether a row is dated later than that; one without a date that can be read always is."""
    try:
        return parsedate_to_datetime(json.loads(row)["date"]) > after
    except (ValueError, TypeError, KeyError):
        return True


def _array(rows: list[bytes]) -> Iterator[bytes]:
    """The rows as a JSON array, some at a time."""
    yield b"["
    for start in range(0, len(rows), ROWS_A_PIECE):
        comma = b"," if start else b""
        yield comma + b",".join(rows[start : start + ROWS_A_PIECE])
    yield b"]"
