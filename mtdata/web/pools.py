"""How every pool stands, read at most once in a few seconds; it takes no pool's lock.

What it gives of a site is what `mtdata status --json` prints of it.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from mtdata import app, logs
from mtdata.adapters.clock import SystemClock
from mtdata.config import Settings, SiteConfig
from mtdata.errors import MTDataError, StorageError
from mtdata.wiring import has_pool

KEPT_S, PATIENCE_S = 5.0, 30.0
NO_POOL = "no pool yet; `mtdata export` makes it"
Standing = dict[str, dict[str, Any]]


class Pools:
    """What was found last, for so long; of many that ask at once one looks."""

    def __init__(self, kept_s: float = KEPT_S, patience_s: float = PATIENCE_S) -> None:
        self._kept_s, self._patience_s = kept_s, patience_s
        self._clock, self._turn = SystemClock(), threading.Lock()
        self._found: tuple[Path, float, Standing] | None = None

    def standing(self, settings: Settings) -> Standing:
        """How each site stands; what is older while somebody looks anew.

        StorageError when somebody has been looking for too long, and nothing was known before.
        """
        known = self._known(settings)
        if known is not None and self._is_fresh(known):
            return known[2]
        if not self._turn.acquire(timeout=0 if known else self._patience_s):
            if known is None:
                raise StorageError("the pools are being looked at and do not answer; try again")
            return known[2]
        try:
            known = self._known(settings)
            if known is None or not self._is_fresh(known):
                found = {site.name: _of_site(site) for site in settings.sites}
                known = self._found = (settings.folder, self._clock.ticks(), found)
            return known[2]
        finally:
            self._turn.release()

    def forget(self) -> None:
        """Something was changed here: look anew when next asked."""
        self._found = None

    def _known(self, settings: Settings) -> tuple[Path, float, Standing] | None:
        known = self._found
        return known if known is not None and known[0] == settings.folder else None

    def _is_fresh(self, known: tuple[Path, float, Standing]) -> bool:
        return self._clock.ticks() - known[1] < self._kept_s


def _of_site(site: SiteConfig) -> dict[str, Any]:
    """`{"fault": words}` where the ledger cannot be read, `{"absent": words}` where there is none.

    The fault of one site does not end the others' turn.
    """
    with logs.at(site=site.name):
        try:
            return app.status(site) if has_pool(site) else {"absent": NO_POOL}
        except MTDataError as error:
            return {"fault": str(error)}
        except OSError as error:
            return {"fault": f"{site.path}: the pool cannot be read: {error.strerror}"}


_POOLS = Pools()
standing = _POOLS.standing
forget = _POOLS.forget
