"""From the columns of a block to the requests that Matomo is sent; it sends none.

What belongs to one value of a column `pieces` has; here they become hits, each a JSON object.  All
have `bots=1`: what we keep Matomo shall store, whatever its own list of bots says.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import repeat
from typing import Any

from mtdata.weblogs.formats.format import LogFormat
from mtdata.weblogs.formats.parser import Columns
from mtdata.weblogs.pieces import (
    DOWNLOAD,
    KEYED,
    LONGEST_URL,
    NAMED_USER,
    NO_REQUEST,
    URLREF,
    USER_AGENT,
    Pieces,
)
from mtdata.weblogs.rules import Rules
from mtdata.weblogs.urls import cut, quoted

LONGEST_SAMPLE, MOST_DIGITS, MOST_VISITORS = 500, 16, 10_000
BYTES = b',"bw_bytes":'
BEGIN = b'{"rec":1,"apiv":1,"idsite":%d,"dp":1,"queuedtracking":0,"bots":1,"cip":"'


@dataclass(frozen=True, slots=True)
class Hits:
    """What became of the lines of a block: each is one hit, or counted under one reason."""

    lines: array[int] = field(default_factory=lambda: array("Q"))
    """The number of each hit's line, from 1 in its file."""
    shards: bytes = b""
    """For each hit 0 to 63, by its address: hits of one visitor have one shard."""
    requests: list[bytes] = field(default_factory=list, repr=False)
    """Each hit as a JSON object, ASCII."""
    skipped: dict[str, int] = field(default_factory=dict)
    """Lines by the reason why they are no hit (`filters` has the reasons)."""
    samples: dict[str, list[tuple[int, str]]] = field(default_factory=dict, repr=False)
    """The first `explain` lines of each reason, with their numbers."""
    moments: array[int] = field(default_factory=lambda: array("I"))
    """For each hit the second since 1970."""
    visitors: array[int] = field(default_factory=lambda: array("Q"), repr=False)
    """For each hit a number of its visitor, by address and user agent."""
    marks: bytes = b""
    """For each hit what it is besides: bits of `pieces`."""

    @property
    def downloads(self) -> int:
        """How many of them are downloads."""
        return sum(mark & DOWNLOAD for mark in self.marks)

    def picked(self, places: Sequence[int]) -> Hits:
        """These of the hits, in the order given; what was left out stays left out."""
        return Hits(
            array("Q", [self.lines[place] for place in places]),
            bytes([self.shards[place] for place in places]),
            [self.requests[place] for place in places],
            self.skipped,
            self.samples,
            array("I", [self.moments[place] for place in places]),
            array("Q", [self.visitors[place] for place in places]),
            bytes([self.marks[place] for place in places]),
        )


def joined_hits(parts: list[Hits], explain: int) -> Hits:
    """The hits of parts of a block, one behind the other, with `explain` samples of a reason."""
    if len(parts) == 1:
        return parts[0]
    lines = array("Q")
    requests: list[bytes] = []
    skipped: Counter[str] = Counter()
    moments, visitors = array("I"), array("Q")
    samples: dict[str, list[tuple[int, str]]] = {}
    for part in parts:
        lines.extend(part.lines)
        requests += part.requests
        skipped.update(part.skipped)
        moments.extend(part.moments)
        visitors.extend(part.visitors)
        for reason, some in part.samples.items():
            known = samples.setdefault(reason, [])
            known += some[: explain - len(known)]
    shards = b"".join(part.shards for part in parts)
    marks = b"".join(part.marks for part in parts)
    return Hits(lines, shards, requests, dict(skipped), samples, moments, visitors, marks)


class HitBuilder:
    """Makes hits of one format by the rules; it keeps what it made of values, within bounds."""

    def __init__(self, rules: Rules, log_format: LogFormat) -> None:
        self._rules, self._pieces = rules, Pieces(rules, log_format)
        self._begin = BEGIN % rules.idsite
        self._visitors: dict[tuple[bytes, bytes], bytes] = {}

    def build(self, columns: Columns, count: int, first_line: int, text: str) -> Hits:
        """The hits of `count` lines; `text` is what they were, for samples."""
        lines, shards, moments, visitors = array("Q"), bytearray(), array("I"), array("Q")
        requests, skipped, besides = [], [], bytearray()
        begin, key, join = self._begin, self._rules.visitor_key, b"".join
        own_marks = KEYED if key else 0
        for (
            number, (bad_date, moment, cdt), (bad_ip, shard, ip, address), (bad_host, base), user,
            (bad_path, own, path, marks), (bad_status, named, code), referrer,
            (bad_agent, agent, agent_number), took, length,
        ) in self._values(columns, count, first_line):  # fmt: skip
            reason = bad_date or bad_ip or bad_host or bad_path or bad_agent or bad_status
            if reason:
                if reason == NO_REQUEST:  # asked last
                    reason = bad_agent or bad_status or ("" if named else NO_REQUEST)
                if reason:
                    skipped.append((number, reason))
                    continue
            more = b"}"
            if length.isdecimal() and length >= "1" and len(length) < MOST_DIGITS:
                more = BYTES + length.encode() + more
            if named:
                more = self._action(named, path, referrer) + more
            if marks & DOWNLOAD:
                more = b',"download":"%b%b"%b' % (own or base, path, more)
            if key:
                more = self._visitor(ip, agent) + more
            lines.append(number)
            shards.append(shard)
            moments.append(moment)
            visitors.append(address ^ agent_number)
            besides.append(marks | own_marks | NAMED_USER if user else marks | own_marks)
            requests.append(
                join((begin, ip, cdt, own or base, path, agent, referrer, code, user, took, more))
            )
        counted = dict(Counter(reason for _, reason in skipped))
        samples = self._samples(skipped, text, first_line)
        sides = bytes(shards), bytes(besides)
        return Hits(lines, sides[0], requests, counted, samples, moments, visitors, sides[1])

    def _values(self, columns: Columns, count: int, first_line: int) -> Iterable[Any]:
        """For each line its number, the piece of each column, and the length as it stands there."""
        given: list[Iterable[Any]] = [
            repeat(memo[""]) if column is None else map(memo.__getitem__, column)
            for column, memo in zip(columns, self._pieces.memos, strict=False)
        ]
        lengths = columns[-1] or repeat("")
        return zip(range(first_line, first_line + count), *given, lengths, strict=False)

    def _samples(
        self, skipped: list[tuple[int, str]], text: str, first_line: int
    ) -> dict[str, list[tuple[int, str]]]:
        samples: dict[str, list[tuple[int, str]]] = {}
        if self._rules.explain <= 0 or not skipped:
            return samples
        lines = text.split("\n")
        for number, reason in skipped:
            some = samples.setdefault(reason, [])
            if len(some) < self._rules.explain:
                line = lines[number - first_line].rstrip("\r")[:LONGEST_SAMPLE]
                some.append((number, self._pieces.decoded(line)))
        return samples

    def _action(self, status: str, path: bytes, referrer: bytes) -> bytes:
        """The title of the page, as Matomo's importer calls errors and redirects."""
        name = f"{status}/URL = {quoted(path.decode('ascii'))}"
        if referrer:
            name += f"/From = {quoted(referrer[len(URLREF) : -1].decode('ascii'))}"
        return b',"action_name":"%b"' % cut(name, LONGEST_URL).encode("ascii")

    def _visitor(self, ip: bytes, agent: bytes) -> bytes:
        """Sixteen hex digits that tell visitors apart and not who they are."""
        known = self._visitors.get((ip, agent))
        if known is None:
            if len(self._visitors) >= MOST_VISITORS:
                self._visitors.clear()
            told = b"%b\0%b" % (ip, agent[agent.index(USER_AGENT) :])
            digest = blake2b(told, digest_size=8, key=self._rules.visitor_key).hexdigest()
            known = self._visitors[ip, agent] = b',"cid":"%b"' % digest.encode("ascii")
        return known
