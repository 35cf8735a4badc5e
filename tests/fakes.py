"""In-memory fakes of the ports, each held to its contract suite; they touch no disk or wire."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

from mtdata.core.errors import MTDataError, PackageError, SiteError, SiteRefused
from mtdata.study.model.receipt import DeleteAnswer, Outcome
from mtdata.study.model.scale import checked_name
from mtdata.study.model.study_schedule import MAX_SCHEDULE

Verdict = tuple[Outcome, str]


class MemorySite:
    """Port Site: rows in a dict, with faults that are set as attributes.

    `fault` strikes every call, `package_faults` a scale's package, half of which comes before.
    `verdicts` answers deletes by (scale, id) or by scale instead of carrying them out.
    `asked` has every delete that was asked, `deletes` those that were carried out.
    """

    MAX_FAILURES = 5

    def __init__(self) -> None:
        self.fault: MTDataError | None = None
        self.package_faults: dict[str, MTDataError] = {}
        self.verdicts: dict[str | tuple[str, int], Verdict] = {}
        self.failures: int | None = 0  # deletes that fail from now on; None = all
        self.schedule_sent: bytes | None = None  # what GET study would say; None = no such call
        self.sizes: dict[str, object] = {}  # what the listing says instead of the truth
        self.fetched: list[str] = []
        self.asked: list[tuple[str, int]] = []
        self.deletes: list[tuple[str, int]] = []
        self.closed = False
        self._rows: dict[str, list[bytes]] = {}
        self._staying: set[str] = set()

    # What lies on the site

    def offer(self, scale: str, *, deleteable: bool = True) -> None:
        """Have a scale of this name, empty if it is new."""
        self._rows.setdefault(scale, [])
        (self._staying.discard if deleteable else self._staying.add)(scale)

    def put(
        self,
        scale: str,
        entries: Iterable[Mapping[str, Any] | bytes],
        *,
        deleteable: bool = True,
    ) -> None:
        """Add rows; bytes are sent as they are."""
        self.offer(scale, deleteable=deleteable)
        self._rows[scale] += [one if isinstance(one, bytes) else compact(one) for one in entries]

    def take(self, scale: str, id: int) -> bool:
        """Let a row vanish, not by a delete; whether there was one."""
        left = [row for row in self._rows[scale] if id_of(row) != id]
        found = len(left) < len(self._rows[scale])
        self._rows[scale] = left
        return found

    def rows(self, scale: str) -> list[bytes]:
        """What lies there now, as it would be sent."""
        return list(self._rows[scale])

    def ids(self, scale: str) -> list[int]:
        """Ids that lie there now."""
        return [id for row in self._rows[scale] if (id := id_of(row)) is not None]

    # What can go wrong, by name; the attributes say more

    @property
    def site(self) -> Self:
        """This site, where a suite asks a world for one."""
        return self

    def go_down(self) -> None:
        self.fault = SiteError("the site cannot be reached")

    def refuse_account(self) -> None:
        self.fault = SiteRefused("the account is not accepted (401)")

    def break_package(self, scale: str) -> None:
        self.package_faults[scale] = PackageError(f"{scale}: the answer broke off")

    def tell_schedule(self, body: bytes | None) -> None:
        self.schedule_sent = body

    def refuse_deletes(self) -> None:
        refused = Outcome.REFUSED, "the site runs in import mode and deletes nothing"
        self.verdicts.update(dict.fromkeys(self._rows, refused))

    def fail_deletes(self, times: int | None) -> None:
        self.failures = times

    # The port

    def listing(self) -> list[Mapping[str, Any]]:
        self._strike()
        return [
            {
                "name": scale,
                "size": self.sizes.get(scale, len(rows)),
                "deleteable": scale not in self._staying,
            }
            for scale, rows in self._rows.items()
        ]

    def schedule(self) -> bytes | None:
        self._strike()
        if self.schedule_sent is not None and not is_list_of_objects(self.schedule_sent):
            raise SiteError("the schedule of the study is no JSON array of objects")
        return self.schedule_sent

    @contextmanager
    def fetch(self, scale: str) -> Iterator[Iterator[bytes]]:
        checked_name(scale)
        self._strike()
        if scale not in self._rows:
            raise PackageError(f"{scale}: the site says that it has no such scale (404)")
        self.fetched.append(scale)
        yield self._pieces(scale)

    def delete(self, scale: str, ids: Sequence[int]) -> Iterator[DeleteAnswer]:
        checked_name(scale)
        return self._answers(scale, ids)

    def close(self) -> None:
        self.closed = True

    def _strike(self) -> None:
        if self.fault is not None:
            raise self.fault

    def _pieces(self, scale: str) -> Iterator[bytes]:
        body = b"[" + b",".join(self._rows[scale]) + b"]"
        half = len(body) // 2
        yield body[:half]
        if scale in self.package_faults:
            raise self.package_faults[scale]
        yield body[half:]

    def _answers(self, scale: str, ids: Sequence[int]) -> Iterator[DeleteAnswer]:
        failures = 0
        verdict: Verdict | None = None
        for id in ids:
            if verdict is None:
                outcome, reason = self._ask(scale, id)
                failures = failures + 1 if outcome is Outcome.FAILED else 0
                if outcome is Outcome.REFUSED:
                    verdict = outcome, reason
                elif failures == self.MAX_FAILURES:
                    verdict = outcome, f"not asked: {failures} failures in a row"
                yield DeleteAnswer(id, outcome, reason)
            else:
                yield DeleteAnswer(id, *verdict)

    def _ask(self, scale: str, id: int) -> Verdict:
        self.asked.append((scale, id))
        told = self.verdicts.get((scale, id)) or self.verdicts.get(scale)
        if self.fault is not None:
            accepted = self.fault.again
            return Outcome.FAILED if accepted else Outcome.REFUSED, str(self.fault)
        if told:
            return told
        if self.failures != 0:
            self.failures = self.failures and self.failures - 1
            return Outcome.FAILED, "the site answered 500"
        if scale not in self._rows:
            return Outcome.REFUSED, "the site says it has no such scale"
        if scale in self._staying:
            return Outcome.REFUSED, "the data must remain on the server, the site says (403)"
        if not self.take(scale, id):
            return Outcome.ABSENT, "the site says it has no such entry"
        self.deletes.append((scale, id))
        return Outcome.DONE, ""


def compact(value: object) -> bytes:
    """JSON as the site writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def is_list_of_objects(body: bytes) -> bool:
    """Whether it is a JSON array of objects, and no larger than any that is taken."""
    try:
        found = json.loads(body) if len(body) <= MAX_SCHEDULE else None
    except (ValueError, RecursionError):
        return False
    return isinstance(found, list) and all(isinstance(one, dict) for one in found)


def id_of(row: bytes) -> int | None:
    """The id of a row, None for one that has none that can be read."""
    try:
        return int(json.loads(row)["id"])
    except (ValueError, TypeError, KeyError):
        return None
