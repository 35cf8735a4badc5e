"""What an answer of Matomo's tracker proves about a batch of hits; it asks nothing.

What is not proven is ambiguous, and an ambiguous batch is never sent again.  Which answer proves
what was measured on a real Matomo 5.2; words of an answer are never repeated.
"""

from __future__ import annotations

import json
from enum import Enum
from http import HTTPStatus
from typing import Any, NamedTuple

from mtdata.core.border import Border

TOO_LARGE = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
MOST_INDICES = 100_000


class Fate(Enum):
    """What became of the hits of a batch."""

    STORED = "stored"
    """Each was counted; of the invalid ones nothing is stored."""
    NOTHING = "nothing"
    """None is stored: they may be sent again as they are."""
    SMALLER = "smaller"
    """None is stored, nor would be of a batch as large: they may be sent again in halves."""
    REFUSED = "refused"
    """None is stored, nor would be of any other batch: somebody has to mend something."""
    AMBIGUOUS = "ambiguous"
    """Some, all or none are stored: only the reports can tell."""


class BatchVerdict(NamedTuple):
    """The fate of a batch, in numbers where it was counted; `words` for a person."""

    fate: Fate
    words: str = ""
    tracked: int = 0
    invalid: int = 0
    indices: tuple[int, ...] = ()  # of the invalid ones, where the token may see them


class Counted(NamedTuple):
    """Matomo's own count of a batch."""

    status: str
    tracked: int
    invalid: int
    indices: tuple[int, ...] = ()


class NotCounted(ValueError):
    """A body that is no count of Matomo's."""


def count_of(body: bytes) -> Counted:
    """Read the count that Matomo answers with.  NotCounted for whatever else that is."""
    with Border(NotCounted, "no count"):
        found = json.loads(body)
        if not isinstance(found, dict) or found.get("status") not in ("success", "error"):
            raise NotCounted("another sort of JSON")
        indices = found.get("invalid_indices") or []
        if not isinstance(indices, list) or len(indices) > MOST_INDICES:
            raise NotCounted("indices that are no list")
        tracked, invalid = _whole(found.get("tracked")), _whole(found.get("invalid"))
        return Counted(found["status"], tracked, invalid, tuple(map(_whole, indices)))


def _whole(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise NotCounted("a count that is no whole number")
    return number


def verdict_of(status: int, body: bytes, sent: int, *, rolls_back: bool) -> BatchVerdict:
    """What an answer says of a batch of so many hits.

    `rolls_back`: Matomo stores a batch whole or not at all (its transactions are on).
    """
    if status == HTTPStatus.OK:
        return _of_count(body, sent)
    if 300 <= status < 400:
        return BatchVerdict(
            Fate.REFUSED,
            f"it sends us to another address (HTTP {status}): write that into piwik_ip, with "
            "https:// where it wants that",
        )
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _of_fault(body, rolls_back=rolls_back)
    if status == TOO_LARGE:
        return BatchVerdict(Fate.SMALLER, "the batch is too large for the web server (HTTP 413)")
    if status == HTTPStatus.BAD_REQUEST and _is_count(body):
        return BatchVerdict(Fate.SMALLER, "it does not take the batch as a whole (HTTP 400)")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return BatchVerdict(Fate.REFUSED, f"the web server does not let us in (HTTP {status})")
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.BAD_REQUEST):
        return BatchVerdict(Fate.REFUSED, f"there is no Matomo that takes hits (HTTP {status})")
    return BatchVerdict(Fate.AMBIGUOUS, f"HTTP {status} says nothing about what was stored")


def _of_count(body: bytes, sent: int) -> BatchVerdict:
    try:
        count = count_of(body)
    except NotCounted:
        return BatchVerdict(Fate.AMBIGUOUS, "HTTP 200 with something else than Matomo's count")
    told = f"{count.tracked} tracked and {count.invalid} invalid of {sent}"
    if count.status != "success" or count.tracked + count.invalid != sent:
        return BatchVerdict(Fate.AMBIGUOUS, f"it counts {told}", count.tracked, count.invalid)
    sound = set(count.indices) if all(index < sent for index in count.indices) else set()
    # a token that is none of a super user's gets none, and some proxies' caches others'
    indices = tuple(sorted(sound)) if len(sound) == count.invalid else ()
    return BatchVerdict(Fate.STORED, told, count.tracked, count.invalid, indices)


def _of_fault(body: bytes, *, rolls_back: bool) -> BatchVerdict:
    """HTTP 500: a batch that was rolled back, where Matomo says so itself or was cut short."""
    is_empty = not body.strip()
    if not rolls_back:
        return BatchVerdict(Fate.AMBIGUOUS, "HTTP 500, and its transactions are off")
    if is_empty:
        return BatchVerdict(Fate.SMALLER, "it took too long over the batch (HTTP 500, empty)")
    if _is_count(body) and count_of(body).status == "error":
        return BatchVerdict(Fate.NOTHING, "it rolled the batch back (HTTP 500)")
    return BatchVerdict(Fate.AMBIGUOUS, "HTTP 500 with something else than Matomo's count")


def _is_count(body: bytes) -> bool:
    try:
        count_of(body)
    except NotCounted:
        return False
    return True
