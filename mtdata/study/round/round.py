"""One round of one site: what was left, what is new, what may go, and what became of it.

Order matters: unfinished files are mended and waiting entries become rows before the site is
asked for anything; deletes of a scale come after its rows are verified; a listing after all of
them proves what is gone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from mtdata import logs
from mtdata.config import SiteConfig
from mtdata.core.errors import MTDataError, PackageError, SiteError, UsageError
from mtdata.core.step import Step, Watch, unwatched
from mtdata.core.words import counted
from mtdata.study.from_ledger import waiting
from mtdata.study.model.package import entries, in_batches
from mtdata.study.model.scale import Scale, chosen, offered, refuse_names
from mtdata.study.pending import make_waiting_rows, release_files
from mtdata.study.pipeline import carry, make_rows
from mtdata.study.pool import Pool
from mtdata.study.ports import Site
from mtdata.study.replicas.copying import Copying
from mtdata.study.round.at_rest import at_rest
from mtdata.study.round.benchmark_file import write_benchmark
from mtdata.study.round.deletes import RoundDeletes
from mtdata.study.round.round_files import FilesInStep, RoundFiles
from mtdata.study.round.schedule import keep_schedule
from mtdata.study.scale_report import ScaleReport
from mtdata.study.snapshots import keep_snapshot
from mtdata.study.status.forecasts import Forecasts
from mtdata.study.status.report import OF_SITE, REPLICAS, STORAGE, RoundReport
from mtdata.study.status.result import RoundResult, summary

log = logging.getLogger(__name__)
WHOLE = (".", "all")
"""What is wanted of a round that looks at every scale that leaves the site."""


class Round:
    """One round of one site; `play` is the whole of it."""

    def __init__(
        self,
        config: SiteConfig,
        pool: Pool,
        site: Site,
        key_faults: Mapping[str, str] | None = None,
        watch: Watch = unwatched,
        keep: Callable[..., None] = lambda *, changed: None,
        in_step: FilesInStep | None = None,
    ) -> None:
        """`keep` lets the pool bear its identity: before the first delete, after a good round.

        `in_step`: see round_files.py.
        """
        self._config, self._pool, self._site = config, pool, site
        self._watch, self._keep = watch, keep
        self._copying = Copying(pool)
        self._sizes: dict[str, int | None] = {}  # rows the site has; None once carried home
        self._report = RoundReport(config.name, pool, key_faults or {}, self._sizes)
        self._forecasts = Forecasts(pool, config, self._report)
        self._scales: dict[str, ScaleReport] = {}
        self._deletes = RoundDeletes(
            config, pool, site, self._copying, self._report, self._note, keep
        )
        self._number, self._count = 0, 0  # which of the wanted scales is in hand, of how many
        self._files = RoundFiles(pool, self._report, self._deletes, watch, in_step)

    def play(self, wanted: str) -> RoundResult:
        """Carry home what `wanted` names; faults end in the report, an incident and a log line."""
        runs, clock = self._pool.ledger.runs, self._pool.clock
        number = runs.begin_run(f"export {self._config.name} {wanted}", clock.now())
        with logs.at(site=self._config.name, round=number):
            log.debug("a round begins: %s", wanted)
            tell, mode = self._report.tell_of_last_round, self._config.delete_mode
            self._report.guard("", partial(tell, number, delete_mode=mode))
            self._report.guard("", self._forecasts.disk)
            self._report.guard("", lambda: self._take_steps(wanted))
            self._report.guard("", self._copy_the_rest)
            self._report.guard("", self._keep_identity)
            entered = (result := self._report.end()).exit
            runs.end_run(number, entered, result.as_entered(), clock.now(), self._sizes)
            looked = wanted in WHOLE and result.is_idle
            self._report.guard("", partial(self._forecasts.after_round, looked=looked))
            if self._report.end().exit != entered:
                runs.end_run(number, result.exit, result.as_entered(), clock.now())
            log.log(*summary(result))
        return result

    def _take_steps(self, wanted: str) -> None:
        """All that is wanted; whatever fault ends it, no file stays in hand."""
        try:
            self._steps(wanted)
        except MTDataError:
            if self._files.are_looked_at:  # else what is unfinished may be more than a round leaves
                release_files(self._pool)
            raise

    def _steps(self, wanted: str) -> None:
        pool = self._pool
        self._copying.begin()
        self._files.begin()
        note_before = partial(self._note, is_before=True)
        make_waiting_rows(pool, self._begin_report, note_before, self._files.hold_up)
        try:
            scales = self._wanted(wanted)
            self._count = len(scales)
            self._collect_all(scales)
            self._prove_deletes()
        finally:
            self._report.guard("", self._note_deletes)
            self._report.tell_of_keys()
            written = self._report.guard("", partial(write_benchmark, pool, self._report))
        pool.ledger.files.release_all()
        over = (*OF_SITE, *(() if pool.replicas else REPLICAS), *(STORAGE if written else ()))
        self._report.close("", over)
        if wanted in ("static", "all"):
            self._watch(Step("schedule"))
            keep_schedule(pool, self._site)

    def _begin_report(self, scale: Scale) -> ScaleReport:
        if scale.name not in self._scales:
            begun = ScaleReport.begin(self._pool, scale, drift_holds=self._config.holds_drift)
            self._scales[scale.name] = replace(begun, heard=self._tell_step)
        report = self._scales[scale.name]
        report.run = replace(report.run, scale=scale)
        return report

    def _tell_step(self, report: ScaleReport) -> None:
        scale, ever = report.run.scale, sum(one.received for one in self._scales.values())
        far = report.received, scale.size, ever, "receiving", report.came
        self._watch(Step(scale.name, self._number, self._count, *far))

    def _note(self, report: ScaleReport, *, is_before: bool = False) -> None:
        """Enter how a scale stands; `is_before`: this round may still delete of it, or prove it."""
        delete_mode = None if is_before else self._config.delete_mode
        self._report.note(report, delete_mode=delete_mode)

    # what the site offers -----------------------------------------------------------------------

    def _wanted(self, word: str) -> list[Scale]:
        self._watch(Step("listing"))
        offered = self._offered(self._site.listing(), whole=word in WHOLE)
        picked = chosen(offered, word)
        if not picked and word not in (*WHOLE, "static"):
            names = ", ".join(sorted(scale.name for scale in offered)) or "none"
            raise UsageError(f"{self._config.name} offers no scale {word!r}; it offers: {names}")
        return picked

    def _offered(self, lines: list[Mapping[str, Any]], *, whole: bool) -> list[Scale]:
        found, faults = offered(lines)
        if faults:
            self._report.guard("", partial(refuse_names, faults))
        else:
            self._report.close("", ("name_refused",))
        if whole:
            self._forecasts.rows(sum(scale.size for scale in found.values() if scale.deleteable))
            self._look_for_lost({str(item.get("name")).casefold() for item in lines})
        return list(found.values())

    def _look_for_lost(self, names: set[str]) -> None:
        """A scale that the listing lacks shows none of its entries: that is told as any loss."""
        listing = self._pool.ledger.listing
        known = [scale for scale in listing.scales() if scale.deleteable]
        if known and not names:
            raise SiteError("the list of scales is empty, and it was not before")
        for scale in (one for one in known if one.name.casefold() not in names):
            listing.begin()
            if any(listing.missing(scale.name)):
                self._files.look()
                report = self._begin_report(scale)
                self._conclude(report)
                self._note(report)

    # one scale ------------------------------------------------------------------------------------

    def _collect_all(self, scales: list[Scale]) -> None:
        quiet = at_rest(self._pool, besides=self._scales)
        if not quiet.issuperset(scales):
            self._files.look()
        try:
            for self._number, scale in enumerate(scales, 1):
                if scale in quiet:
                    self._pass_by(scale)
                    continue
                with logs.at(scale=scale.name):
                    self._report.guard(scale.name, partial(self._collect, scale))
            self._report.refuse_outage(sum(scale.size > 0 for scale in scales))
        except SiteError:  # a scale that the site never gives must not keep those before it there
            self._deletes.finish()
            raise
        self._deletes.finish()

    def _pass_by(self, scale: Scale) -> None:
        """Enter in the report that a scale at rest was looked at."""
        ever = sum(one.received for one in self._scales.values())
        self._watch(Step(scale.name, self._number, self._count, ever=ever, doing="receiving"))
        self._sizes[scale.name] = None
        self._report.pass_by(scale.name)

    def _collect(self, scale: Scale) -> None:
        if self._files.hold_up(scale.name):
            return
        report = self._begin_report(scale)
        self._tell_step(report)
        self._sizes[scale.name] = scale.size
        if scale.size or scale.deleteable:
            self._pool.ledger.listing.see(scale)
        try:
            if scale.deleteable:
                self._carry(report)
                self._copying.put_missing(scale.name)
                self._deletes.begin(report)
            elif scale.size:
                self._deletes.finish()
                keep_snapshot(report, self._site)
            self._report.close(scale.name, ("package_broken", *STORAGE))
            self._sizes[scale.name] = None
        finally:
            if not self._deletes.takes_care_of(report):
                self._note(report)

    def _carry(self, report: ScaleReport) -> None:
        try:
            if report.run.scale.size:
                carry(report, self._site, self._deletes.turn)
            else:
                self._pool.ledger.listing.begin()
        except PackageError:
            make_rows(report, waiting(report.run))  # what came before the break is sound
            raise
        self._conclude(report)

    def _conclude(self, report: ScaleReport) -> None:
        """Enter what the listing proves; what alarms is told first, so that no crash hides it."""
        listing, name = self._pool.ledger.listing, report.run.scale.name
        listed = listing.missing(name)
        report.deleted += listed.gone
        if listed.vanished:
            self._report.tell(
                "listing_shrank",
                name,
                f"{listed.vanished} entries (the lowest id {listed.lowest_vanished}) are no longer "
                "on the site though we asked for no delete; what we have is safe. Deletes of this "
                "scale stop until somebody knows why: `mtdata incidents SITE --close NUMBER`",
            )
        listing.conclude(name, report.run.at)

    # after the deletes ----------------------------------------------------------------------------

    def _prove_deletes(self) -> None:
        """One listing tells what is gone; a scale that is not empty is read once more."""
        if not self._deletes.asked:
            return
        self._watch(Step("proving deletes"))
        left, _ = offered(self._site.listing())
        for name, report in self._deletes.asked.items():
            with logs.at(scale=name):
                if self._report.guard(name, partial(self._prove, report, left.get(name))):
                    self._deletes.proven.add(name)

    def _note_deletes(self) -> None:
        """Enter how the scales stand whose deletes were begun, whatever ended the round."""
        for report in self._deletes.reports():
            self._note(report, is_before=self._deletes.is_unproven(report))

    def _prove(self, report: ScaleReport, scale: Scale | None) -> None:
        listing, name = self._pool.ledger.listing, report.run.scale.name
        before = report.deleted
        listing.begin()
        if scale is None or scale.size:
            with self._site.fetch(name) as chunks:
                for batch in in_batches(entries(chunks)):
                    listing.note((entry.id, entry.digest) for entry in batch)
                    self._pool.ledger.erased.note(name, batch)
        self._conclude(report)
        log.info("%d deleted and proven gone", report.deleted - before)
        if left := listing.unproven_deletes(name):
            rows = "the row is" if left == 1 else "the rows are"
            detail = f"{counted(left, 'delete was', 'deletes were')} asked, and {rows} there still"
            report.notices.setdefault("delete_failed", detail)

    def _copy_the_rest(self) -> None:
        """Copies of what no scale of this round called for, though the site may be down."""
        if self._pool.replicas:
            self._watch(Step("copying"))
            self._copying.put_missing()
            self._report.tell_of_replicas(self._copying.faults(), self._copying.damaged)

    def _keep_identity(self) -> None:
        result = self._report.end()
        changed = any(did["fresh"] or did["appended"] for did in result.scales.values())
        if changed or result.exit in (0, 1):
            self._keep(changed=changed)
