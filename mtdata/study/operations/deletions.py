"""What a round may delete and why the rest stays, proven as before a delete; nothing is sent."""

from __future__ import annotations

from typing import Any, NamedTuple

from mtdata.config import SiteConfig
from mtdata.study.from_ledger import provable
from mtdata.study.model.scale import Scale
from mtdata.study.operations.opening import locked, open_pool
from mtdata.study.pool import Pool
from mtdata.study.replicas.copying import Copying
from mtdata.study.scale_report import ScaleReport
from mtdata.study.status import overview


def would_delete(site: SiteConfig) -> dict[str, Any]:
    """What a round may delete and what not, by the last listing; proven, nothing sent.

    With DELETE_MODE False it tells what would go were it True: that is the time to ask.
    """
    with locked(site) as held, open_pool(site, held=held) as opening:
        copying = Copying(opening.pool)
        copying.begin()
        scales = opening.pool.ledger.listing.scales()
        proven = [_proven(opening.pool, copying, scale) for scale in scales]
        # last: what is found damaged in one scale hinders them all
        told, left = {}, site.delete_limit
        for one in proven:
            told[one.report.run.scale.name] = shown = _deletions(one, site, left)
            left -= len(shown["would_delete"])
        return told


class _Proven(NamedTuple):
    """What of a scale may go, by id; how many entries wait for replicas, and why."""

    report: ScaleReport
    ids: list[int | None]
    waiting: int
    reasons: list[str]


def _proven(pool: Pool, copying: Copying, scale: Scale) -> _Proven:
    report = ScaleReport.begin(pool, scale)
    ids = [line.entry.id for one in provable(report, copying) for line in one.deletable]
    return _Proven(report, ids, *copying.waiting())


def _deletions(found: _Proven, site: SiteConfig, left: int) -> dict[str, Any]:
    """What of a scale, where DELETE_LIMIT leaves room for so many; it counts all scales."""
    report, proven, waiting, reasons = found
    told = overview.reasons(report.run)
    may = [] if told["blocked"] else proven[:left]
    why = [told["blocked"]] if told["blocked"] else []
    why += [f"{count} {reason}" for reason, count in told["kept"].items()]
    why += [*report.notices.values(), *reasons]
    if len(may) < len(proven) and not told["blocked"]:
        why.append(f"DELETE_LIMIT is {site.delete_limit} a round, for all scales together")
    if may and not site.delete_mode:
        why.insert(0, "DELETE_MODE is False: nothing is deleted until it is True")
    on_site = len(proven) + sum(told["kept"].values()) + waiting
    return {"would_delete": may, "stays": on_site - len(may), "why": "; ".join(why)}
