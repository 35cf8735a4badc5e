"""The deletes of one round: those of one scale go out while the next is made; it proves nothing.

All in one thread, a batch at a time, between two batches of the other scale: the ledger has one
writer, and evidence of damage that either scale meets stands before the next delete is asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial

from mtdata import logs
from mtdata.alerts.incident import BLOCKING
from mtdata.config import SiteConfig
from mtdata.core.words import counted
from mtdata.study.from_ledger import provable
from mtdata.study.model.receipt import Deleted, Verified
from mtdata.study.pipeline import delete
from mtdata.study.pool import Pool
from mtdata.study.ports import Site
from mtdata.study.replicas.copying import Copying
from mtdata.study.scale_report import ScaleReport
from mtdata.study.status.report import RoundReport

log = logging.getLogger(__name__)


class RoundDeletes:
    """At most one scale has deletes left at any time, so that none waits longer than one scale."""

    def __init__(
        self,
        config: SiteConfig,
        pool: Pool,
        site: Site,
        copying: Copying,
        report: RoundReport,
        note: Callable[[ScaleReport], None],
        keep: Callable[..., None],
    ) -> None:
        """`note` enters how a scale stands that nothing was asked of; `keep` as in Round."""
        self._config, self._pool, self._site, self._copying = config, pool, site, copying
        self._report, self._note, self._keep = report, note, keep
        self.may_ask = config.delete_limit
        self.asked: dict[str, ScaleReport] = {}  # to be noted once the deletes are proven
        self.proven: set[str] = set()  # of these, what a listing has told
        self._in_hand: ScaleReport | None = None
        self._before = 0  # what could be asked for before this scale
        self._batches: Iterator[Deleted] = iter(())

    def begin(self, report: ScaleReport) -> None:
        """Take a scale that is home, its listing concluded; what the one before has left goes out.

        One with nothing to delete is left to who notes it; else it is noted here when nothing was
        asked, and by the round once that is over.
        """
        self.finish()
        if not (self._config.delete_mode and self.may_ask and report.run.scale.size):
            return
        self._before = self.may_ask
        proven = self._marking_changes(provable(report, self._copying))
        self._batches = delete(report.run, self._site, proven, self.may_ask)
        self._in_hand = report

    def takes_care_of(self, report: ScaleReport) -> bool:
        """Whether this scale is noted later, for its deletes are under way or asked for."""
        return report is self._in_hand or report.run.scale.name in self.asked

    def is_unproven(self, report: ScaleReport) -> bool:
        """Whether deletes of this scale were asked for, and nobody knows yet what they did."""
        name = report.run.scale.name
        return name in self.asked and name not in self.proven

    def reports(self) -> list[ScaleReport]:
        """The scales that nobody has noted yet."""
        in_hand = {one.run.scale.name: one for one in (self._in_hand,) if one}
        return list((self.asked | in_hand).values())

    def finish(self) -> None:
        """Ask for all that is left."""
        while self._in_hand:
            self.turn()

    def turn(self) -> None:
        """Ask for one batch.  A fault of this scale ends its deletes, and nothing of another's."""
        report, self._in_hand = self._in_hand, None  # whatever ends it, it is not begun anew
        if report is None:
            return
        name = report.run.scale.name
        with logs.at(scale=name):
            try:
                self._report.guard(name, partial(self._ask, report))
            finally:
                if self._in_hand is None and self._before > self.may_ask:
                    asked = self._before - self.may_ask
                    log.info("%s asked", counted(asked, "delete was", "deletes were"))
                if not self.takes_care_of(report):
                    self._note(report)

    def _ask(self, report: ScaleReport) -> None:
        if not self._may_delete(report) or (deleted := next(self._batches, None)) is None:
            return
        report.take(deleted)
        self.asked[report.run.scale.name] = self._in_hand = report
        self.may_ask -= len(deleted.answers)

    def _may_delete(self, report: ScaleReport) -> bool:
        """Looked at before every batch: another scale may have shown what forbids it."""
        return bool(
            self.may_ask
            and not self._copying.hinders
            and not self._pool.evidence.against(report.run.scale.name)
            and not BLOCKING & set(report.notices)
        )

    def _marking_changes(self, proven: Iterator[Verified]) -> Iterator[Verified]:
        """Let the pool bear its identity before a row is gone, so that an older copy is known."""
        for verified in proven:
            if verified.deletable:
                self._keep(changed=True)
            yield verified
