"""What each value of a column becomes: a piece of JSON, made once and kept; no hit is whole.

Pieces are ASCII bytes, so no value can break a request: text of any bytes was decoded with
replacement, URLs are percent-encoded.  With each goes the reason to leave its line out, or "".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC
from hashlib import blake2b
from json.encoder import encode_basestring_ascii
from typing import Any
from zlib import crc32

from mtdata.weblogs.bots import is_bot
from mtdata.weblogs.filters import Filters, canonical_ip, is_error, is_redirect
from mtdata.weblogs.formats.format import LogFormat
from mtdata.weblogs.formats.parser import REFUSED
from mtdata.weblogs.memo import Memo
from mtdata.weblogs.rules import Rules
from mtdata.weblogs.urls import (
    LONGEST_PATH,
    LONGEST_QUERY,
    clean_host,
    cut,
    percent_encoded,
    quoted,
    split_address,
)

SHARDS, MB = 64, 1_000_000
LONGEST_URL, LONGEST_AGENT, LONGEST_USER = 1024, 1024, 200
MOST_MS, MOST_MOMENT = 86_400_000, 2**32 - 1
SECONDS = {f"{second:02}": (second, b'%02d","url":"' % second) for second in range(60)}
DOWNLOAD, CAMPAIGN, NAMED_USER, KEYED = 1, 2, 4, 8
"""What a hit is besides, by bit: a campaign begins a visit; a user, or a `cid`, is the visitor."""
CAMPAIGNS = re.compile(r"(?:^|[&;])(?:pk|piwik|mtm|matomo|utm)_", re.IGNORECASE)
URLREF, USER_AGENT = b',"urlref":"', b'"ua":'
NO_REQUEST = "no_request"
"""A line that says no target: it is a hit only as an error that is to be kept."""


class Pieces:
    """The memos of a format's columns, by the rules; kept within bounds."""

    def __init__(self, rules: Rules, log_format: LogFormat) -> None:
        self._rules, self._format, self._filters = rules, log_format, Filters(rules)
        self._main = percent_encoded(rules.main_url.rstrip("/"))
        self._scheme = self._main.partition("://")[0] if "://" in self._main else "http"
        makers: tuple[tuple[Callable[[str], Any], int], ...] = (
            (self._date, MB), (self._ip, 6 * MB), (self._host, MB), (self._user, MB),
            (self._target, 3 * MB), (self._status, MB), (self._referrer, 2 * MB),
            (self._agent, 3 * MB), (self._took, MB),
        )  # fmt: skip
        self.memos: list[Memo[Any]] = [Memo(*one) for one in makers]
        """One for each of COLUMNS but the last: together they stay within some 25 MB."""
        self._minutes, self._addresses = Memo(self._minute, MB), Memo(self._address, 3 * MB)

    def _date(self, text: str) -> tuple[str, int, bytes]:
        """The reason, the second since 1970, and the time as far as the URL; by the minute's."""
        if REFUSED in text:
            return text.partition(REFUSED)[2].strip(), 0, b""
        at = 18 if text[17:18] == ":" else 17
        minute = self._minutes[text[:at] + "00" + text[at + 2 :]]
        if minute and (second := SECONDS.get(text[at : at + 2])):
            moment, begin = minute
            return "", moment + second[0], begin + second[1]
        reason, moment, written = self._second(text)
        return reason, moment, f'","cdt":"{written}","url":"'.encode("ascii")

    def _minute(self, text: str) -> tuple[int, bytes] | None:
        """Of a minute's first second the moment and the piece, when all of the minute is kept."""
        reason, moment, written = self._second(text)
        at = 18 if text[17:18] == ":" else 17
        if reason or text[at - 1 : at] != ":" or written[-2:] != "00":
            return None
        reason, _, last = self._second(f"{text[:at]}59{text[at + 2 :]}")
        if reason or last != f"{written[:-2]}59":
            return None
        return moment, f'","cdt":"{written[:-2]}'.encode("ascii")

    def _second(self, text: str) -> tuple[str, int, str]:
        try:
            moment = self._format.moment(text)
        except ValueError:
            return "bad_date", 0, ""
        written = f"{moment:%Y-%m-%d %H:%M:%S}".zfill(19)
        since = min(max(0, int(moment.replace(tzinfo=UTC).timestamp())), MOST_MOMENT)
        return self._filters.date(moment), since, written

    def _ip(self, text: str) -> tuple[str, int, bytes, int]:
        ip = canonical_ip(text)
        if not ip:
            return "bad_ip", 0, b"", 0
        piece = ip.encode("ascii")
        return self._filters.ip(ip), crc32(piece) % SHARDS, piece, self._number(piece, b"address")

    def _number(self, piece: bytes, of: bytes) -> int:
        """Eight bytes for it; those of an address and of an agent together are a visitor's."""
        key = self._rules.visitor_key
        return int.from_bytes(blake2b(piece, digest_size=8, key=key, person=of).digest())

    def _host(self, text: str) -> tuple[str, bytes]:
        host = clean_host(text)
        base = f"{self._scheme}://{host}" if host else self._main
        return self._filters.host(host), base.encode("ascii")

    def _user(self, text: str) -> bytes:
        user = self._text(text)[:LONGEST_USER]
        return f',"uid":{encode_basestring_ascii(user)}'.encode("ascii") if user else b""

    def _target(self, text: str) -> tuple[str, bytes, bytes, int]:
        target = self._format.target(text)
        if not target:
            return NO_REQUEST, b"", b"/", 0
        address, _, query = target.partition("?")
        known = self._addresses[address]
        if not query or not (query := self._filters.query(query)):
            return known
        reason, own, path, marks = known
        if CAMPAIGNS.search(query):
            marks |= CAMPAIGN
        query = cut(percent_encoded(query), LONGEST_QUERY)
        return reason, own, path + b"?" + query.encode("ascii"), marks

    def _address(self, text: str) -> tuple[str, bytes, bytes, int]:
        """Of a target without its query: the reason, scheme and host if they are ours, the path."""
        scheme, host, path = split_address(text)
        own = bad_host = ""
        if self._format.has_hosts_in_requests and (host := clean_host(host)):
            own, bad_host = f"{scheme}://{host}", self._filters.host(host)
        path = percent_encoded(path.lower() if self._rules.lowercase_path else path)
        reason, is_download = self._filters.path(path)
        path = cut(path, LONGEST_PATH)
        marks = DOWNLOAD if is_download else 0
        return bad_host or reason, own.encode("ascii"), path.encode("ascii"), marks

    def _status(self, text: str) -> tuple[str, str, bytes]:
        named = text if is_error(text) or is_redirect(text) else ""
        number = self._rules.dimensions.get("status")
        told = quoted(text.strip("-")) if number else ""
        code = f',"dimension{number}":"{told}"' if told else ""
        return self._filters.status(text), quoted(named), code.encode("ascii")

    def _referrer(self, text: str) -> bytes:
        url = self._format.referrer(text)
        if url in ("", "-"):
            return b""
        return b'%b%b"' % (URLREF, cut(percent_encoded(url), LONGEST_URL).encode("ascii"))

    def _agent(self, text: str) -> tuple[str, bytes, int]:
        """The reason, and what stands behind the URL; the user agent comes last in it."""
        agent = self._text(text)
        place = self._rules.dimensions.get("bot")
        kind = "Bot" if is_bot(agent) else "Not-Bot"
        dimension = f'"dimension{place}":"{kind}",' if place else ""
        told = encode_basestring_ascii(agent[:LONGEST_AGENT])
        piece = b'",%b%b%b' % (dimension.encode("ascii"), USER_AGENT, told.encode("ascii"))
        number = self._number(told.encode("ascii"), b"user agent")
        return self._filters.user_agent(agent), piece, number

    def _took(self, text: str) -> bytes:
        try:
            milliseconds = float(text) * self._format.took_ms
        except ValueError:
            return b""
        return b',"pf_srv":%d' % int(milliseconds) if 0 <= milliseconds < MOST_MS else b""

    def _text(self, text: str) -> str:
        """The value as text; "" for none."""
        read = self._format.text(text)
        return "" if read == "-" else self.decoded(read)

    def decoded(self, text: str) -> str:
        """The text that the bytes of a log stand for; what stands for nothing is U+FFFD."""
        if text.isascii():
            return text
        read = text.encode("latin-1").decode(self._rules.encoding, "replace")
        return read.encode("utf-8", "replace").decode("utf-8")
