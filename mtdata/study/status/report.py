"""What a round tells: its report, its incidents, its log lines; it carries nothing."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mtdata import logs
from mtdata.alerts.incident import DAMAGE, KINDS
from mtdata.alerts.levels import level_of
from mtdata.core.errors import MTDataError, Reach, ReplicaError, StorageError
from mtdata.core.exit_codes import exit_code
from mtdata.study.ledger.evidence import UNCOPIED, log_incident
from mtdata.study.model.scale import Scale
from mtdata.study.model.states import CONFLICT, DRIFT, MALFORMED, SEALED
from mtdata.study.pool import Pool
from mtdata.study.scale_report import ScaleReport

log = logging.getLogger(__name__)
HELD = {
    SEALED: "entry_sealed",
    MALFORMED: "entry_malformed",
    CONFLICT: "entry_conflict",
    DRIFT: "entry_drift",
}
REPLICAS = ("replica_unreachable", "replica_refused", "replica_wrong")
"""Kinds that are over when a round has no such trouble with any replica."""
CONDITIONS = (*HELD.values(), "drift", "leftover", "delete_failed")
"""Kinds that are over when a round looks at the scale and does not find them."""


@dataclass(slots=True)
class RoundResult:
    """How a round ended: the exit code, and per scale what was done."""

    exit: int = 0
    scales: dict[str, dict[str, int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    unentered: list[tuple[str, str, str]] = field(default_factory=list)
    """Kind, scale and detail of incidents that the ledger could not take."""

    def as_json(self) -> dict[str, Any]:
        """The form that `--json` prints."""
        shown: dict[str, Any] = {"exit": self.exit, "scales": self.scales}
        return shown | ({"faults": self.faults} if self.faults else {})


class RoundReport:
    """Everything that one round of one site has to tell."""

    def __init__(self, site: str, pool: Pool, key_faults: Mapping[str, str]) -> None:
        self._site = site
        self._pool = pool
        self._key_faults = key_faults
        self._codes: set[int] = set()
        self._opened: Counter[str] = Counter()
        self._unopened = 0
        self.result = RoundResult()

    def end(self) -> RoundResult:
        """The report with its exit code; what stands and hinders deletes ends no round well."""
        self.guard("", lambda: self._codes.add(self._pool.evidence.code()))
        self.result.exit = exit_code(self._codes)
        return self.result

    def guard(self, scale: str, step: Callable[[], None]) -> bool:
        """Let one scale's fault end that scale ('' = the whole round), told and entered.

        Returns whether there was none.
        """
        try:
            step()
        except MTDataError as error:
            if error.stops >= Reach.PROCESS or (scale and error.stops >= Reach.SITE):
                raise
            self._codes.add(error.exit_code)
            self.result.faults.append(str(error))
            self.tell(error.incident or "storage", scale, str(error))
            return False
        return True

    def tell(self, kind: str, scale: str, detail: str, *, lasts: bool = False) -> None:
        """One incident opened or counted, and one line in the log; a quiet one if it just lasts."""
        level = level_of(kind)
        unentered: StorageError | None = None
        try:
            incidents, now = self._pool.ledger.incidents, self._pool.clock.now()
            is_new = incidents.raise_incident(kind, scale, detail, now)
            if is_new and level >= logging.CRITICAL:
                self._codes.add(1)
            if not is_new and lasts:
                level = logging.DEBUG
        except StorageError as error:  # a full disk must not hide what this is about
            unentered = error
        with logs.at(site=self._site, scale=scale):
            log.log(level, "%s: %s", KINDS[kind].title, detail)
            if unentered:
                self._codes.add(unentered.exit_code)
                self.result.unentered.append((kind, scale, detail))
                log.critical("the incident could not be entered: %s", unentered)

    def close(self, scale: str, kinds: Iterable[str]) -> None:
        """Close incidents that are over."""
        now = self._pool.clock.now()
        with logs.at(site=self._site, scale=scale):
            for kind in self._pool.ledger.incidents.close_incidents(scale, kinds, now):
                log.info("incident closed: %s", kind)

    def note(self, scale_report: ScaleReport, *, delete_mode: bool) -> None:
        """Enter how a scale stands: numbers in the report, conditions as incidents."""
        scale = scale_report.run.scale
        self._count(scale_report)
        told = self._news(scale_report) | self._held(scale)
        told |= self._leftover(scale_report, delete_mode=delete_mode)
        for kind, detail in told.items():
            if kind in DAMAGE:
                self._log_damage(kind, scale.name, detail)
                continue
            lasts = kind == "leftover" or (kind in HELD.values() and not scale_report.newly_held)
            self.tell(kind, scale.name, detail, lasts=lasts)
        if scale_report.newly_held or "delete_failed" in told:
            self._codes.add(1)
        self.close(scale.name, set(CONDITIONS) - set(told))
        self._opened.update(scale_report.opened)
        self._unopened += scale_report.unopened
        scale_report.clear()

    def _news(self, scale_report: ScaleReport) -> dict[str, str]:
        """The notices of the steps, but for drift that was told before: a field may stay away."""
        name, notices = scale_report.run.scale.name, dict(scale_report.notices)
        detail = notices.get("drift", "")
        if detail and self._pool.ledger.incidents.has_detail("drift", name, detail):
            with logs.at(scale=name):
                log.debug("as told before: %s", notices.pop("drift"))
        return notices

    def _count(self, scale_report: ScaleReport) -> None:
        scale = scale_report.run.scale
        counts = self._pool.ledger.entries.counts(scale.name)
        held, owed = counts.held, counts.on_site if scale.deleteable else 0
        if not scale.deleteable and (last := self._pool.ledger.snapshots.last(scale.name)):
            held += last.malformed + (last.sealed or 0)
        self.result.scales[scale.name] = scale_report.as_json(held, owed)

    def _held(self, scale: Scale) -> dict[str, str]:
        ledger, name = self._pool.ledger, scale.name
        found = {
            HELD.get(kind, "entry_malformed"): f"{number} held, e.g. because: {reason}"
            for kind, (number, reason) in ledger.entries.held_kinds(name).items()
        }
        last = None if scale.deleteable else ledger.snapshots.last(name)
        for kind, number in ((MALFORMED, last.malformed), (SEALED, last.sealed)) if last else ():
            if number:
                found[HELD[kind]] = f"{number} entries of the newest snapshot are not in its sheet"
        return found

    def _leftover(self, scale_report: ScaleReport, *, delete_mode: bool) -> dict[str, str]:
        scale = scale_report.run.scale
        if not scale.deleteable:
            return {}
        number, oldest, answer = self._pool.ledger.listing.leftover(scale.name)
        old = number - (0 if delete_mode else scale_report.appended)
        if old <= 0:
            return {}
        said = f"; the site last said: {answer}" if answer else ""
        return {
            "leftover": f"{old} entries are safe here and still there, the oldest {oldest}{said}"
        }

    def _log_damage(self, kind: str, scale: str, detail: str) -> None:
        """Damage was entered when it was met: what is left is the log and the exit code."""
        self._codes.add(StorageError.exit_code)
        with logs.at(site=self._site):
            log_incident(kind, scale, detail)

    def tell_of_replicas(
        self, faults: Sequence[ReplicaError], damaged: Mapping[tuple[str, str], int]
    ) -> None:
        """Replicas that failed: nothing is lost, and nothing is deleted before they confirm."""
        told: dict[str, list[str]] = {}
        for fault in faults:
            self._codes.add(fault.exit_code)
            self.result.faults.append(str(fault))
            told.setdefault(fault.incident, []).append(str(fault))
        for kind, texts in told.items():
            self.tell(kind, "", "; ".join(texts))
        self.close("", set(REPLICAS) - set(told))
        for (scale, path), number in damaged.items():
            self._log_damage("raw_changed", scale, f"{path}: {number} {UNCOPIED}")

    def tell_of_keys(self) -> None:
        """Keys that cannot be used, and keys that open nothing, by name."""
        names = self._pool.cipher.key_names()
        for name, fault in self._key_faults.items():
            self.tell("key_unreadable", "", f"{name}: {fault}")
            self._codes.add(1)
        if not self._key_faults:
            self.close("", ("key_unreadable",))
        if self._unopened and not self._opened and names:
            self.tell(
                "key_wrong",
                "",
                f"{', '.join(names)} opens none of {self._unopened} sealed values; "
                "the entries are held. Put the right key into keys/ and into PRIVATE_FILE",
            )
        elif self._opened:
            self.close("", ("key_wrong",))


def summary(report: RoundResult) -> tuple[int, str, int, str]:
    """The line at the end of a round: info when something happened, else debug."""
    done = ("fresh", "appended", "deleted")
    told = [
        f"{scale}: " + ", ".join(f"{number} {word}" for word, number in did.items() if number)
        for scale, did in sorted(report.scales.items())
        if any(did[word] for word in done)
    ]
    level = logging.INFO if told or report.exit else logging.DEBUG
    return level, "the round ended with %d. %s", report.exit, "; ".join(told) or "Nothing new"


def table_of(report: RoundResult) -> tuple[Sequence[str], list[Sequence[object]]]:
    """The round as columns and lines, one line a scale."""
    columns = ("received", "fresh", "appended", "held", "deleted", "owed")
    rows = [(scale, *(did[c] for c in columns)) for scale, did in sorted(report.scales.items())]
    return ("scale", *columns), [*rows]
