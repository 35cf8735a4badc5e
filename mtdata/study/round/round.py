"""One round of one site: what was left, what is new, what may go, and what became of it.

Order matters: unfinished files are mended and waiting entries become rows before the site is
asked for anything; deletes come last; a listing after them proves what is gone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from mtdata import logs
from mtdata.alerts.incident import BLOCKING
from mtdata.core.errors import MTDataError, NameRefused, PackageError, SiteError, UsageError
from mtdata.core.pool_files import BENCHMARK
from mtdata.study.from_ledger import LedgerSheet, owed, waiting
from mtdata.study.integrity.catch_up import CatchUp, Stand, tell_of_stand
from mtdata.study.model.benchmark import benchmark_text
from mtdata.study.model.package import entries, in_batches
from mtdata.study.model.receipt import Outcome, Verified
from mtdata.study.model.scale import Scale, chosen, offered
from mtdata.study.pending import lay_down, settle_waiting
from mtdata.study.pipeline import carry, delete, settle, verify
from mtdata.study.pool import Pool, ScaleRun, SiteTerms
from mtdata.study.ports import Site
from mtdata.study.replicas.copying import Copying
from mtdata.study.snapshots import keep_snapshot
from mtdata.study.status.forecasts import Forecasts
from mtdata.study.status.report import REPLICAS, RoundReport, RoundResult, summary

log = logging.getLogger(__name__)
SHOWN = 5
"""Names that are refused and told one by one."""


class Round:
    """One round of one site; `play` is the whole of it."""

    def __init__(
        self,
        terms: SiteTerms,
        pool: Pool,
        site: Site,
        key_faults: Mapping[str, str] | None = None,
        watch: Callable[[str], None] = lambda step: None,
        keep: Callable[..., None] = lambda *, changed: None,
    ) -> None:
        """`keep` lets the pool bear its identity: before the first delete, after a good round."""
        self._terms = terms
        self._pool = pool
        self._site = site
        self._watch, self._keep = watch, keep
        self._copying = Copying(pool)
        self._bulletin = RoundReport(terms.name, pool, key_faults or {})
        self._watcher = Forecasts(pool, terms, self._bulletin)
        self._found: dict[str, int | None] = {}
        self._courses: dict[str, ScaleRun] = {}
        self._asked: dict[str, ScaleRun] = {}
        self._may_ask = terms.delete_limit
        self._stand: Stand | None = None  # None until ledger and files are in step

    def play(self, wanted: str) -> RoundResult:
        """Carry home what `wanted` names; faults end in the report, an incident and a log line."""
        diary, clock = self._pool.ledger.diary, self._pool.clock
        number = diary.begin_run(f"export {self._terms.name} {wanted}", clock.now())
        with logs.at(site=self._terms.name, round=number):
            log.debug("a round begins: %s", wanted)
            self._bulletin.guard("", self._watcher.disk)
            self._bulletin.guard("", lambda: self._whole(wanted))
            self._bulletin.guard("", self._copy_the_rest)
            self._bulletin.guard("", self._keep_identity)
            report = self._bulletin.end()
            entered = report.exit
            diary.end_run(number, entered, report.shown(), clock.now(), self._found)
            self._bulletin.guard("", self._watcher.after_round)
            if self._bulletin.end().exit != entered:
                diary.end_run(number, report.exit, report.shown(), clock.now())
            log.log(*summary(report))
        return report

    def _whole(self, wanted: str) -> None:
        try:
            self._steps(wanted)
        except MTDataError:
            if self._stand is not None:  # else what is unfinished may be more than a round leaves
                lay_down(self._pool)
            raise

    def _catch_up(self) -> Stand:
        """Bring ledger and files into step; what cannot be stops its scale, or every delete."""
        self._stand = stand = CatchUp(self._pool, self._watch).play()
        tell_of_stand(self._bulletin, self._pool, stand)
        if stand.older:
            self._may_ask = 0
        return stand

    def _steps(self, wanted: str) -> None:
        pool = self._pool
        self._copying.begin()
        stand = self._catch_up()
        settle_waiting(pool, self._course, self._note, stand.holds_up)
        try:
            for scale in self._wanted(wanted):
                with logs.at(scale=scale.name):
                    self._bulletin.guard(scale.name, partial(self._scale, scale))
            self._prove_deletes()
        finally:
            self._bulletin.tell_of_keys()
            written = self._bulletin.guard("", self._write_benchmark)
        pool.ledger.files.put_down()
        over = ("site_unreachable", "site_refused", "package_broken")
        over = (*over, *(() if pool.replicas else REPLICAS))
        self._bulletin.close("", (*over, "storage") if written else over)

    def _course(self, scale: Scale) -> ScaleRun:
        course = self._courses.get(scale.name)
        if course is None:
            holds = self._terms.holds_drift and scale.deleteable
            course = ScaleRun(scale, self._pool, self._pool.clock.now(), holds_drift=holds)
            self._courses[scale.name] = course
        course.scale = scale
        return course

    def _note(self, course: ScaleRun) -> None:
        self._bulletin.note(course, delete_mode=self._terms.delete_mode)

    # what the site offers -----------------------------------------------------------------------

    def _wanted(self, word: str) -> list[Scale]:
        self._watch("listing")
        offered = self._offered(self._site.listing(), whole=word in (".", "all"))
        picked = chosen(offered, word)
        if not picked and word not in (".", "static", "all"):
            names = ", ".join(sorted(scale.name for scale in offered)) or "none"
            raise UsageError(f"{self._terms.name} offers no scale {word!r}; it offers: {names}")
        return picked

    def _offered(self, lines: list[Mapping[str, Any]], *, whole: bool) -> list[Scale]:
        """The scales of the listing whose names may be used."""
        found, faults = offered(lines)
        if faults:
            self._bulletin.guard("", partial(_refuse, faults))
        else:
            self._bulletin.close("", ("name_refused",))
        if whole:
            self._watcher.rows(sum(scale.size for scale in found.values() if scale.deleteable))
            self._look_for_lost({str(item.get("name")).casefold() for item in lines})
        return list(found.values())

    def _look_for_lost(self, names: set[str]) -> None:
        """A scale that the listing lacks shows none of its entries: that is told as any loss."""
        listing = self._pool.ledger.listing
        known = [scale for scale in listing.scales() if scale.deleteable]
        if known and not names:
            raise SiteError("the list of scales is empty, and it was not before")
        for scale in known:
            if scale.name.casefold() in names:
                continue
            listing.begin()
            if any(listing.missing(scale.name)):
                course = self._course(scale)
                self._conclude(course)
                self._note(course)

    # one scale ------------------------------------------------------------------------------------

    def _scale(self, scale: Scale) -> None:
        if self._stand and self._stand.holds_up(scale.name):
            return
        course = self._course(scale)
        self._watch(scale.name)
        self._found[scale.name] = scale.size
        if scale.size or scale.deleteable:
            self._pool.ledger.listing.see(scale)
        try:
            if scale.deleteable:
                self._carry(course)
                self._copying.put_missing(scale.name)
                self._delete(course)
            elif scale.size:
                keep_snapshot(course, self._site)
            self._bulletin.close(scale.name, ("package_broken", "storage"))
            self._found[scale.name] = None
        finally:
            if scale.name not in self._asked:  # else it is noted once its deletes are proven
                self._note(course)

    def _carry(self, course: ScaleRun) -> None:
        try:
            if course.scale.size:
                carry(course, self._site)
            else:
                self._pool.ledger.listing.begin()
        except PackageError:
            settle(course, waiting(course))  # what came before the break is sound
            raise
        self._conclude(course)

    def _conclude(self, course: ScaleRun) -> None:
        """Enter what the listing proves; what alarms is told first, so that no crash hides it."""
        listing, name = self._pool.ledger.listing, course.scale.name
        listed = listing.missing(name)
        course.tally.deleted += listed.gone
        if listed.vanished:
            self._bulletin.tell(
                "listing_shrank",
                name,
                f"{listed.vanished} entries (the lowest id {listed.lowest_vanished}) are no longer "
                "on the site though we asked for no delete; what we have is safe. Deletes of this "
                "scale stop until somebody knows why: `mtdata incidents SITE --close NUMBER`",
            )
        listing.conclude(name, course.at)

    def _delete(self, course: ScaleRun) -> None:
        if (
            not (self._terms.delete_mode and self._may_ask)
            or self._copying.hinders
            or self._pool.evidence.against(course.scale.name)
            or BLOCKING & set(course.told)
        ):
            return
        proven = verify(owed(course), LedgerSheet(course, self._copying))
        before = self._may_ask
        for deleted in delete(course, self._site, self._kept(proven), self._may_ask):
            self._asked[course.scale.name] = course
            self._may_ask -= len(deleted.answers)
            bad = [a for a in deleted.answers if a.outcome in (Outcome.FAILED, Outcome.REFUSED)]
            if bad:
                course.told["delete_failed"] = f"{len(bad)} deletes were not done: {bad[0].reason}"
        if before > self._may_ask:
            log.info("%d deletes were asked", before - self._may_ask)

    def _kept(self, proven: Iterator[Verified]) -> Iterator[Verified]:
        """The same; an older copy of the pool has to be known as one before a row is gone."""
        for verified in proven:
            if verified.deletable:
                self._keep(changed=True)
            yield verified

    # after the deletes ----------------------------------------------------------------------------

    def _prove_deletes(self) -> None:
        """One listing tells what is gone; a scale that is not empty is read once more."""
        if not self._asked:
            return
        self._watch("proving deletes")
        try:
            found, _ = offered(self._site.listing())
            for name, course in self._asked.items():
                with logs.at(scale=name):
                    self._bulletin.guard(name, partial(self._prove, course, found.get(name)))
        finally:
            for course in self._asked.values():
                self._note(course)

    def _prove(self, course: ScaleRun, scale: Scale | None) -> None:
        listing, name = self._pool.ledger.listing, course.scale.name
        listing.begin()
        if scale is None or scale.size:
            with self._site.fetch(name) as chunks:
                for batch in in_batches(entries(chunks)):
                    listing.note((entry.id, entry.digest) for entry in batch)
        self._conclude(course)
        if left := listing.asked(name):
            said = f"{left} deletes were asked, and the rows are there still"
            course.told.setdefault("delete_failed", said)

    def _copy_the_rest(self) -> None:
        """Copies of what no scale of this round called for, though the site may be down."""
        if self._pool.replicas:
            self._watch("copying")
            self._copying.put_missing()
            self._bulletin.tell_of_replicas(self._copying.faults(), self._copying.damaged)

    def _keep_identity(self) -> None:
        report = self._bulletin.end()
        changed = any(did["fresh"] or did["appended"] for did in report.scales.values())
        if changed or report.exit in (0, 1):
            self._keep(changed=changed)

    def _write_benchmark(self) -> None:
        """The benchmark file as the ledger has it; scales of an older program's file stay in it."""
        disk, marks = self._pool.disk, self._pool.ledger.listing.benchmarks()
        size = disk.size(BENCHMARK)
        before = b"" if size is None else disk.read(BENCHMARK, 0, size)
        text = benchmark_text(marks, before)
        if marks and text != before:
            disk.replace(BENCHMARK, text)
            if size is None:
                self._bulletin.tell("benchmark_created", "", f"{BENCHMARK}: {len(marks)} scales")


def _refuse(faults: list[str]) -> None:
    """All in one: a listing of a hundred thousand odd names is one incident, told once."""
    more = len(faults) - SHOWN
    raise NameRefused(" · ".join(faults[:SHOWN]) + (f" · and {more} more" if more > 0 else ""))
