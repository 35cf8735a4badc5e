"""The export API of a MindTrails website as the port Site; it never decides what may be deleted.

Its words and oddities: the facts on the study website.  Nothing that the site says is repeated in a
reason or an error, only recognised: what it says could quote an answer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from queue import SimpleQueue
from threading import Lock
from typing import Any
from urllib.parse import quote

from urllib3 import BaseHTTPResponse

from mtdata.core.errors import PackageError, SiteError, SiteRefused, SiteSlow
from mtdata.core.http import beginning
from mtdata.study.collectors.delete_width import DeleteWidth
from mtdata.study.collectors.http import BUSY, SiteAccess, SiteTransport
from mtdata.study.collectors.pages import BOM, MOST, SPACE, asks_for_a_password, head_of, is_html
from mtdata.study.collectors.pipelined_deletes import PipelinedDeletes
from mtdata.study.model.bounds import refusal
from mtdata.study.model.receipt import DeleteAnswer, Outcome
from mtdata.study.model.scale import checked_name
from mtdata.study.model.study_schedule import MAX_SCHEDULE

MAX_LISTING = 5_000_000
MAX_SCALES = 1000
LIST, SCHEDULE = "the list of scales", "the schedule of the study"
MAX_FAILURES = 5
"""So many failed deletes in a row, and the site is left in peace until the next round."""
MAX_SLOW = 3
"""So many packages in a row that do not come in time, and it is the site that is slow."""
NO_ACCOUNT = "the account is not accepted ({}): see USER and PASS of this site in server.config"
CHALLENGE = "WWW-Authenticate"
IN_FRONT = (
    "something in front of the site refuses us, not the account (a web page with 403): whoever "
    "runs its firewall has to let this machine pass"
)
Verdict = tuple[Outcome, str]

# What a 404 to a DELETE may mean; the site tells by its message alone.
NOT_FOUND: tuple[tuple[str, Verdict], ...] = (
    ("item with that id does not exist", (Outcome.ABSENT, "the site says it has no such entry")),
    ("we have no questionnaire", (Outcome.REFUSED, "the site says it has no such scale")),
    (
        "not configured to respond",
        (Outcome.REFUSED, "the site runs in import mode and deletes nothing"),
    ),
)


class MindTrailsSite:
    """Port Site over HTTP; promises and errors stand in `mtdata.study.ports`."""

    def __init__(self, access: SiteAccess, pause: Callable[[float], None] = time.sleep) -> None:
        self._wire = SiteTransport(access, pause)
        self._slow = 0
        self._largest = access.max_response_bytes
        self._width, self._pause = DeleteWidth(access.delete_connections), pause

    def listing(self) -> list[Mapping[str, Any]]:
        """Port: Site.listing; more than 5 MB, or no JSON array of objects, is a SiteError."""
        body = self._whole("/export", LIST, MAX_LISTING)
        if body is None:
            raise SiteError("the site has no export here (404): see SERVER in server.config")
        lines = _objects(body, LIST)
        if len(lines) > MAX_SCALES:
            raise SiteError(f"the list names more than {MAX_SCALES:,} scales; no study has so many")
        return lines

    def schedule(self) -> bytes | None:
        """Port: Site.schedule; 404 is none, more than MAX_SCHEDULE bytes a SiteError."""
        body = self._whole("/study", SCHEDULE, MAX_SCHEDULE)
        if body is not None:
            _objects(body, SCHEDULE)
        return body

    def _whole(self, path: str, what: str, most: int) -> bytes | None:
        """An answer of at most so many bytes; None for a 404."""
        with self._wire.get(path) as answer:
            if answer.status == 404:
                return None
            if answer.status != 200:
                raise _refused_in_front(answer) or _refused(answer.status, what)
            try:
                body = b"".join(self._wire.pieces(answer, most))
            except PackageError as fault:
                raise SiteError(f"{what}: {fault}") from None
            if is_html(_kind(answer), body):
                raise SiteRefused(NO_ACCOUNT.format(f"a web page came instead of {what}"))
        return body

    @contextmanager
    def fetch(self, scale: str) -> Iterator[Iterator[bytes]]:
        """Port: Site.fetch; the bytes are as sent, unpacked, a byte order mark included.

        A package that is too slow, its head or its body, ends its scale: a table that takes the
        site long must not keep those behind it from coming.  Three in a row end the round.
        """
        try:
            with self._wire.get(_path(scale)) as answer:
                if answer.status != 200:
                    raise _refused_in_front(answer) or _package_refused(scale, answer.status)
                pieces = self._wire.pieces(answer, self._largest)
                yield _named(scale, _whole_array(pieces, _kind(answer)))
            self._slow = 0
        except SiteSlow as fault:
            self._slow += 1
            if self._slow == MAX_SLOW:
                raise
            raise PackageError(f"{scale}: {fault}") from None

    def delete(self, scale: str, ids: Sequence[int]) -> Iterator[DeleteAnswer]:
        """Port: Site.delete; answers come in the order in which the site gives them.

        After five FAILED in a row the ids not asked yet come back FAILED, unasked.  Ids under way
        on other connections when a refusal comes get answers of their own.
        """
        asking = _Asking(self._wire, _path(scale), self._width)
        left = iter(ids)
        if not self._wire.has_session:
            # Alone, so that the others share its session: each new one is a slow password check.
            yield from map(asking.ask, islice(left, 1))
        again: list[int] = []
        yield from asking.sweep(left, again, self._pause)
        left = chain(again, left)
        with ThreadPoolExecutor(self._width.now, "delete") as threads:
            try:
                yield from _delete_in_threads(threads, 2 * self._width.now, asking, left)
            finally:  # whoever stops listening does not wish the waiting ones to be asked
                threads.shutdown(cancel_futures=True)

    def close(self) -> None:
        """Port: Site.close."""
        self._wire.close()


class _Asking:
    """A run of deletes on one scale: asks until a verdict is in; shared by the threads."""

    def __init__(self, wire: SiteTransport, path: str, width: DeleteWidth) -> None:
        self._wire, self._path, self._width = wire, path, width
        self._lock = Lock()
        self._failures = 0
        self.verdict: Verdict | None = None

    def ask(self, id: int) -> DeleteAnswer:
        """Ask for one id, or give the verdict unasked."""
        if self.verdict:
            return DeleteAnswer(id, *self.verdict)
        try:
            outcome, reason = _verdict(*self._wire.delete(f"{self._path}/{int(id)}"))
        except SiteError as fault:
            outcome, reason = Outcome.FAILED, str(fault)
        return self._noted(id, outcome, reason)

    def sweep(
        self, ids: Iterator[int], again: list[int], pause: Callable[[float], None]
    ) -> Iterator[DeleteAnswer]:
        """Ask for as many as answer in the usual way; the others are put into `again`."""
        deletes = PipelinedDeletes(self._wire.route(self._path), self._width, pause)
        for id, reply in deletes.sweep(map(int, ids), lambda: not self.verdict):
            if reply is None:
                again.append(id)
            else:
                yield self._noted(id, *_verdict(*reply))

    def _noted(self, id: int, outcome: Outcome, reason: str) -> DeleteAnswer:
        with self._lock:
            self._failures = self._failures + 1 if outcome is Outcome.FAILED else 0
            if outcome is Outcome.REFUSED:
                self.verdict = outcome, reason
            elif self._failures == MAX_FAILURES and not self.verdict:
                self.verdict = Outcome.FAILED, f"not asked: {MAX_FAILURES} failures in a row"
        return DeleteAnswer(id, outcome, reason)


def _delete_in_threads(
    threads: ThreadPoolExecutor, most: int, asking: _Asking, ids: Iterator[int]
) -> Iterator[DeleteAnswer]:
    """Keep at most `most` ids with the threads: a backlog of 100,000 must not become as many."""
    landed: SimpleQueue[Future[DeleteAnswer]] = SimpleQueue()
    out = 0
    for id in ids:
        if asking.verdict:
            ids = chain((id,), ids)
            break
        threads.submit(asking.ask, id).add_done_callback(landed.put)
        out += 1
        if out == most:
            yield landed.get().result()
            out -= 1
    for _ in range(out):
        yield landed.get().result()
    yield from map(asking.ask, ids)


def _path(scale: str) -> str:
    """Checked here once more, whoever asks: nothing else stands between a name and an URL."""
    return "/export/" + quote(checked_name(scale), safe="")


def _kind(answer: BaseHTTPResponse) -> str:
    return str(answer.headers.get("Content-Type", "")).lower()


def _refused_in_front(answer: BaseHTTPResponse) -> SiteRefused | None:
    """A site says 403 in JSON, and asks for an account where it wants another one."""
    is_page = answer.status == 403 and is_html(_kind(answer), b"")
    return SiteRefused(IN_FRONT) if is_page and not answer.headers.get(CHALLENGE) else None


def _refused(status: int, what: str) -> SiteError:
    if status in (401, 403):
        return SiteRefused(NO_ACCOUNT.format(status))
    return SiteError(f"the site answered {status} instead of {what}")


def _objects(body: bytes, what: str) -> list[Mapping[str, Any]]:
    try:
        found = None if refusal(body) else json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if type(found) is not list or not all(type(one) is dict for one in found):
        raise SiteError(f"{what} is no JSON array of objects")
    return found


def _package_refused(scale: str, status: int) -> SiteError | PackageError:
    if status in (401, 403):
        return SiteRefused(NO_ACCOUNT.format(status))
    if status in BUSY:  # still, after all tries: the site as a whole is not there
        return SiteError(f"the site is busy or down ({status})")
    if status == 404:
        return PackageError(f"{scale}: the site says that it has no such scale (404)")
    return PackageError(f"{scale}: the site answered {status} instead of the package")


def _named(scale: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from pieces
    except PackageError as fault:
        raise PackageError(f"{scale}: {fault}") from None


def _whole_array(pieces: Iterator[bytes], kind: str) -> Iterator[bytes]:
    """Pass the pieces on if they begin as a JSON array, and complain if they do not end as one.

    The end is looked at because a body without a length can break off and nobody else notices.
    """
    head = head_of(pieces)
    if is_html(kind, head):
        if asks_for_a_password(b"".join(beginning(chain((head,), pieces), MOST))):
            raise SiteRefused(NO_ACCOUNT.format("a log-in page came"))  # it stands before them all
        raise PackageError("a web page (HTML) came instead of JSON")
    if head.removeprefix(BOM).lstrip(SPACE)[:1] != b"[":
        raise PackageError("what came is no JSON array; nothing of it was used")
    end = b""
    for piece in chain((head,), pieces):
        end = piece.rstrip(SPACE)[-1:] or end
        yield piece
    if end != b"]":
        raise PackageError("the package breaks off")


def _verdict(status: int, kind: str, body: bytes) -> Verdict:
    """What an answer to a DELETE means.  DONE is the site's word, not yet a proof."""
    if status == 401 or (status < 300 and is_html(kind, body)):
        why = "401" if status == 401 else "a web page came"
        return Outcome.REFUSED, NO_ACCOUNT.format(why)
    if status in (200, 204):
        return Outcome.DONE, ""
    if 300 <= status < 400:
        return Outcome.REFUSED, f"the site sends deletes elsewhere ({status}); that is not followed"
    if status == 403 and is_html(kind, body):
        return Outcome.REFUSED, IN_FRONT
    if status == 403:
        return Outcome.REFUSED, "the data must remain on the server, the site says (403)"
    if status == 404:
        message = _message(body)
        for words, verdict in NOT_FOUND:
            if words in message:
                return verdict
    return Outcome.FAILED, f"the site answered {status}"


def _message(body: bytes) -> str:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return str(told.get("message")).casefold() if type(told) is dict else ""
