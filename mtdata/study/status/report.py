"""What a round tells: its report, its incidents, its log lines; it carries nothing."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from mtdata import logs
from mtdata.alerts.incident import DAMAGE
from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.levels import level_of
from mtdata.core.errors import MTDataError, PackageError, Reach, ReplicaError, StorageError
from mtdata.core.exit_codes import exit_code
from mtdata.core.reach import DiskFull
from mtdata.core.words import counted
from mtdata.study.ledger.evidence import UNCOPIED, log_incident
from mtdata.study.model.scale import Scale
from mtdata.study.model.states import CONFLICT, HELD_KINDS, MALFORMED, SEALED
from mtdata.study.pool import Pool
from mtdata.study.scale_report import ScaleReport
from mtdata.study.status import outage
from mtdata.study.status.conflicts import difference
from mtdata.study.status.result import COUNTED, RoundResult

log = logging.getLogger(__name__)
HELD = {kind: f"entry_{kind}" for kind in HELD_KINDS}
REPLICAS = ("replica_unreachable", "replica_full", "replica_refused", "replica_wrong")
"""Kinds that are over when a round has no such trouble with any replica."""
WRONG = "key_wrong"
OF_SITE = ("site_unreachable", "site_refused", "site_moved", "package_broken")
"""Kinds that are over when a round saw the site."""
STORAGE = (StorageError.incident, DiskFull.incident)
CONDITIONS = (*HELD.values(), "drift", "leftover", "delete_failed")
"""Kinds that are over when a round looks at the scale and does not find them."""


class RoundReport:
    """Everything that one round of one site has to tell."""

    def __init__(
        self,
        site: str,
        pool: Pool,
        key_faults: Mapping[str, str] = MappingProxyType({}),
        sizes: Mapping[str, int | None] = MappingProxyType({}),
    ) -> None:
        """`sizes`: rows of the scales that are looked at, None once one is carried home whole."""
        self._site, self._pool, self._key_faults, self._sizes = site, pool, key_faults, sizes
        self._broken = 0
        self._codes: set[int] = set()
        self._opened: Counter[str] = Counter()
        self._unopened = 0
        self._sealed_anew: set[str] = set()
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
            kind = error.incident or "storage"
            self._broken += isinstance(error, PackageError)
            told = outage.with_consequences(self._pool, kind, scale, str(error), self._sizes)
            self.tell(kind, scale, told)
            return False
        return True

    def refuse_outage(self, asked: int) -> None:
        """SiteError where none of several packages came: one trouble of the site, not of each."""
        if asked == self._broken:
            outage.refuse(self._broken, self.result.faults)

    def tell(self, kind: str, scale: str, detail: str, *, lasts: bool = False) -> None:
        """One incident opened or counted, and one line in the log; a quiet one if it just lasts."""
        level = level_of(kind)
        unentered: StorageError | None = None
        try:
            incidents, now = self._pool.ledger.incidents, self._pool.clock.now()
            is_new = incidents.raise_incident(kind, scale, detail, now)
            if is_new and level >= logging.CRITICAL:
                self._codes.add(1)
            if not is_new and (lasts or incidents.has_cause(kind, scale)):
                level = logging.DEBUG
        except StorageError as error:  # a full disk must not hide what this is about
            unentered = error
        with logs.at(site=self._site, scale=scale):
            log.log(level, "%s: %s", KINDS[kind].title, detail)
            if unentered:
                self._codes.add(unentered.exit_code)
                self.result.unentered.append((kind, scale, detail))
                log.critical("the incident could not be entered: %s", unentered)

    def tell_of_last_round(self, number: int, *, delete_mode: bool) -> None:
        """Whether the round before was cut off, and whether it deleted as this one does."""
        self.result.delete_mode = delete_mode
        if begun := self._pool.ledger.runs.cut_off(number):
            told = "the round that began at %s UTC was cut off; this one goes on from there"
            log.warning(told, f"{begun:%Y-%m-%d %H:%M}")
        self.tell_of_delete_mode(delete_mode=delete_mode)

    def tell_of_delete_mode(self, *, delete_mode: bool) -> None:
        """Tell of another DELETE_MODE than was known, once, whoever comes upon it first."""
        ledger = self._pool.ledger
        if ledger.runs.last_delete_mode() in (None, delete_mode):
            return
        with ledger.commit():  # both or none: else a kill loses the mail, or doubles it
            before = ledger.runs.last_delete_mode()
            if before == delete_mode:  # somebody else has told of it meanwhile
                return
            now = self._pool.clock.now()
            told = f"DELETE_MODE is {delete_mode} from now on; before it was {before}"
            ledger.incidents.enter("delete_mode", "", told, now)
            ledger.runs.enter_delete_mode(now, delete_mode=delete_mode)
        with logs.at(site=self._site):
            log.log(level_of("delete_mode"), "%s: %s", KINDS["delete_mode"].title, told)

    def close(self, scale: str, kinds: Iterable[str]) -> None:
        """Close incidents that are over."""
        closed = self._pool.ledger.incidents.close_incidents(scale, kinds, self._pool.clock.now())
        if not closed:
            return
        with logs.at(site=self._site, scale=scale):
            for kind in closed:
                log.info("incident closed: %s", kind)

    def note(self, scale_report: ScaleReport, *, delete_mode: bool | None) -> None:
        """Enter how a scale stands: numbers in the report, conditions as incidents.

        `delete_mode` None: its deletes are still to come, so what lies on the site says nothing.
        """
        scale = scale_report.run.scale
        self._count(scale_report)
        held = {kind: detail for kind, (_, detail) in self._held(scale).items()}
        told = self._news(scale_report) | held
        if delete_mode:
            told |= self._leftover(scale_report)
        for kind, detail in told.items():
            if kind == HELD[SEALED]:  # told behind the keys, which may be its cause
                self._sealed_anew |= {scale.name} if scale_report.newly_held else set()
                continue
            if kind in DAMAGE:
                self._log_damage(kind, scale.name, detail)
                continue
            lasts = kind == "leftover" or (kind in HELD.values() and not scale_report.newly_held)
            self.tell(kind, scale.name, detail, lasts=lasts)
        if scale_report.newly_held or "delete_failed" in told:
            self._codes.add(1)
        unknown = {"leftover"} if delete_mode is None else set()
        self.close(scale.name, set(CONDITIONS) - set(told) - unknown)
        self._opened.update(scale_report.opened)
        self._unopened += scale_report.unopened
        scale_report.clear()

    def pass_by(self, scale: str) -> None:
        """Enter a scale of which the ledger has nothing on the site, nothing held, no incident."""
        self.result.scales[scale] = dict.fromkeys(COUNTED, 0)

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
        held, owed = self._pool.ledger.entries.held_and_owed(scale.name)
        if not scale.deleteable and (last := self._pool.ledger.snapshots.last(scale.name)):
            held += last.malformed + (last.sealed or 0)
        self.result.scales[scale.name] = scale_report.as_json(held, owed * scale.deleteable)

    def _held(self, scale: Scale) -> dict[str, tuple[int, str]]:
        """How many entries are held by kind of incident, and what is told of them."""
        ledger, name = self._pool.ledger, scale.name
        found = {
            HELD.get(kind, "entry_malformed"): (number, f"{number} held, e.g. because: {reason}")
            for kind, (number, reason) in ledger.entries.held_kinds(name).items()
        }
        if HELD[CONFLICT] in found:
            number, _ = found[HELD[CONFLICT]]
            found[HELD[CONFLICT]] = number, f"{number} held, e.g. {difference(self._pool, name)}"
        last = None if scale.deleteable else ledger.snapshots.last(name)
        for kind, count in ((MALFORMED, last.malformed), (SEALED, last.sealed)) if last else ():
            if count:
                told = f"{count} entries of the newest snapshot are not in its sheet"
                found[HELD[kind]] = count, told
        return found

    def _leftover(self, scale_report: ScaleReport) -> dict[str, str]:
        scale = scale_report.run.scale
        if not scale.deleteable:
            return {}
        old, oldest, answer = self._pool.ledger.listing.leftover(scale.name)
        if old <= 0:
            return {}
        said = f"; the site last said: {answer}" if answer else ""
        number = counted(old, "entry is", "entries are")
        told = f"{number} safe here and still there, the oldest {oldest}{said}"
        return {"leftover": told}

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
        """Keys that cannot be used, keys that open nothing, and what is held where neither is."""
        with self._pool.ledger.one_moment():
            self._tell_of_keys()

    def _tell_of_keys(self) -> None:
        known, at_rest = self._pool.ledger.listing.scales(), self._pool.ledger.listing.at_rest()
        found = {one.name: self._held(one) for one in known if one.name not in at_rest}
        sealed = {name: held[HELD[SEALED]] for name, held in found.items() if HELD[SEALED] in held}
        count = counted(sum(number for number, _ in sealed.values()), "entry", "entries")
        held = f"{counted(len(sealed), 'scale')}, {count} held" if sealed else ""
        for name, fault in self._key_faults.items():
            told = f"{name}: {fault}"  # ends with the command that mends it
            self.tell("key_unreadable", "", f"{held}. {told}" if held else told)
            self._codes.add(1)
        if not self._key_faults:
            self.close("", ("key_unreadable",))
        self._tell_wrong_keys(held)
        for name, (_, detail) in sealed.items():
            self.tell(HELD[SEALED], name, detail, lasts=name not in self._sealed_anew)

    def _tell_wrong_keys(self, held: str) -> None:
        """One that is open is told anew while anything is held for it: its number stays true.

        What it holds is never deleted: no round ends well while it stands.
        """
        names = ", ".join(self._pool.cipher.key_names())
        is_open = any(one.kind == WRONG for one in self._pool.ledger.incidents.open_incidents(""))
        if self._opened or not held:
            self.close("", (WRONG,))
        elif is_open or (self._unopened and (names or not self._key_faults)):
            fault = f"{names} opens nothing" if names else "PRIVATE_FILE names no key for anything"
            told = f"{fault} that the site sealed: {held}"
            self.tell(WRONG, "", told, lasts=not self._unopened)
            self._codes.add(1)
