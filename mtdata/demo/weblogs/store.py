"""The hits that the stand-in for Matomo stored, and its log of them; it judges none."""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from mtdata.demo.weblogs.settings import MatomoSettings
from mtdata.demo.weblogs.visits import MatomoVisits


@dataclass(frozen=True, slots=True)
class StoredHit:
    """A hit as it was stored; `at` is its time, `stored_at` the server's, both aware UTC.

    `kind` is pageview, download, outlink, event or search; Matomo has no URL of a search, but `url`
    is here for whoever counts lines.  `batch` is the number of the tracking request.
    """

    idsite: int
    url: str
    kind: str
    cip: str
    at: datetime
    ua: str
    visitor: tuple[str, ...]
    params: Mapping[str, Any] = field(repr=False)
    stored_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    batch: int = 0

    def key(self, name: str) -> str:
        """What the URL says under that name, '' if nothing; the whole URL for the name ''."""
        if not name:
            return self.url
        return (parse_qs(urlsplit(self.url).query).get(name) or [""])[0]


class HitStore:
    """Every stored hit, in order; thread-safe.

    `most` bounds the hits that are kept, the latest; counts and visits know them all.  `log` is a
    file that takes each as a line of JSON.
    """

    def __init__(
        self,
        settings: MatomoSettings,
        now: Callable[[], datetime],
        *,
        most: int | None = None,
        log: Path | None = None,
    ) -> None:
        self._settings, self._now, self._log = settings, now, log
        self._hits: deque[StoredHit] = deque(maxlen=most)
        self._visits = MatomoVisits()
        self._changed: set[tuple[int, date]] = set()
        self._lock = threading.Lock()
        self.total = 0

    def add(self, hits: Iterable[StoredHit], batch: int) -> None:
        """Store the hits of one request."""
        with self._lock:
            stored = [replace(hit, stored_at=self._now(), batch=batch) for hit in hits]
            self._hits.extend(stored)
            self.total += len(stored)
            for hit in stored:
                self._count(hit)
            if self._log is not None:
                with self._log.open("a", encoding="utf-8") as log:
                    log.writelines(map(_log_line, stored))

    def _count(self, hit: StoredHit) -> None:
        website = self._settings.websites[hit.idsite]
        website.ts_created = min(website.ts_created, hit.at)
        day = self._visits.add(
            hit.idsite, hit.visitor, hit.kind, hit.at, ZoneInfo(website.timezone)
        )
        self._changed.add((hit.idsite, day))

    @property
    def hits(self) -> list[StoredHit]:
        """The hits that are kept, in the order in which they were stored."""
        with self._lock:
            return list(self._hits)

    def by_key(self, name: str) -> dict[str, list[StoredHit]]:
        """The hits by what their URL says under that name; by the whole URL for ''."""
        grouped: dict[str, list[StoredHit]] = defaultdict(list)
        for hit in self.hits:
            grouped[hit.key(name)].append(hit)
        return dict(grouped)

    def duplicates(self, name: str) -> dict[str, int]:
        """How often each key was stored that was stored more than once."""
        counts = Counter(hit.key(name) for hit in self.hits)
        return {key: count for key, count in counts.items() if count > 1}

    def day_report(self, idsite: int, day: date) -> dict[str, int]:
        """The figures of a day of a site's zone, as they are now."""
        with self._lock:
            return self._visits.day_report(idsite, day)

    def take_changed(self) -> list[tuple[int, date]]:
        """Sites and days that got hits since this was last asked."""
        with self._lock:
            changed, self._changed = sorted(self._changed), set()
        return changed

    def put_back(self, idsite: int, day: date) -> None:
        """Have a day among those that got hits, for the next time."""
        with self._lock:
            self._changed.add((idsite, day))


def _log_line(hit: StoredHit) -> str:
    described = {
        "idsite": hit.idsite,
        "url": hit.url,
        "kind": hit.kind,
        "cip": hit.cip,
        "cdt": hit.at.isoformat(),
        "ua": hit.ua,
        "stored_at": hit.stored_at.isoformat(),
        "batch": hit.batch,
        "params": dict(hit.params),
    }
    return json.dumps(described) + "\n"
