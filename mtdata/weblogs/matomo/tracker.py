"""Matomo's bulk tracking: a batch goes out, and comes back as a verdict."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from mtdata.weblogs.matomo.connection import MatomoConnection, Unanswered
from mtdata.weblogs.matomo.verdict import TOO_LARGE, BatchVerdict, Fate, verdict_of

PATH, JSON = "matomo.php", "application/json"
PROBE = {
    "rec": 0,  # asks for nothing to be stored
    "apiv": 1,
    "url": "http://probe.invalid/",
    "cip": "192.0.2.1",
    "cdt": "2020-01-01 00:00:00",
}


class Target(NamedTuple):
    """Where hits go, with what right, and how long an answer is waited for."""

    url: str
    token: str
    timeout_s: float = 60.0
    ca: str = ""
    rolls_back: bool = True

    def __repr__(self) -> str:
        return f"Target({self.url!r})"  # the token is nobody's to see


class BatchAnswer(NamedTuple):
    """What came of a batch, and how long it took."""

    verdict: BatchVerdict
    seconds: float
    status: int = 0  # HTTP's; 0 where no answer came

    @property
    def by_bytes(self) -> bool:
        """Whether it was refused for its length in bytes."""
        return self.status == TOO_LARGE


class Tracker:
    """Sends batches to one Matomo; used by one thread at a time."""

    def __init__(self, target: Target) -> None:
        self._rolls_back = target.rolls_back
        self._head = b'{"token_auth":' + json.dumps(target.token).encode() + b',"requests":['
        self._connection = MatomoConnection(target.url, target.timeout_s, target.ca)

    def send(self, hits: Sequence[bytes]) -> BatchAnswer:
        """Send a batch of at least one hit: JSON objects as Matomo wants them.

        TrackingError: nothing was sent.
        """
        parts = [*hits]
        parts[0] = self._head + parts[0]
        parts[-1] += b"]}"
        body = b",".join(parts)  # the one copy of it
        try:
            answer = self._connection.post(PATH, JSON, body)
        except Unanswered as fault:
            return BatchAnswer(BatchVerdict(Fate.AMBIGUOUS, str(fault)), 0.0)
        verdict = verdict_of(answer.status, answer.body, len(hits), rolls_back=self._rolls_back)
        return BatchAnswer(verdict, answer.seconds, answer.status)

    def probe(self, idsite: int) -> BatchVerdict:
        """How Matomo takes a hit that asks for nothing to be stored: may we send others?

        TrackingError where it cannot be asked.
        """
        found = self.send([json.dumps({**PROBE, "idsite": idsite}).encode()]).verdict
        if found.fate is Fate.STORED and found.invalid:
            return BatchVerdict(Fate.REFUSED, REFUSED.format(self._connection.host))
        if found.fate is Fate.AMBIGUOUS and found.words.endswith("0 tracked and 0 invalid of 1"):
            return BatchVerdict(Fate.REFUSED, MAINTENANCE.format(self._connection.host))
        return found

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


REFUSED = (
    "{0} takes hits of this site from our token as invalid: it wants a token of write or admin "
    'rights on the site (or of a super user) made without "only allow secure requests". '
    "Each such try counts as a failed log-in: after 20 within an hour Matomo locks this machine's "
    "address out, right tokens too"
)
MAINTENANCE = "{0} is in maintenance: it answers and stores nothing (record_statistics is 0)"
