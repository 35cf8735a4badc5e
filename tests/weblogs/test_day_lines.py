"""Lines of many days at once are those of each day log by log; and the batches that need a word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mtdata.weblogs.filters import __doc__ as OF_FILTERS
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.batches import Share
from mtdata.weblogs.ledger.day_lines import DayLines, day_lines, first_and_last, reasons
from mtdata.weblogs.ledger.doubts import MOST_LOGS, doubtful_page
from mtdata.weblogs.ledger.logs import LogIdentity, Mark
from mtdata.weblogs.ledger.schema import BatchState, LogState
from mtdata.weblogs.ledger.summary import day_summary
from mtdata.weblogs.matomo.verdict import BatchVerdict, Fate
from mtdata.weblogs.reasons import REASONS

NOW, DAY = datetime(2026, 3, 13, tzinfo=UTC), date(2026, 3, 12)
FATES = ("stored", "invalid", "accepted", "quarantined", "poisoned", "sending", "waiting", "back")
HITS = 10
SKIPPED = {"static": 7, "bot": 2}


class Filled:
    """A ledger of whose logs each batch has another fate."""

    def __init__(self, ledger: WeblogLedger) -> None:
        self.ledger = ledger

    def put(self, day: date, *fates: str, state: LogState = LogState.DONE, key: str = "a") -> None:
        """A log with a batch of each fate, and lines that are no hits."""
        identity = LogIdentity("bucket", f"{key}-{day}", "etag", 100, NOW)
        (log,) = self.ledger.take([(identity, day)], NOW)
        hits = HITS * len(fates)
        mark = Mark(hits + sum(SKIPPED.values()), 50, b"digest", SKIPPED)
        with self.ledger.commit():
            for place, fate in enumerate(fates):
                lines = range(place * HITS + 1, (place + 1) * HITS + 1)
                share = Share(log.number, lines, {str(day): HITS})
                self._end(self.ledger.batches.begin([share], 10, NOW), fate)
            self.ledger.logs.advance(log.number, mark)
            self.ledger.logs.end(log.number, state, NOW)

    def _end(self, number: int, fate: str) -> None:
        batches = self.ledger.batches
        invalid = 3 if fate in ("invalid", "accepted") else 0
        if fate in ("stored", "invalid", "accepted"):
            verdict = BatchVerdict(Fate.STORED, "", HITS - invalid, invalid)
            batches.end(number, BatchState.STORED, verdict, NOW)
        if fate in ("quarantined", "poisoned"):
            verdict = BatchVerdict(Fate.AMBIGUOUS, "no answer")
            batches.end(number, BatchState(fate), verdict, NOW)
        if fate == "accepted":
            batches.resolve(number, BatchState.STORED, "stored (anna)", NOW)
        if fate == "waiting":
            batches.wait(number, "a 500")
        if fate == "back":
            batches.give_back(number)

    def day(self, day: date) -> DayLines:
        """That day alone."""
        [found] = day_lines(self.ledger.database, day, day)
        return found


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    with closing(WeblogLedger(tmp_path / "ledger.sqlite3")) as ledger:
        yield Filled(ledger)


@pytest.mark.parametrize("fates", [(), *((fate,) for fate in FATES), FATES])
def test_a_day_is_what_its_logs_are_one_by_one(filled: Filled, fates: tuple[str, ...]) -> None:
    filled.put(DAY, *fates)
    filled.put(DAY, "stored", state=LogState.CUT, key="b")
    found = filled.day(DAY)
    summary = day_summary(filled.ledger.database, filled.ledger.logs, DAY)
    for name in ("tracked", "invalid", "quarantined"):
        assert getattr(found, name) == summary.total(name), name
    assert (found.lines, dict(found.skipped)) == (summary.lines, summary.skipped)
    given_back = HITS * fates.count("back")
    assert found.hits == summary.total("hits") + given_back
    assert found.waiting == summary.total("waiting") + given_back
    told = (found.tracked, found.invalid, found.accepted, found.quarantined, found.waiting)
    assert sum(told) + found.left_out == found.lines
    assert (found.logs, found.unread) == (2, 1)


def test_each_day_has_its_own_lines_and_those_beside_are_left_out(filled: Filled) -> None:
    days = [DAY + timedelta(days=after) for after in range(4)]
    for place, day in enumerate(days):
        filled.put(day, *("quarantined", "stored", "invalid")[: place + 1 if place < 3 else 0])
    found = day_lines(filled.ledger.database, days[1], days[2])
    assert found == [filled.day(days[1]), filled.day(days[2])]
    assert [(one.day, one.tracked, one.doubtful) for one in found] == [
        (days[1], HITS, HITS),
        (days[2], 2 * HITS - 3, HITS + 3),
    ]
    assert reasons(found) == {"static": 14, "bot": 4}
    assert list(reasons(found)) == ["static", "bot"]
    assert first_and_last(filled.ledger.database) == (days[0], days[3])


def test_a_ledger_without_logs_has_no_day(filled: Filled) -> None:
    assert first_and_last(filled.ledger.database) is None
    assert day_lines(filled.ledger.database, date.min, date.max) == []
    assert doubtful_page(filled.ledger.database, 5).total == 0


def test_what_needs_a_word_is_what_the_quarantine_lists(filled: Filled) -> None:
    filled.put(DAY, *FATES)
    filled.put(DAY + timedelta(days=1), "quarantined", "stored")
    page = doubtful_page(filled.ledger.database, 9)
    listed = {one.number for one in filled.ledger.batches.doubtful()}
    assert {one.batch.number for one in page.batches} == listed
    kinds = [(one.batch.doubt, one.hits) for one in page.batches]
    assert kinds == [
        ("quarantined", HITS), ("poisoned", HITS), ("quarantined", HITS), ("invalid", 3)
    ]  # fmt: skip
    [line] = page.batches[0].lines
    assert line == (DAY + timedelta(days=1), f"a-{DAY + timedelta(days=1)}", 1, HITS, HITS)
    of_day = doubtful_page(filled.ledger.database, 2, DAY)
    assert of_day.total == 3
    assert [one.batch.doubt for one in of_day.batches] == ["poisoned", "quarantined"]


def test_of_a_batch_of_many_logs_the_first_are_named(filled: Filled) -> None:
    logs = [LogIdentity("bucket", f"k{number}", "etag", 1, NOW) for number in range(8)]
    taken = filled.ledger.take([(one, DAY) for one in logs], NOW)
    with filled.ledger.commit():
        number = filled.ledger.batches.begin([Share(one.number, [1]) for one in taken], 1, NOW)
        verdict = BatchVerdict(Fate.AMBIGUOUS, "no answer")
        filled.ledger.batches.end(number, BatchState.QUARANTINED, verdict, NOW)
    [batch] = doubtful_page(filled.ledger.database, 5, DAY).batches
    assert [one.key for one in batch.lines] == [f"k{number}" for number in range(MOST_LOGS)]
    assert batch.more == 8 - MOST_LOGS


def test_every_reason_has_words_and_stands_in_the_docs() -> None:
    docs = Path(__file__).parents[2] / "docs" / "WEBLOGS.md"
    table = docs.read_text("utf-8").partition("| Reason | |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    told = [word.strip().strip("`") for cell in cells for word in cell.split(",")]
    assert told == list(REASONS)
    assert all(f"`{reason}`" in str(OF_FILTERS) for reason in REASONS)
