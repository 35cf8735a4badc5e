"""A pool of the study of sixty days: a real site, a real round at the end of each day.

Only the time is set: raw files, sheets, ledger and receipts are those that the rounds made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from Crypto.PublicKey.RSA import RsaKey

from mtdata.config import Settings, load
from mtdata.config.samples import write_codebooks
from mtdata.core.clock import SystemClock
from mtdata.demo.study.data import make_key, seal
from mtdata.demo.study.rows import Row
from mtdata.demo.study.site import SITE_ZONE, StudySite
from mtdata.demo.study.sixty_days.plan import DAYS, Visit, date_of, schedule
from mtdata.demo.study.sixty_days.planted import (
    DELIVERED_TWICE,
    LATE_ID,
    Planted,
    later,
    planted_until,
    turns,
)
from mtdata.demo.study.sixty_days.rows import RowMaker, participant_row, study_row
from mtdata.demo.study.sixty_days.scales import QUESTIONS
from mtdata.demo.study.tour import SEED, write_home
from mtdata.study.operations import commands
from mtdata.study.status.result import RoundResult

SITE = "demo"
ROUND_AT = time(23, 30)
"""When the round of a day is, in the site's zone."""
MORE = "  TIMEZONE: Etc/GMT+5\n"
STATIC = ("Participant", "Study", "TaskLog")
SCALES = ("Demographics", *QUESTIONS, "JsPsychTrial", *STATIC)


class StudyPool(NamedTuple):
    """What `make_pool` made: a home with config, keys and pool, and what is planted in the pool."""

    home: Path
    settings: Settings
    planted: tuple[Planted, ...]
    rounds: tuple[RoundResult, ...]
    """One a day, the first first."""
    sent: dict[str, int]
    """Scale -> rows that the site wrote; a row that it sent twice counts once."""
    left: dict[str, int]
    """Scale -> rows that lie on the site after the last round."""

    @property
    def config(self) -> Path:
        """The folder that `--config` names."""
        return self.home / "config"


class DayOnSite(NamedTuple):
    """What happened on the site on one day: new rows by scale, and where accounts stand now."""

    rows: dict[str, list[Row]]
    last: dict[int, Visit]


class DayClock(SystemClock):
    """Port Clock; it stands at the end of a day of the study."""

    def __init__(self) -> None:
        super().__init__(SITE_ZONE)
        self.day = 1

    def now(self) -> datetime:
        """Port: Clock.now."""
        return datetime.combine(date_of(self.day), ROUND_AT, SITE_ZONE).astimezone(UTC)


def make_pool(
    folder: Path,
    seed: int = SEED,
    *,
    days: int = DAYS,
    bits: int = 2048,
    advance: Callable[[int], None] = lambda count: None,
) -> StudyPool:
    """Make config, keys and pool in an empty folder; `advance` is told of each day.

    The seed is that of the answers.  The key (of so many `bits`) is a new one each time: one that
    anybody can make again would protect nothing.  The site is gone when this returns.
    """
    private, public = make_key(bits)
    results: list[RoundResult] = []
    sent: dict[str, set[int]] = {}
    with StudySite() as site:
        site.schedule = schedule()
        for scale in SCALES:
            site.offer(scale, deleteable=scale not in STATIC)
        write_home(folder, site, private, MORE)
        write_codebooks(folder / "config")
        settings = load(folder / "config", {})
        config, clock = settings.site(SITE), DayClock()
        for clock.day, day in enumerate(_days(seed, public, days), 1):
            _happen(site, day, sent)
            results.append(commands.export(config, "all", clock=clock))
            advance(1)
        left = {scale: len(site.rows(scale)) for scale in SCALES}
    counts = {scale: len(sent.get(scale, ())) for scale in SCALES}
    return StudyPool(folder, settings, planted_until(days), tuple(results), counts, left)


def _days(seed: int, public: RsaKey, days: int) -> Iterator[DayOnSite]:
    rng = Random(f"sealed {seed}")
    maker = RowMaker(seed, partial(seal, public, randbytes=rng.randbytes))
    whole = [DayOnSite({}, {}) for _ in range(days)]
    for turn in turns():
        visit = turn.visit
        if visit.day > days:
            break
        shown = [later(visit.day, days) if turn.single(LATE_ID) else visit.day]
        shown += [later(visit.day, days)] if turn.single(DELIVERED_TWICE) else []
        rows = list(maker.rows(turn))
        for day in shown if rows else ():
            whole[day - 1].rows.setdefault(visit.task, []).extend(rows)
        today = whole[visit.day - 1]
        today.rows.setdefault("TaskLog", []).append(maker.log(turn))
        today.last[visit.account.number] = visit
    yield from whole


def _happen(site: StudySite, day: DayOnSite, sent: dict[str, set[int]]) -> None:
    """Let a day pass on the site."""
    for scale, rows in day.rows.items():
        site.put(scale, rows)
        sent.setdefault(scale, set()).update(int(row["id"]) for row in rows)
    for visit in day.last.values():
        for scale, row in (("Participant", participant_row(visit)), ("Study", study_row(visit))):
            if row["id"] in site.ids(scale):
                site.replace(scale, row["id"], row)
            else:
                site.put(scale, [row])
            sent.setdefault(scale, set()).add(row["id"])
