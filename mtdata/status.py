"""How a pool stands, in plain numbers out of the ledger; it asks no site and changes nothing."""

from __future__ import annotations

from typing import Any

from mtdata.course import Course, Pool
from mtdata.domain.incident import KINDS, Incident


def overview(pool: Pool) -> dict[str, Any]:
    """{"scales": by name, "last_round", "last_good", "incidents": the open ones, "replicas"}."""
    ledger = pool.ledger
    return {
        "scales": {
            scale.name: _standing(pool, scale.name, deleteable=scale.deleteable)
            for scale in ledger.listing.scales()
        },
        "last_round": _run(pool, good=False),
        "last_good": _run(pool, good=True),
        "incidents": [shown(incident) for incident in ledger.diary.open_incidents()],
        "replicas": [one._asdict() for one in ledger.copies.standing()],
    }


def _standing(pool: Pool, name: str, *, deleteable: bool) -> dict[str, Any]:
    counts = pool.ledger.entries.counts(name)
    mark = pool.ledger.listing.benchmarks().get(name)
    snapshot = None if deleteable else pool.ledger.snapshots.last(name)
    rows = counts.rowed if snapshot is None else snapshot.rows - (snapshot.sealed or 0)
    return {
        "deleteable": deleteable,
        "benchmark": mark.current if mark else 0,
        "rows": rows,
        "held": counts.held + ((snapshot.malformed + (snapshot.sealed or 0)) if snapshot else 0),
        "owed": counts.on_site if deleteable else 0,
        "waiting": counts.stored,
    }


def _run(pool: Pool, *, good: bool) -> dict[str, Any] | None:
    last = pool.ledger.diary.last_run(good=good)
    if last is None:
        return None
    ended_at, code = last
    age = (pool.clock.now() - ended_at).total_seconds()
    return {"ended_at": ended_at.isoformat(), "age_s": round(age), "exit": code}


def shown(incident: Incident) -> dict[str, Any]:
    """An incident in the form that `--json` prints."""
    return {
        "number": incident.number,
        "kind": incident.kind,
        "level": KINDS[incident.kind].level,
        "scale": incident.scale,
        "detail": incident.detail,
        "count": incident.seen,
        "opened_at": incident.opened_at.isoformat(),
        "last_at": incident.last_at.isoformat(),
        "closed_at": incident.closed_at.isoformat() if incident.closed_at else None,
    }


def held(pool: Pool) -> list[dict[str, Any]]:
    """Held entries, grouped by scale, id and reason."""
    rows = [
        {
            "scale": scale,
            "id": None if number < 0 else number,
            "kind": kind,
            "reason": reason,
            "count": count,
        }
        for scale, number, kind, reason, count in pool.ledger.entries.held()
    ]
    for scale in pool.ledger.listing.scales():
        last = None if scale.deleteable else pool.ledger.snapshots.last(scale.name)
        for kind, count in (
            (("malformed", last.malformed), ("sealed", last.sealed or 0)) if last else ()
        ):
            if count:
                reason = "left out of the sheet of the newest snapshot"
                rows.append(
                    {
                        "scale": scale.name,
                        "id": None,
                        "kind": kind,
                        "reason": reason,
                        "count": count,
                    }
                )
    return rows


def reasons(course: Course) -> dict[str, Any]:
    """What the next round would leave on the site and why; ids of what it may delete come apart."""
    ledger, name = course.pool.ledger, course.scale.name
    blocked = ledger.diary.blocked(name)
    whole = "; ".join(f"{KINDS[kind].title}: see `mtdata incidents`" for kind in blocked)
    if not course.scale.deleteable:
        whole = "the scale must stay on the site"
    kept: dict[str, int] = {}
    for _, state, reason, _ in ledger.listing.on_site(name):
        if state != "safe":
            word = f"{state}: {reason}" if reason else "no row yet"
            kept[word] = kept.get(word, 0) + 1
    return {"blocked": whole, "kept": kept}
