"""The tracker of the stand-in for Matomo: bulk requests and single hits; faults are elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mtdata.demo.weblogs.accounts import HitAccess, MatomoAccounts
from mtdata.demo.weblogs.hits import HitReader, InvalidHit, PoisonHit
from mtdata.demo.weblogs.php import php_json, php_text
from mtdata.demo.weblogs.settings import MatomoSettings
from mtdata.demo.weblogs.store import HitStore, StoredHit
from mtdata.demo.wire import HTML, Call, WireAnswer, compact, whole

PLAIN_JSON = "application/json"
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
NOT_A_TRACKER = (
    b"This resource is part of Matomo. Keep full control of your data with the leading free and "
    b"open source <a href='https://matomo.org' target='_blank' rel='noopener noreferrer nofollow'>"
    b"web analytics platform</a> for web and mobile."
)
EMPTY_500 = whole(b"", HTML, 500)
"""PHP ended before it said anything."""
_MARKS = (b'"requests"', b"'requests'")


@dataclass(frozen=True)
class BulkRequest:
    """A request of hits as PHP reads it; `entries` are their parameters, {} for what is empty.

    `names_invalid`: the answer lists the invalid ones, since a super user's token is there.
    """

    entries: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    token: str = field(default="", repr=False)
    names_invalid: bool = False
    sends_image: bool = True
    agent: str = ""
    secure: bool = False
    number: int = 0

    @property
    def has_token(self) -> bool:
        """Whether the request or a hit of it brings a token."""
        return bool(self.token) or any(entry.get("token_auth") for entry in self.entries)


@dataclass
class BulkOutcome:
    """What became of a request: hits counted as tracked, places of the invalid ones."""

    tracked: int = 0
    invalid: list[int] = field(default_factory=list)
    poison: PoisonHit | None = None


NOTHING = BulkOutcome()


class MatomoTracker:
    """Reads requests, judges and stores their hits, and answers; thread-safe."""

    def __init__(
        self,
        settings: MatomoSettings,
        accounts: MatomoAccounts,
        reader: HitReader,
        store: HitStore,
        work: Callable[[int], bool],
    ) -> None:
        """`work(hits)` takes as long as that many do; True = the server stopped meanwhile."""
        self._settings, self._accounts = settings, accounts
        self._reader, self._store, self._work = reader, store, work

    # Reading

    def read_bulk(self, call: Call, number: int) -> BulkRequest | None:
        """A bulk request; one of no entries when PHP cannot decode it, None when it is none."""
        if not any(call.body.find(mark) > 0 for mark in _MARKS):
            return None
        try:
            decoded = php_json(call.body)
        except ValueError:
            return BulkRequest(number=number)
        if not isinstance(decoded, dict):
            return BulkRequest(number=number)
        token = php_text(decoded.get("token_auth"))
        by_url = dict(parse_qsl(call.query)).get("token_auth", "")
        return BulkRequest(
            _entries(decoded.get("requests")),
            token,
            HitAccess(self._accounts, token or by_url, secure=False).is_super_user,
            php_text(decoded.get("send_image")) != "0",
            call.headers.get("user-agent", ""),
            number=number,
        )

    def read_single(self, call: Call, number: int) -> BulkRequest | None:
        """One hit out of address and form, None where there are no parameters."""
        form = parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)
        if call.headers.get("content-type", "").partition(";")[0] != _FORM:
            form = []
        params = dict(form) | dict(parse_qsl(call.query, keep_blank_values=True))
        if not params:
            return None
        return BulkRequest(
            (params,),
            params.get("token_auth", ""),
            sends_image=params.get("send_image") != "0",
            agent=call.headers.get("user-agent", ""),
            secure="token_auth" in dict(form),
            number=number,
        )

    # Storing

    def track(self, bulk: BulkRequest, indices: Iterable[int]) -> BulkOutcome:
        """Judge and store these hits of a request.

        What ends it takes all of them back, without transactions only what follows.
        """
        outcome, hits = BulkOutcome(), list[StoredHit]()
        access = HitAccess(self._accounts, bulk.token, secure=bulk.secure)
        for index in indices:
            try:
                entry = bulk.entries[index]
                hit = self._reader.read(entry, access.may_track, bulk.agent) if entry else None
            except InvalidHit:
                outcome.invalid.append(index)
                continue
            except PoisonHit as poison:
                outcome.poison = poison
                break
            outcome.tracked += 1
            if hit is not None:
                hits.append(hit)
        if outcome.poison is None or not self._settings.transactions:
            self._store.add(hits, bulk.number)
        return outcome

    # Answering

    def answer_bulk(self, bulk: BulkRequest) -> WireAnswer:
        """Carry a bulk request out."""
        settings, count = self._settings, len(bulk.entries)
        if not settings.record_statistics:
            return counts_answer(NOTHING)
        if (self._accounts.locked and bulk.has_token) or not settings.database_up:
            return counts_answer(NOTHING, status=500)
        if not count:
            return counts_answer(NOTHING)
        if settings.require_authentication and (refused := self._unauthenticated(bulk)):
            return refused
        limit = settings.time_limit_hits
        within = count if limit is None else min(limit, count)
        if self._work(within):
            return EMPTY_500
        if within < count:
            if not settings.transactions:
                self.track(bulk, range(within))
            return EMPTY_500
        return self.reply(bulk, self.track(bulk, range(count)))

    def reply(self, bulk: BulkRequest, outcome: BulkOutcome) -> WireAnswer:
        """What a bulk request is told of its outcome."""
        if outcome.poison is not None:
            if outcome.poison.is_blank:
                return EMPTY_500
            outcome = BulkOutcome(outcome.tracked)  # it knows of no invalid hit any more
            return counts_answer(outcome, names_invalid=bulk.names_invalid, status=500)
        if not bulk.sends_image:
            return WireAnswer(204)
        return counts_answer(outcome, names_invalid=bulk.names_invalid)

    def answer_single(self, hit: BulkRequest) -> WireAnswer:
        """Carry a single hit out; the picture comes with errors too."""
        if not self._settings.record_statistics:
            return whole(b"", HTML, 503)
        if (self._accounts.locked and hit.has_token) or not self._settings.database_up:
            return whole(GIF, "image/gif", 500)
        if self._work(1):
            return EMPTY_500
        outcome = self.track(hit, (0,))
        if outcome.poison is not None:
            return EMPTY_500 if outcome.poison.is_blank else whole(GIF, "image/gif", 500)
        if outcome.invalid:
            return whole(GIF, "image/gif", 400)
        return whole(GIF, "image/gif") if hit.sends_image else WireAnswer(204)

    def _unauthenticated(self, bulk: BulkRequest) -> WireAnswer | None:
        """The refusal of a whole request when each hit needs a site and a token that may track."""
        access = HitAccess(self._accounts, bulk.token, secure=bulk.secure)
        for entry in filter(None, bulk.entries):
            try:
                idsite = self._reader.website(entry).idsite
            except InvalidHit:
                return counts_answer(NOTHING, status=400)
            if not access.may_track(idsite, php_text(entry.get("token_auth"))):
                return counts_answer(NOTHING, status=500)
        return None


_FORM = "application/x-www-form-urlencoded"


def no_request(call: Call) -> WireAnswer:
    """The answer to whoever calls the tracker without a hit."""
    return whole(NOT_A_TRACKER, HTML, 200 if call.method == "GET" else 400)


def counts_answer(
    outcome: BulkOutcome, *, names_invalid: bool = False, status: int = 200
) -> WireAnswer:
    """The JSON of a bulk answer: "success" with status 200, "error" with any other."""
    counts: dict[str, object] = {
        "status": "success" if status == 200 else "error",
        "tracked": outcome.tracked,
        "invalid": len(outcome.invalid),
    }
    if names_invalid:
        counts["invalid_indices"] = outcome.invalid
    return whole(compact(counts), PLAIN_JSON, status)


def _entries(requests: object) -> list[Mapping[str, Any]]:
    """The hits of a decoded body; strings without a query are dropped, and the indices shift."""
    listed = list(requests.values()) if isinstance(requests, dict) else requests
    if not isinstance(listed, list):
        return []
    entries: list[Mapping[str, Any]] = []
    for entry in listed:
        if isinstance(entry, str) and entry:
            query = _query(entry)
            entries += [dict(parse_qsl(query, keep_blank_values=True))] if query else []
        elif isinstance(entry, list):
            entries.append({str(place): value for place, value in enumerate(entry)})
        else:
            entries.append(entry if isinstance(entry, dict) else {})
    return entries


def _query(text: str) -> str:
    try:
        return urlsplit(text).query
    except ValueError:
        return ""
