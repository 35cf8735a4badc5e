"""One round of one site: what was left, what is new, what may go, and what became of it.

Order matters: unfinished files are mended and waiting entries become rows before the site is
asked for anything; deletes come last; a listing after them proves what is gone.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mtdata.course import Course, Pool
from mtdata.domain.benchmark import benchmark_text
from mtdata.domain.incident import BLOCKING, KINDS
from mtdata.domain.package import entries, in_batches
from mtdata.domain.receipt import Outcome
from mtdata.domain.scale import Scale, checked_name, chosen, twins
from mtdata.errors import MTDataError, NameRefused, PackageError, Reach, SiteError, UsageError
from mtdata.pipeline import carry, delete, settle, verify
from mtdata.ports import Site
from mtdata.recall import Recalled, owed, waiting
from mtdata.snapshots import keep_snapshot, lay_out

log = logging.getLogger(__name__)
BENCHMARK = "active_data/benchMark.json"
HELD = {"sealed": "entry_sealed", "malformed": "entry_malformed",
        "conflict": "entry_conflict", "drift": "entry_drift"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terms:
    """What the config says of a site's rounds."""

    name: str
    delete_mode: bool = False
    delete_limit: int = 20_000
    holds_drift: bool = False


@dataclass(slots=True)
class Report:
    """How a round ended: the exit code, and per scale what was done."""

    exit: int = 0
    scales: dict[str, dict[str, int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """The form that `--json` prints."""
        shown: dict[str, Any] = {"exit": self.exit, "scales": self.scales}
        return shown | ({"faults": self.faults} if self.faults else {})


class Round:
    """One round of one site; `play` is the whole of it."""

    def __init__(
        self, terms: Terms, pool: Pool, site: Site, key_faults: Mapping[str, str] | None = None,
        watch: Callable[[str], None] = lambda step: None,
    ) -> None:  # fmt: skip
        self._terms = terms
        self._pool = pool
        self._site = site
        self._key_faults = dict(key_faults or {})
        self._watch = watch
        self._codes: set[int] = set()
        self._report = Report()
        self._courses: dict[str, Course] = {}
        self._asked: dict[str, Course] = {}
        self._keys: Counter[str] = Counter()
        self._unopened = 0

    def play(self, wanted: str) -> Report:
        """Carry home what `wanted` names; every fault ends in the report, an incident and a line."""
        diary, clock = self._pool.ledger.diary, self._pool.clock
        number = diary.begin_run(f"export {self._terms.name} {wanted}", clock.now())
        self._guard("", lambda: self._steps(wanted))
        self._report.exit = exit_code(self._codes)
        diary.end_run(number, self._report.exit, self._report.shown(), clock.now())
        return self._report

    def _steps(self, wanted: str) -> None:
        pool = self._pool
        pool.archive.recover()
        pool.sheets.recover()
        self._settle_waiting()
        self._tell_of_keys()
        try:
            offered = self._offered()
            for scale in self._wanted(offered, wanted):
                self._guard(scale.name, lambda scale=scale: self._scale(scale))  # type: ignore[misc]
            self._prove_deletes()
        finally:
            self._tell_of_keys()
            self._write_benchmark()
        pool.ledger.files.put_down()
        self._close("", ("site_unreachable", "site_refused", "storage"))

    # guarding ---------------------------------------------------------------------------------

    def _guard(self, scale: str, step: Callable[[], None]) -> None:
        """Let one scale's fault end that scale, and one of the site this round."""
        try:
            step()
        except MTDataError as error:
            if scale and error.stops >= Reach.SITE:
                raise
            if error.stops >= Reach.PROCESS:
                raise
            self._codes.add(error.exit_code)
            self._report.faults.append(str(error))
            self._tell(error.incident or "storage", scale, str(error))

    def _tell(self, kind: str, scale: str, detail: str) -> None:
        where = f"{self._terms.name} {scale}".strip()
        level = {"critical": logging.CRITICAL, "error": logging.ERROR,
                 "warning": logging.WARNING}.get(KINDS[kind].level, logging.INFO)  # fmt: skip
        try:
            new = self._pool.ledger.diary.raise_incident(kind, scale, detail, self._pool.clock.now())
        finally:  # an incident that cannot be entered is told all the same
            log.log(level, "%s: %s: %s", where, KINDS[kind].title, detail)
        if new:
            log.info("%s: incident opened: %s", where, kind)

    def _close(self, scale: str, kinds: tuple[str, ...]) -> None:
        for kind in self._pool.ledger.diary.close_incidents(scale, kinds, self._pool.clock.now()):
            log.info("%s %s: incident closed: %s", self._terms.name, scale, kind)

    # before the site is asked -------------------------------------------------------------------

    def _settle_waiting(self) -> None:
        ledger, fingerprint = self._pool.ledger, self._pool.cipher.fingerprint()
        known = {scale.name: scale for scale in ledger.listing.scales()}
        for name in ledger.entries.scales_waiting(fingerprint):
            course = self._course(known[name])
            self._watch(f"{name}: waiting entries")
            settle(course, waiting(course))
            self._note(course)
        for snapshot in ledger.snapshots.unfinished(fingerprint):
            course = self._course(known[snapshot.scale])
            lay_out(course, snapshot)
            self._note(course)

    def _course(self, scale: Scale) -> Course:
        course = self._courses.get(scale.name)
        if course is None:
            holds = self._terms.holds_drift and scale.deleteable
            course = Course(scale, self._pool, self._pool.clock.now(), holds_drift=holds)
            self._courses[scale.name] = course
        course.scale = scale
        return course

    # the site ---------------------------------------------------------------------------------

    def _offered(self) -> list[Scale]:
        """The scales of the listing whose names may be used."""
        found: list[Scale] = []
        names: list[str] = []
        self._watch("listing")
        for item in self._site.listing():
            self._guard("", lambda item=item: names.append(checked_name(item.get("name"))))  # type: ignore[misc]
            if names and names[-1] == item.get("name"):
                found.append(scale_of(item))
        for name in twins(names):
            self._guard("", lambda name=name: _refuse_twin(name))  # type: ignore[misc]
        return [scale for scale in found if scale.name not in twins(names)]

    def _wanted(self, offered: list[Scale], wanted: str) -> list[Scale]:
        picked = chosen(offered, wanted)
        if not picked and wanted not in (".", "static", "all"):
            names = ", ".join(sorted(scale.name for scale in offered)) or "none"
            raise UsageError(f"{self._terms.name} offers no scale {wanted!r}; it offers: {names}")
        return picked

    def _scale(self, scale: Scale) -> None:
        course = self._course(scale)
        self._watch(scale.name)
        if scale.size or scale.deleteable:
            self._pool.ledger.listing.see(scale, course.at)
        try:
            if not scale.deleteable:
                if scale.size:
                    keep_snapshot(course, self._site)
            else:
                self._carry(course)
                self._delete(course)
            self._close(scale.name, ("package_broken", "storage"))
        finally:
            if scale.name not in self._asked:  # else it is noted once its deletes are proven
                self._note(course)

    def _carry(self, course: Course) -> None:
        try:
            if course.scale.size:
                carry(course, self._site)
            else:
                self._pool.ledger.listing.begin()
        except PackageError:
            settle(course, waiting(course))  # what came before the break is sound
            raise
        self._conclude(course)

    def _conclude(self, course: Course) -> None:
        listed = self._pool.ledger.listing.conclude(course.scale, course.at)
        course.tally.deleted += listed.gone
        if listed.vanished:
            course.told["listing_shrank"] = (
                f"{listed.vanished} entries (the lowest id {listed.lowest_vanished}) are no longer "
                "on the site though we asked for no delete; what we have is safe. Deletes of this "
                "scale stop until `mtdata incidents --close` says that somebody knows why"
            )

    def _delete(self, course: Course) -> None:
        ledger, name = self._pool.ledger, course.scale.name
        blocked = set(ledger.diary.blocked(name)) | (BLOCKING & set(course.told))
        if not self._terms.delete_mode or blocked:
            return
        sheet = Recalled(course)
        proven = verify(owed(course), sheet)
        for deleted in delete(course, self._site, proven, self._terms.delete_limit):
            self._asked[name] = course
            bad = [a for a in deleted.answers if a.outcome in (Outcome.FAILED, Outcome.REFUSED)]
            if bad:
                course.told["delete_failed"] = f"{len(bad)} deletes were not done: {bad[0].reason}"

    # after the deletes --------------------------------------------------------------------------

    def _prove_deletes(self) -> None:
        """One listing tells what is gone; a scale that is not empty is read once more."""
        if not self._asked:
            return
        self._watch("proving deletes")
        try:
            sizes = {item.get("name"): item.get("size") for item in self._site.listing()}
            for name, course in self._asked.items():
                self._guard(name, lambda c=course, n=name: self._prove(c, sizes.get(n)))  # type: ignore[misc]
        finally:
            for course in self._asked.values():
                self._note(course)

    def _prove(self, course: Course, size: object) -> None:
        listing = self._pool.ledger.listing
        listing.begin()
        if size != 0:
            with self._site.fetch(course.scale.name) as chunks:
                for batch in in_batches(entries(chunks)):
                    listing.note((entry.id, entry.digest) for entry in batch)
        self._conclude(course)
        left = listing.asked(course.scale.name)
        if left:
            course.told.setdefault("delete_failed", f"{left} deletes were asked, the rows are there still")

    # what is told -------------------------------------------------------------------------------

    def _note(self, course: Course) -> None:
        """Enter how the scale stands: numbers in the report, conditions as incidents."""
        ledger, name = self._pool.ledger, course.scale.name
        counts = ledger.entries.counts(name)
        last = None if course.scale.deleteable else ledger.snapshots.last(name)
        course.tally.held = counts.held + (last.malformed + (last.sealed or 0) if last else 0)
        course.tally.owed = counts.on_site if course.scale.deleteable else 0
        self._report.scales[name] = asdict(course.tally)
        told = course.told | self._conditions(course, last.malformed if last else 0, last.sealed if last else 0)
        for kind, detail in told.items():
            self._tell(kind, name, detail)
        course.told.clear()
        if course.newly_held or "delete_failed" in told:
            self._codes.add(1)
        course.newly_held = 0
        if {"sheet_changed", "raw_changed"} & set(told):
            self._codes.add(74)
        over = {*HELD.values(), "drift", "leftover", "delete_failed"} - set(told)
        self._close(name, tuple(over))
        self._keys.update(course.keys)
        self._unopened += course.unopened
        course.keys, course.unopened = Counter(), 0
        self._tell_of_set_aside(name)

    def _conditions(self, course: Course, malformed: int, sealed: int | None) -> dict[str, str]:
        ledger, name = self._pool.ledger, course.scale.name
        found = {
            HELD[kind]: f"{number} held, e.g. because: {reason}"
            for kind, (number, reason) in ledger.entries.held_kinds(name).items()
        }
        if malformed:
            found["entry_malformed"] = f"{malformed} entries of the newest snapshot are not in its sheet"
        if sealed:
            found["entry_sealed"] = f"{sealed} entries of the newest snapshot are not in its sheet"
        number, oldest, answer = ledger.listing.leftover(name)
        old = number - (0 if self._terms.delete_mode else course.tally.appended)
        if old > 0:
            said = f"; the site last said: {answer}" if answer else ""
            found["leftover"] = f"{old} entries are safe here and still there, the oldest {oldest}{said}"
        return found

    def _tell_of_set_aside(self, scale: str) -> None:
        for shelf, kind in ((self._pool.archive.shelf, "raw_changed"), (self._pool.sheets.shelf, "sheet_changed")):
            while shelf.set_aside:
                path = shelf.set_aside.pop()
                self._codes.add(74)
                self._tell(kind, scale, f"{path} is not as it was left; it stays as it is, and a new "
                           "part takes what comes. `mtdata verify` says what is wrong and mends it")  # fmt: skip

    def _tell_of_keys(self) -> None:
        names = self._pool.cipher.key_names()
        for name, fault in self._key_faults.items():
            self._tell("key_unreadable", "", f"{name}: {fault}")
        if not self._key_faults:
            self._close("", ("key_unreadable",))
        if self._unopened and not self._keys and names:
            self._tell("key_wrong", "", f"{', '.join(names)} opens none of {self._unopened} sealed "
                       "values; the entries are held. Put the right key into keys/")  # fmt: skip
        elif self._keys:
            self._close("", ("key_wrong",))

    def _write_benchmark(self) -> None:
        """The benchmark file as the ledger has it; scales of an older program's file stay in it."""
        disk = self._pool.disk
        size = disk.size(BENCHMARK)
        before = b"" if size is None else disk.read(BENCHMARK, 0, size)
        marks = self._pool.ledger.listing.benchmarks()
        text = benchmark_text(marks, _foreign(before, set(marks)))
        if marks and text != before:
            disk.replace(BENCHMARK, text)
            if size is None:
                self._tell("benchmark_created", "", f"{BENCHMARK}: {len(marks)} scales")


def scale_of(item: Mapping[str, Any]) -> Scale:
    """A line of the listing; what is odd is taken as the safe side: ask for it, never delete it."""
    size = item.get("size")
    known = type(size) is int and size >= 0
    return Scale(item["name"], size if known and size is not None else 1, item.get("deleteable") is True)


def _refuse_twin(name: str) -> None:
    raise NameRefused(f"the scale {name} has a name that another one has but for case; it is not asked for")


def _foreign(before: bytes, ours: set[str]) -> dict[str, object]:
    try:
        found = json.loads(before or b"{}")
    except ValueError:
        return {}
    return {k: v for k, v in found.items() if k not in ours} if isinstance(found, dict) else {}


def exit_code(codes: set[int]) -> int:
    """0 when all went well, the one code there is, 69/74/78 before 1, and 1 when several differ."""
    grave = codes - {0, 1}
    if len(grave) == 1:
        return grave.pop()
    return 1 if codes - {0} else 0


__all__ = ["Report", "Round", "SiteError", "Terms", "exit_code", "scale_of"]
