"""One day of a site's logs into its Matomo: what is new of them, then what follows on that.

It goes down once: list, take, send, archive, compare, push; each step is in the ledger, and a
second run does what is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from mtdata.config import Settings
from mtdata.config.weblogs import WeblogSite
from mtdata.core.clock import SystemClock
from mtdata.core.cores import cores
from mtdata.core.exit_codes import exit_code
from mtdata.core.step import Step, Watch, unwatched
from mtdata.core.stop import StopToken
from mtdata.weblogs.days import of_day, prefixes
from mtdata.weblogs.feed import ReadBlock, ReadEnd
from mtdata.weblogs.importer import Importer, probe
from mtdata.weblogs.ledger import Fence, WeblogLedger
from mtdata.weblogs.ledger.lines import LineSet
from mtdata.weblogs.ledger.logs import LogIdentity, new_log
from mtdata.weblogs.ledger.schema import LogState
from mtdata.weblogs.ledger.summary import DaySummary, day_summary
from mtdata.weblogs.operations import opening
from mtdata.weblogs.operations.after_import import AfterImport, after_import
from mtdata.weblogs.operations.put_back import refuse_put_back
from mtdata.weblogs.operations.troubles import SiteTroubles
from mtdata.weblogs.parsing import ParsePool
from mtdata.weblogs.reader import Hits
from mtdata.weblogs.reading import LogReading, LogToRead
from mtdata.weblogs.rules import Rules
from mtdata.weblogs.sites import limits_of, source_of
from mtdata.weblogs.source import LogObject, LogSource

MOST_WORKERS, WORTH_WORKERS = 8, 256 << 10
MOST_NAMED = 3
Samples = dict[str, list[tuple[int, str]]]


@dataclass(frozen=True, slots=True)
class Wishes:
    """How an import is asked for."""

    keys: frozenset[str] = frozenset()
    """Logs of that day alone, by their keys; none: all of them."""
    explain: int = 0
    stop: StopToken = field(default_factory=StopToken)
    watch: Watch = unwatched
    fence: Fence = nullcontext
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class DayDone:
    """What an import of a day came to; `faults` are those of the steps behind the sending."""

    summary: DaySummary
    listed: tuple[LogObject, ...]
    samples: Samples
    after: AfterImport

    @property
    def is_well(self) -> bool:
        """Whether every line of every log that is listed is where it belongs."""
        known = {one.log.identity[:2] for one in self.summary.logs}
        is_known = all((one.bucket, one.key) in known for one in self.listed)
        return self.summary.is_well and is_known and self.after.is_well

    @property
    def reason(self) -> str:
        """Why it is not well, in words; '' where it is."""
        if self.is_well:
            return ""
        total = self.summary.total
        doubtful, invalid = total("quarantined"), total("invalid")
        words = [str(fault) for fault in self.after.faults]
        words += [
            f"{one.log.identity.key}: {one.log.reason or one.log.state}"
            for one in self.summary.logs
            if one.log.state is not LogState.DONE
        ][:MOST_NAMED]
        if doubtful:
            words.append(f"{doubtful:,} hits in doubt, see `mtdata weblogs quarantine`")
        if invalid:
            words.append(f"{invalid:,} hits that Matomo calls invalid")
        if not all(one.is_well for one in self.after.compared):
            words.append("Matomo's reports count otherwise, see `mtdata weblogs reconcile`")
        return "; ".join(words) or "some of its lines were not sent"

    @property
    def exit(self) -> int:
        """The exit code: that of the worst fault, 1 where something is not well."""
        codes = {fault.exit_code for fault in self.after.faults}
        return exit_code(codes | {0 if self.is_well else 1})


def listed_of_day(source: LogSource, site: WeblogSite, day: date) -> list[LogObject]:
    """The logs of that day, each once, by key.  LogSourceError when they cannot be listed."""
    found: dict[str, LogObject] = {}
    for prefix in prefixes(site, day):
        found |= {one.key: one for one in of_day(site, day, source.listing(prefix))}
    return [found[key] for key in sorted(found)]


def import_day(settings: Settings, site: WeblogSite, day: date, wishes: Wishes) -> DayDone:
    """Import what is new of the day's logs, then archive, compare and push.

    LogSourceError when they cannot be had, TrackingError when Matomo does not take them; Stopped,
    BusyError and Fenced as of `Importer.run`.  Whatever ends it, the ledger knows how far it is.
    """
    samples: Samples = {}
    with _opened(settings, site, day, wishes) as (source, ledger):
        listed = listed_of_day(source, site, day)
        if due := _due(ledger, _wanted(listed, wishes)):
            _send(site, source, ledger, day, due, wishes, samples)
        summary = day_summary(ledger.database, ledger.logs, day)
        after = after_import(settings, site, source, ledger, listed, summary, wishes.stop)
        SiteTroubles(ledger, day).judge(summary, after.compared)
        return DayDone(summary, tuple(listed), samples, after)


def send_logs(
    settings: Settings,
    site: WeblogSite,
    day: date,
    logs: Callable[[str], bool],
    wishes: Wishes,
) -> int:
    """Send what is new of the day's logs with such keys, and do nothing behind it.

    How many logs there were of which something was due; raises as `import_day`.
    """
    with _opened(settings, site, day, wishes) as (source, ledger):
        ours = [one for one in listed_of_day(source, site, day) if logs(one.key)]
        if due := _due(ledger, ours):
            _send(site, source, ledger, day, due, wishes, {})
        return len(due)


@contextmanager
def _opened(
    settings: Settings, site: WeblogSite, day: date, wishes: Wishes
) -> Iterator[tuple[LogSource, WeblogLedger]]:
    """Source and ledger of a site; what ends the import is an incident of it."""
    with (
        source_of(site) as source,
        opening.opened_ledger(settings, site.domain, wishes.fence) as ledger,
        SiteTroubles(ledger, day).noted(),
    ):
        refuse_put_back(ledger.incidents, site.domain)
        yield source, ledger


class Tried(NamedTuple):
    """What an import would send, and what it would leave out."""

    lines: int
    hits: int
    skipped: Mapping[str, int]
    samples: Samples
    files: int
    broken: Mapping[str, str]  # logs that cannot be read to their end, and why


def try_day(site: WeblogSite, day: date, wishes: Wishes) -> Tried:
    """Read the day's logs and send nothing; neither the ledger nor Matomo is asked.

    LogSourceError when the logs cannot be had, Stopped when asked to end.
    """
    skipped: Counter[str] = Counter()
    samples: Samples = {}
    broken: dict[str, str] = {}
    hits = 0
    with source_of(site) as source:
        listed = _wanted(listed_of_day(source, site, day), wishes)
        logs = [
            LogToRead(new_log(number, _identity(one), day), one, LineSet())
            for number, one in enumerate(listed)
        ]
        rules = opening.rules_of(site, None, wishes.explain)
        with closing(ParsePool(rules, _workers(wishes, listed))) as parser:
            reading = _reading(source, site, rules, parser, samples)
            for event in reading.feed(logs):
                wishes.stop.check()
                if isinstance(event, ReadBlock):
                    hits += len(event.hits.requests)
                    skipped.update(event.skipped)
                    wishes.watch(Step("lines", rows=hits + sum(skipped.values())))
                elif isinstance(event, ReadEnd) and event.state is not LogState.DONE:
                    broken[listed[event.log].key] = event.reason
    lines = hits + sum(skipped.values())
    return Tried(lines, hits, dict(skipped), samples, len(listed), broken)


def _wanted(listed: Sequence[LogObject], wishes: Wishes) -> list[LogObject]:
    return [one for one in listed if not wishes.keys or one.key in wishes.keys]


def _identity(listed: LogObject) -> LogIdentity:
    return LogIdentity(listed.bucket, listed.key, listed.etag, listed.size, listed.modified)


def _due(ledger: WeblogLedger, listed: Sequence[LogObject]) -> list[LogObject]:
    """The logs of which there may be more than the ledger has."""
    due = []
    unsettled = ledger.batches.unsettled_logs()
    for one in listed:
        known = ledger.logs.find(one.bucket, one.key)
        is_whole = known is not None and known.is_whole(_identity(one))
        if known is None or not is_whole or known.number in unsettled:
            due.append(one)
    return due


def _send(
    site: WeblogSite,
    source: LogSource,
    ledger: WeblogLedger,
    day: date,
    due: Sequence[LogObject],
    wishes: Wishes,
    samples: Samples,
) -> None:
    known = opening.asked_exclusions(site)
    rules = opening.rules_of(site, known, wishes.explain)
    terms = opening.terms_of(site, known.facts.zone)
    probe(terms)
    taken = ledger.take([(_identity(one), day) for one in due], SystemClock().now())
    logs = [
        LogToRead(log, one, ledger.logs.lines_taken(log))
        for log, one in zip(taken, due, strict=True)
    ]

    def watch(hits: int) -> None:
        wishes.watch(Step("hits", rows=hits, doing="reading"))

    with closing(ParsePool(rules, _workers(wishes, due))) as parser:
        reading = _reading(source, site, rules, parser, samples)
        Importer(ledger, terms, wishes.stop, watch).run(reading.feed(logs))
    SiteTroubles(ledger, day).reached()


def _workers(wishes: Wishes, logs: Sequence[LogObject]) -> int:
    """Processes that read: none for what is read before they have begun."""
    if wishes.workers is not None:
        return wishes.workers
    return min(cores(), MOST_WORKERS) if sum(one.size for one in logs) > WORTH_WORKERS else 0


def _reading(
    source: LogSource, site: WeblogSite, rules: Rules, parser: ParsePool, samples: Samples
) -> LogReading:
    def keep_samples(log: int, hits: Hits) -> None:
        for reason, some in hits.samples.items():
            known = samples.setdefault(reason, [])
            known += some[: max(0, rules.explain - len(known))]

    return LogReading(source, rules, parser, limits_of(site), keep_samples)
