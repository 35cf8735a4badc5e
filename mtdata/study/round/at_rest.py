"""Which scales a round may pass by: there is nothing to tell of them but that they are empty still.

Most scales of most rounds are such.
"""

from __future__ import annotations

from collections.abc import Container

from mtdata.study.model.scale import Scale
from mtdata.study.pool import Pool


def at_rest(pool: Pool, besides: Container[str]) -> set[Scale]:
    """Scales as a listing shows them when they are empty, for which a round has nothing to do.

    Nothing of them was on the site, nothing waits here, and no incident of them is open; nor was
    any of them met in this round (`besides`).  With replicas there are none: copies have a say.
    """
    if pool.replicas:
        return set()
    spoken_of = {one.scale for one in pool.ledger.incidents.open_incidents()}
    names = pool.ledger.listing.at_rest() - spoken_of
    return {Scale(name, 0, deleteable=True) for name in names if name not in besides}
