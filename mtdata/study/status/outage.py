"""What a trouble of the whole site has kept from being done, counted and in words; it ends none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtdata.alerts.incident import TO_DO
from mtdata.core.errors import SiteError, StorageError
from mtdata.core.words import counted
from mtdata.study.pool import Pool

OUTAGES = ("site_unreachable", "site_refused", "site_moved", "disk_full")
MANY = 3
"""Where none of so many packages or more came, it is the site that is at fault."""
SAFE = "nothing is lost: what was not read stays on the site"


def with_consequences(
    pool: Pool, kind: str, scale: str, detail: str, sizes: Mapping[str, int | None]
) -> str:
    """The detail of an incident, with what followed of it where it concerns the whole site.

    It is made anew in each round, so that its one incident counts them all.  `sizes` has None for
    each scale that this round has carried home whole.
    """
    if scale or kind not in OUTAGES:
        return detail
    try:
        followed = _consequences(pool, sizes)
    except StorageError:  # what cannot be counted now must not hide the trouble itself
        return detail
    happened, mark, todo = detail.partition(TO_DO)
    return f"{happened.rstrip('.')}. {followed}{mark}{todo}"


def refuse(broken: int, faults: Sequence[str]) -> None:
    """SiteError for so many packages of which none could be used, unless they are few."""
    if broken >= MANY:
        raise SiteError(f"none of {broken} packages could be used; the last: {faults[-1]}")


def _consequences(pool: Pool, sizes: Mapping[str, int | None]) -> str:
    rounds, since = pool.ledger.runs.missed()
    names = {one.name for one in pool.ledger.listing.scales()} | sizes.keys()
    unread = [name for name in names if sizes.get(name, 0) is not None]
    when = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
    missed = f"{counted(rounds, 'round')} missed{when}"
    scales = f", {counted(len(unread), 'scale')} not read" if unread else ""
    return f"{missed}{scales}; {SAFE}"
