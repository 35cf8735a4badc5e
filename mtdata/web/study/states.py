"""How every pool stands, read at most once in a few seconds; it takes no pool's lock.

What `status` gives of a site is what `mtdata status --json` prints of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from mtdata import logs
from mtdata.alerts.incident import Incident
from mtdata.alerts.shape import incident_of_json
from mtdata.config import Settings, SiteConfig
from mtdata.core.errors import MTDataError
from mtdata.core.plain import plain
from mtdata.study.ledger.queries import Balance, FilesOfKind
from mtdata.study.model.forecast import OF_DAYS
from mtdata.study.operations import commands
from mtdata.study.operations.opening import has_pool, look_into
from mtdata.study.status.shape import as_json
from mtdata.web.cached_look import CachedLook

MOST_DRIFTS = 20
NO_POOL = "no pool yet; `mtdata export` makes it"


def _by_site(settings: Settings, look: Callable[[SiteConfig], Any]) -> dict[str, dict[str, Any]]:
    """`{"fault": words}` where the ledger cannot be read, `{"absent": words}` where there is none.

    The fault of one site does not end the others' turn.
    """
    return {site.name: _of_site(site, look) for site in settings.sites}


def _of_site(site: SiteConfig, look: Callable[[SiteConfig], Any]) -> dict[str, Any]:
    with logs.at(site=site.name):
        try:
            found: dict[str, Any] = look(site) if has_pool(site) else {"absent": NO_POOL}
        except MTDataError as error:
            return {"fault": str(error)}
        except OSError as error:
            return {"fault": f"{site.path}: the pool cannot be read: {error.strerror}"}
        return found


def _rounds(site: SiteConfig) -> dict[str, Any]:
    """By 'collected' and 'kept', of each of the site's last days the good rounds and the others."""
    sorts = {"collected": commands.COLLECTED, "kept": commands.KEPT}
    with look_into(site) as pool:
        now = pool.clock.now()
        today = pool.clock.local(now).date()
        days = [(today - timedelta(days=back)).isoformat() for back in range(OF_DAYS - 1, -1, -1)]
        counts = {sort: {day: [0, 0] for day in days} for sort in sorts}
        since = now - timedelta(days=OF_DAYS + 1)
        words = {one.format(site.name) for named in sorts.values() for one in named}
        for one in pool.ledger.queries.rounds(since, *sorted(words)):
            # where midnight does not fall on the hour, one hour may count for its neighbour
            moment = datetime.fromisoformat(f"{one.hour}:00").replace(tzinfo=UTC)
            day = pool.clock.local(moment).date().isoformat()
            for sort, named in sorts.items():
                if one.command in (c.format(site.name) for c in named) and day in counts[sort]:
                    counts[sort][day][0] += one.good
                    counts[sort][day][1] += one.bad
    return dict(counts)


def _whole(site: SiteConfig) -> dict[str, Any]:
    """What only the page of one pool shows: whether it adds up, what was read again, drift."""
    with look_into(site) as pool:
        ledger = pool.ledger
        balances = {}
        for scale in ledger.listing.scales():
            last = None if scale.deleteable else ledger.snapshots.last(scale.name)
            if last is not None:
                left_out = last.sealed or 0
                balances[scale.name] = Balance(
                    last.rows + last.malformed, last.rows - left_out, last.malformed + left_out, 0
                )
            else:
                balances[scale.name] = ledger.queries.balance(scale.name)
        files_by_kind: list[FilesOfKind] = ledger.queries.files_by_kind()
        drifts: list[Incident] = ledger.incidents.of_kinds(("drift", "entry_drift"), MOST_DRIFTS)
        return {"balances": balances, "files_by_kind": files_by_kind, "drifts": drifts}


glances = CachedLook(lambda settings: _by_site(settings, lambda site: plain(commands.glance(site))))
"""How each site stands, without a look at each of its scales."""
status = CachedLook(
    lambda settings, name: _of_site(
        settings.site(name), lambda site: as_json(commands.status(site))
    )
)
"""How one site stands."""
rounds = CachedLook(lambda settings: _by_site(settings, _rounds))
whole = CachedLook(lambda settings, name: _of_site(settings.site(name), _whole))


def known_incidents(settings: Settings) -> dict[str, list[Incident]]:
    """The open incidents of each site that was looked at a moment ago; it opens no ledger."""
    found = glances.if_fresh(settings) or {}
    return {
        name: [incident_of_json(one) for one in state["incidents"]]
        for name, state in found.items()
        if "incidents" in state
    }


def forget() -> None:
    """Something was changed here: look anew when next asked."""
    for kept in (glances, status, rounds, whole):
        kept.forget()
