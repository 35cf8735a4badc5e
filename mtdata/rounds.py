"""One round of one site: what was left, what is new, what may go, and what became of it.

Order matters: unfinished files are mended and waiting entries become rows before the site is
asked for anything; deletes come last; a listing after them proves what is gone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from mtdata.bulletin import Bulletin, Report
from mtdata.course import Course, Pool
from mtdata.domain.benchmark import benchmark_text
from mtdata.domain.incident import BLOCKING
from mtdata.domain.package import entries, in_batches
from mtdata.domain.receipt import Outcome
from mtdata.domain.scale import Scale, checked_name, chosen, twins
from mtdata.errors import NameRefused, PackageError, SiteError, UsageError
from mtdata.pipeline import carry, delete, settle, verify
from mtdata.ports import Site
from mtdata.recall import Recalled, owed, waiting
from mtdata.settling import settle_waiting
from mtdata.snapshots import keep_snapshot

BENCHMARK = "active_data/benchMark.json"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the config says of a site's rounds."""

    name: str
    delete_mode: bool = False
    delete_limit: int = 20_000
    holds_drift: bool = False


class Round:
    """One round of one site; `play` is the whole of it."""

    def __init__(
        self,
        terms: Terms,
        pool: Pool,
        site: Site,
        key_faults: Mapping[str, str] | None = None,
        watch: Callable[[str], None] = lambda step: None,
    ) -> None:
        self._terms = terms
        self._pool = pool
        self._site = site
        self._watch = watch
        self._bulletin = Bulletin(terms.name, pool, key_faults or {})
        self._courses: dict[str, Course] = {}
        self._asked: dict[str, Course] = {}
        self._may_ask = terms.delete_limit

    def play(self, wanted: str) -> Report:
        """Carry home what `wanted` names; faults end in the report, an incident and a log line."""
        diary, clock = self._pool.ledger.diary, self._pool.clock
        number = diary.begin_run(f"export {self._terms.name} {wanted}", clock.now())
        self._bulletin.guard("", lambda: self._steps(wanted))
        report = self._bulletin.end()
        diary.end_run(number, report.exit, report.shown(), clock.now())
        return report

    def _steps(self, wanted: str) -> None:
        pool = self._pool
        pool.archive.recover()
        pool.sheets.recover()
        settle_waiting(pool, self._course, self._note)
        try:
            for scale in self._wanted(wanted):
                self._bulletin.guard(scale.name, partial(self._scale, scale))
            self._prove_deletes()
        except (SiteError, UsageError):  # nothing is half written: what follows is not ours
            pool.ledger.files.put_down()
            raise
        finally:
            self._bulletin.tell_of_keys()
            written = self._bulletin.guard("", self._write_benchmark)
        pool.ledger.files.put_down()
        over = ("site_unreachable", "site_refused", "package_broken")
        self._bulletin.close("", (*over, "storage") if written else over)

    def _course(self, scale: Scale) -> Course:
        course = self._courses.get(scale.name)
        if course is None:
            holds = self._terms.holds_drift and scale.deleteable
            course = Course(scale, self._pool, self._pool.clock.now(), holds_drift=holds)
            self._courses[scale.name] = course
        course.scale = scale
        return course

    def _note(self, course: Course) -> None:
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
        found: dict[str, Scale] = {}

        def take(item: Mapping[str, Any]) -> None:
            name, scale = checked_name(item.get("name")), scale_of(item)
            found[name] = _both(found.get(name, scale), scale)

        taken = [self._bulletin.guard("", partial(take, item)) for item in lines]
        refused = twins(list(found))
        for name in sorted(refused):
            self._bulletin.guard("", partial(_refuse_twin, name))
        if all(taken) and not refused:
            self._bulletin.close("", ("name_refused",))
        if whole:
            self._look_for_lost({str(item.get("name")).casefold() for item in lines})
        return [scale for scale in found.values() if scale.name not in refused]

    def _look_for_lost(self, offered: set[str]) -> None:
        """A scale that the listing lacks shows none of its entries: that is told as any loss."""
        listing = self._pool.ledger.listing
        known = [scale for scale in listing.scales() if scale.deleteable]
        if known and not offered:
            raise SiteError("the list of scales is empty, and it was not before")
        for scale in known:
            if scale.name.casefold() in offered:
                continue
            listing.begin()
            if any(listing.missing(scale.name)):
                course = self._course(scale)
                self._conclude(course)
                self._note(course)

    # one scale ------------------------------------------------------------------------------------

    def _scale(self, scale: Scale) -> None:
        course = self._course(scale)
        self._watch(scale.name)
        if scale.size or scale.deleteable:
            self._pool.ledger.listing.see(scale, course.at)
        try:
            if scale.deleteable:
                self._carry(course)
                self._delete(course)
            elif scale.size:
                keep_snapshot(course, self._site)
            self._bulletin.close(scale.name, ("package_broken", "storage"))
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

    def _delete(self, course: Course) -> None:
        blocked = self._pool.ledger.diary.blocked(course.scale.name)
        if (
            not (self._terms.delete_mode and self._may_ask)
            or blocked
            or BLOCKING & set(course.told)
        ):
            return
        proven = verify(owed(course), Recalled(course))
        for deleted in delete(course, self._site, proven, self._may_ask):
            self._asked[course.scale.name] = course
            self._may_ask -= len(deleted.answers)
            bad = [a for a in deleted.answers if a.outcome in (Outcome.FAILED, Outcome.REFUSED)]
            if bad:
                course.told["delete_failed"] = f"{len(bad)} deletes were not done: {bad[0].reason}"

    # after the deletes ----------------------------------------------------------------------------

    def _prove_deletes(self) -> None:
        """One listing tells what is gone; a scale that is not empty is read once more."""
        if not self._asked:
            return
        self._watch("proving deletes")
        try:
            scales = [scale_of(item) for item in self._site.listing()]
            left = {scale.name for scale in scales if scale.size}
            empty = {scale.name for scale in scales} - left
            for name, course in self._asked.items():
                step = partial(self._prove, course, is_empty=name in empty)
                self._bulletin.guard(name, step)
        finally:
            for course in self._asked.values():
                self._note(course)

    def _prove(self, course: Course, *, is_empty: bool) -> None:
        listing, name = self._pool.ledger.listing, course.scale.name
        listing.begin()
        if not is_empty:
            with self._site.fetch(name) as chunks:
                for batch in in_batches(entries(chunks)):
                    listing.note((entry.id, entry.digest) for entry in batch)
        self._conclude(course)
        if left := listing.asked(name):
            said = f"{left} deletes were asked, and the rows are there still"
            course.told.setdefault("delete_failed", said)

    def _write_benchmark(self) -> None:
        """The benchmark file as the ledger has it; scales of an older program's file stay in it."""
        disk, marks = self._pool.disk, self._pool.ledger.listing.benchmarks()
        size = disk.size(BENCHMARK)
        before = b"" if size is None else disk.read(BENCHMARK, 0, size)
        text = benchmark_text(marks, _foreign(before, set(marks)))
        if marks and text != before:
            disk.replace(BENCHMARK, text)
            if size is None:
                self._bulletin.tell("benchmark_created", "", f"{BENCHMARK}: {len(marks)} scales")


def scale_of(item: Mapping[str, Any]) -> Scale:
    """A line of the listing; what is odd is taken on the safe side: asked for, never deleted."""
    size = item.get("size")
    rows = size if type(size) is int and size >= 0 else 1
    return Scale(str(item.get("name")), rows, item.get("deleteable") is True)


def _both(one: Scale, other: Scale) -> Scale:
    """A scale that is listed twice: what may be there is asked for, what may have to stay stays."""
    return Scale(
        one.name, max(one.size, other.size), deleteable=one.deleteable and other.deleteable
    )


def _refuse_twin(name: str) -> None:
    raise NameRefused(f"the scale {name} differs from another by case alone; it is not asked for")


def _foreign(before: bytes, ours: set[str]) -> dict[str, object]:
    try:
        found = json.loads(before or b"{}")
    except ValueError:
        return {}
    return {k: v for k, v in found.items() if k not in ours} if isinstance(found, dict) else {}
