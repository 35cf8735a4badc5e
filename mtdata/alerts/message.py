"""One message to one destination: its words, and the form in which it waits; it carries no secret.

Of the destinations it knows names only: `mail`, `escalation`, `hook 1`, `messenger 1` and so on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from mtdata.alerts.incident import TO_DO
from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.notice import Item, Notice
from mtdata.core.checks import PROGRAM
from mtdata.core.words import counted_times

WHOLE, NAMED, SHORT = 50, 200, 1000
"""Troubles told in full, those named in a line each, and characters of a detail."""
PLACES = 3
"""So many places of further troubles stand in a subject."""
_LEADS = {
    "opened": "New:",
    "lasting": "Lasting:",
    "over": "Over:",
    "escalated": "Lasting for long, and graver for it:",
}
_ENDS = {
    "opened": "While it lasts a digest follows, and one mail when it is over.",
    "lasting": "The next digest follows while anything lasts, and one mail when it is over.",
    "over": "",
    "escalated": "You get this once; whoever is mailed first gets the digests.",
}


_OPTIONAL = {"tries", "next_at", "to"}


class MessageNewer(ValueError):
    """A newer program wrote it, which alone knows all that it says."""


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to one destination; the same news for it have the same `key`.

    `tries` were made to deliver it; the next is due at `next_at`.  `to` are the mailboxes that
    alone are to get it, the others having it; () = everybody of the destination.
    """

    destination: str
    sort: str
    key: str
    made_at: datetime
    subject: str
    body: str
    news: dict[str, Any]
    tries: int = 0
    next_at: datetime | None = None
    to: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """The message as JSON bytes, as it waits in the outbox."""
        held = asdict(self)
        if not self.to:
            del held["to"]  # older programs know no such thing
        for name in ("made_at", "next_at"):
            held[name] = held[name] and held[name].isoformat()
        return json.dumps(held, indent=1).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Message:
        """The reverse; ValueError for what is none, MessageNewer for one of a newer program."""
        try:
            held = json.loads(content)
            names = {field.name for field in fields(cls)}
            if isinstance(held, dict) and names - _OPTIONAL <= held.keys() and held.keys() - names:
                raise MessageNewer("it says what this program does not know")
            for name in ("made_at", "next_at"):
                held[name] = held[name] and datetime.fromisoformat(held[name])
            return cls(**held | {"to": tuple(held.get("to", ()))})
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError("no message") from error

    def left_for(self, to: Sequence[str]) -> Message:
        """The message for these mailboxes alone."""
        return replace(self, to=tuple(to))

    def tried(self, next_at: datetime) -> Message:
        """The message after one more try that failed, to be tried again at `next_at`."""
        return replace(self, tries=self.tries + 1, next_at=next_at)


def message(notice: Notice, destination: str, host: str, at: datetime) -> Message:
    """The words of a notice for one destination."""
    subject = one_line(f"[mtdata {host}] {_subject(notice)}")
    news = {
        "text": subject,
        "sort": notice.sort,
        "host": host,
        "made_at": at.isoformat(timespec="seconds"),
        "incidents": [_item_json(item) for item in notice.items[:WHOLE]],
        "not_shown": max(0, len(notice.items) - WHOLE),
    }
    key = _key(notice, destination)
    return Message(destination, notice.sort, key, at, subject, _body(notice, host), news)


def trial(destination: str, host: str, at: datetime) -> Message:
    """The trial message that `mtdata check --mail` sends."""
    subject = one_line(f"[mtdata {host}] TEST: this is how news come")
    body = "`mtdata check --mail` sent this. Nothing is wrong, and nothing is to be done.\n"
    news = {"text": subject, "sort": "test", "host": host, "incidents": [], "not_shown": 0}
    key = sha256(f"{destination} {at.isoformat()}".encode()).hexdigest()[:32]
    return Message(destination, "test", key, at, subject, body, news)


def one_line(text: str) -> str:
    """Text that is safe in a header field: one line of ASCII of a bounded length."""
    plain = text.encode("ascii", "backslashreplace").decode()
    return re.sub(r"[\x00-\x20\x7f]+", " ", plain)[:200].strip()


def _key(notice: Notice, destination: str) -> str:
    """A key by which news is known again after a kill; a later digest has another."""
    told = [
        (one.book, one.incident.number, str(one.incident.opened_at), one.is_open, *one.told[:2])
        for one in notice.settled
    ]
    news = repr((destination, notice.sort, sorted(map(str, told))))
    return sha256(news.encode()).hexdigest()[:32]


def _subject(notice: Notice) -> str:
    """Its level, site and scale, and what it is; the gravest first, if there are several."""
    items = [item for item in notice.items if not item.news.is_note] or notice.items
    first, *rest = items
    word = {"over": "over, was ", "lasting": "still ", "escalated": "lasts for long: "}
    lead = word.get(notice.sort, "") if not first.news.is_note else ""
    if notice.sort == "lasting" and not first.news.is_open:
        lead = "" if first.news.is_note else "over again, was "
    told = f"{lead}{first.news.level.upper()} {_where(first)}: {_title(first)}"
    places = [*dict.fromkeys(map(_where, rest))]
    more = ", ..." if len(places) > PLACES else ""
    scales = ", ".join(places[:PLACES]) + more
    return f"{told} (and {len(rest)} more: {scales})" if rest else told


def _where(item: Item) -> str:
    return _printable(f"{item.news.book} {item.news.incident.scale}".strip())


def _title(item: Item) -> str:
    return KINDS[item.news.incident.kind].title


def _body(notice: Notice, host: str) -> str:
    items = notice.items
    notes = [item for item in items if item.news.is_note]
    gone = [] if notice.sort != "lasting" else [i for i in items if not i.news.is_open]
    gone = [item for item in gone if not item.news.is_note]
    main = [item for item in items if item not in notes and item not in gone]
    parts = [
        *_part(_LEADS[notice.sort], main),
        *_part("Came and went meanwhile:", gone),
        *_part("To be known:", notes),
        _ENDS[notice.sort] if main else "",
        f"Sent by mtdata on {_printable(host)}. What every kind means: docs/OPERATING.md",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _part(lead: str, items: Sequence[Item]) -> list[str]:
    if not items:
        return []
    parts = [lead, *map(_paragraph, items[:WHOLE])]
    if named := items[WHOLE : WHOLE + NAMED]:
        parts.append("\n".join(f"{_where(item)}: {_title(item)}" for item in named))
    left = len(items) - WHOLE - len(named)
    return [*parts, f"and {left} more: `mtdata incidents`"] if left > 0 else parts


def _paragraph(item: Item) -> str:
    """One incident as a paragraph of a mail."""
    one, kind = item.news.incident, KINDS[item.news.incident.kind]
    seen = counted_times(one.seen)
    since = f"{_moment_text(one.opened_at)}, seen {seen}, the last time {_moment_text(one.last_at)}"
    lines = [
        f"{item.news.level.upper()}  {_where(item)}: {_title(item)}",
        f"  what     {_printable(one.detail.partition(TO_DO)[0])}",
        *([] if item.news.is_note else [f"  that is  {kind.happened}", f"  safe     {kind.safe}"]),
        f"  to do    {_printable(one.todo)}" if one.todo else "",
        "" if item.news.is_note else f"  since    {since}",
    ]
    if item.back:
        lines.append(f"  again    it came back {item.back} times since it was last told")
    if one.closed_at is not None and not item.news.is_note:
        lines.append(f"  over     {_moment_text(one.closed_at)}")
    site = "" if item.news.book == PROGRAM else f" {_printable(item.news.book)}"
    lines.append(f"  look     mtdata incidents{site} ({one.kind}, number {one.number})")
    return "\n".join(filter(None, lines))


def _moment_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _printable(text: str) -> str:
    """One line that any mail server takes."""
    plain = text.encode("utf-8", "backslashreplace").decode()
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", plain)[:SHORT]


def _item_json(item: Item) -> dict[str, Any]:
    """One incident as JSON for a web hook."""
    one, kind = item.news.incident, KINDS[item.news.incident.kind]
    return {
        "site": item.news.book,
        "scale": one.scale,
        "kind": one.kind,
        "level": item.news.level,
        "title": _title(item),
        "detail": _printable(one.detail),
        "number": one.number,
        "count": one.seen,
        "came_back": item.back,
        "opened_at": one.opened_at.isoformat(timespec="seconds"),
        "last_at": one.last_at.isoformat(timespec="seconds"),
        "closed_at": one.closed_at and one.closed_at.isoformat(timespec="seconds"),
        "happened": kind.happened,
        "safe": kind.safe,
        "to_do": one.todo,
    }
