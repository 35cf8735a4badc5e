"""What a ledger of web logs must do wherever its lines are (port LineDatabase)."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mtdata.core.errors import BusyError, MTDataError
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.batches import KEPT_DAYS, HitBatch, Share
from mtdata.weblogs.ledger.counts import (
    Besides,
    DayCount,
    day_besides,
    day_count,
    days_of_batch,
    days_of_logs,
)
from mtdata.weblogs.ledger.day_lines import day_lines, first_and_last
from mtdata.weblogs.ledger.days import DayState
from mtdata.weblogs.ledger.doubts import doubtful_page
from mtdata.weblogs.ledger.logs import Log, LogIdentity, Mark
from mtdata.weblogs.ledger.schema import BatchState, LogState
from mtdata.weblogs.ledger.summary import day_summary
from mtdata.weblogs.local_days import LocalDays
from mtdata.weblogs.matomo.verdict import BatchVerdict, Fate
from mtdata.weblogs.visitors import packed_visitors
from mtdata.weblogs.visits import VisitRange, visits_of

NOW, DAY = datetime(2026, 3, 13, tzinfo=UTC), date(2026, 3, 12)
LOG = LogIdentity("bucket", "key", "etag", 100, NOW)
KEYS = ("a", "A", "a ", "a  ", "ä", "a\u0308", "\U0001f600", "ß", "ss", "x" * 1024, "é" * 512)
UTC_DAYS = LocalDays(ZoneInfo("UTC"))
Open = Callable[..., WeblogLedger]
"""Opens the ledger of a site once more, as another process or machine would; `site` names it."""


def begun(ledger: WeblogLedger, lines: list[int], log: LogIdentity = LOG) -> tuple[Log, int]:
    """A batch of those lines, under way."""
    (taken,) = ledger.take([(log, DAY)], NOW)
    with ledger.commit():
        share = Share(taken.number, lines, {str(DAY): len(lines)})
        number = ledger.batches.begin([share], 10, NOW)
        ledger.logs.advance(taken.number, Mark(max(lines), 50, b"di\0gest\xff", {"bot": 1}))
    return taken, number


def batch_of(ledger: WeblogLedger, number: int) -> HitBatch:
    """That batch, which is there."""
    batch = ledger.batches.of_number(number)
    assert batch is not None
    return batch


def stored(tracked: int, invalid: int = 0) -> BatchVerdict:
    """Matomo's word for a batch that it took."""
    return BatchVerdict(Fate.STORED, "", tracked, invalid)


class LineContract:
    """Inherit, and give a fixture `opened`, whose sites nobody has opened before."""

    def leave_thread(self) -> None:
        """Called where a thread that has opened a ledger ends."""

    def test_a_log_is_found_by_its_very_key(self, opened: Open) -> None:
        ledger = opened()
        logs = [LogIdentity("bucket", key, "etag", 1, NOW) for key in KEYS]
        taken = ledger.take([(log, DAY) for log in logs], NOW)
        assert [log.identity for log in taken] == logs
        assert len({log.number for log in taken}) == len(KEYS)
        for log in taken:
            assert ledger.logs.find(*log.identity[:2]) == log
        assert ledger.logs.find("bucket", "b") is None
        assert [log.identity.key for log in ledger.logs.of_day(DAY)] == sorted(KEYS)

    def test_two_sites_know_nothing_of_each_other(self, opened: Open) -> None:
        one, other = opened(), opened("other.org")
        begun(one, [1, 2, 3])
        with one.commit():
            one.days.pushed(DAY, "place")
        assert other.logs.find("bucket", "key") is None
        assert (other.logs.days(), other.batches.unsettled_logs()) == ([], set())
        assert other.batches.in_state(BatchState.SENDING) == other.batches.doubtful() == []
        assert day_count(other.database, DAY) == DayCount(0, 0)
        assert (days_of_logs(other.database, DAY), other.days.last_sent(DAY)) == (set(), None)
        assert day_summary(other.database, other.logs, DAY).logs == ()
        assert other.days.state(DAY) == DayState()
        begun(other, [7])
        assert [log.mark.lines for log in one.logs.of_day(DAY)] == [3]

    def test_what_is_committed_is_all_there_or_nothing_of_it(self, opened: Open) -> None:
        ledger = opened()
        log, number = begun(ledger, [1, 2])

        def fail() -> None:
            with ledger.commit():
                ledger.batches.end(number, BatchState.STORED, stored(2), NOW)
                ledger.logs.advance(log.number, Mark(9, 90, b"", {}))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        again = opened()
        assert batch_of(again, number).state is BatchState.SENDING
        assert again.logs.of_number(log.number).mark == Mark(2, 50, b"di\0gest\xff", {"bot": 1})

    def test_one_at_a_time_commits(self, opened: Open) -> None:
        first = opened()
        order: list[str] = []

        def second() -> None:
            ledger = opened()
            with ledger.commit():
                order.append("second")
            ledger.close()
            self.leave_thread()

        thread = threading.Thread(target=second)
        with first.commit():
            thread.start()
            time.sleep(0.3)  # time enough for who does not wait
            order.append("first")
        thread.join()
        assert order == ["first", "second"]

    def test_of_a_batch_each_line_has_its_end(self, opened: Open) -> None:
        ledger = opened()
        log, number = begun(ledger, [1, 2, 5, 9])
        with ledger.commit():
            ledger.batches.end(number, BatchState.STORED, stored(3, 1), NOW, {log.number: [5]})
            ledger.logs.end(log.number, LogState.DONE, NOW, form="combined")
        batch = batch_of(ledger, number)
        assert batch[1:8] == (BatchState.STORED, 4, 10, 1, 3, 1, "")
        assert (batch.sent_at, batch.ended_at) == (NOW, NOW)
        assert [one.lines for one in ledger.batches.refused(number)] == [[5]]
        assert [one.lines for one in ledger.batches.shares(number)] == [[1, 2, 5, 9]]
        assert ledger.batches.of_log(log.number) == [(batch, 1, 9, 4)]
        (summary,) = day_summary(ledger.database, ledger.logs, DAY).logs
        assert summary[1:] == (4, 3, 1, 0, 0)
        assert (summary.log.state, summary.log.format) == (LogState.DONE, "combined")
        assert day_count(ledger.database, DAY) == DayCount(3, 0, 1)
        assert dict(days_of_batch(ledger.database, number)) == {str(DAY): 4}
        assert days_of_logs(ledger.database, DAY) == {DAY}
        assert ledger.days.last_sent(DAY) == NOW
        with ledger.commit():
            ledger.batches.resolve(number, BatchState.STORED, "stored (eve)", NOW)
        assert (ledger.batches.doubtful(), batch_of(ledger, number).resolved) == (
            [],
            "stored (eve)",
        )
        assert day_summary(ledger.database, ledger.logs, DAY).is_well

    def test_who_came_is_known_of_each_site_and_forgotten_at_its_time(self, opened: Open) -> None:
        for site, visitors in (("example.org", [2**64 - 1, 7]), ("other.org", [7])):
            ledger = opened(site)
            (log,) = ledger.take([(LOG, DAY)], NOW)
            when = int(datetime(2026, 3, 12, 8, tzinfo=UTC).timestamp())
            blob = packed_visitors(array("Q", visitors), array("I", [when] * len(visitors)))
            known = {str(DAY): {"downloads": 1, "keyed": len(visitors)}}
            lines = list(range(1, len(visitors) + 1))
            share = Share(log.number, lines, {str(DAY): len(lines)}, known, blob)
            with ledger.commit():
                number = ledger.batches.begin([share], 10, NOW)
                ledger.batches.end(number, BatchState.STORED, stored(len(lines)), NOW)
            assert day_besides(ledger.database, DAY) == (Besides(1, keyed=len(lines)), Besides())
            assert visits_of(ledger.database, DAY, UTC_DAYS) == VisitRange(len(lines), len(lines))
        opened().take([], NOW + timedelta(days=KEPT_DAYS))
        assert not visits_of(opened().database, DAY, UTC_DAYS).unknown
        opened().take([], NOW + timedelta(days=KEPT_DAYS, seconds=1))
        assert visits_of(opened().database, DAY, UTC_DAYS).unknown
        assert day_besides(opened().database, DAY)[0].downloads == 1
        assert visits_of(opened("other.org").database, DAY, UTC_DAYS) == VisitRange(1, 1)

    def test_invalid_hits_that_nobody_names_count_at_one_log(self, opened: Open) -> None:
        ledger = opened()
        logs = ledger.take([(LOG._replace(key=key), DAY) for key in ("a", "b")], NOW)
        with ledger.commit():
            shares = [Share(log.number, [1, 2]) for log in logs]
            number = ledger.batches.begin(shares, 10, NOW)
            ledger.batches.end(number, BatchState.STORED, stored(1, 3), NOW)
        found = [one.invalid for one in day_summary(ledger.database, ledger.logs, DAY).logs]
        assert found == [3, 0]

    def test_what_is_forgotten_of_a_log_leaves_the_others_of_its_batch(self, opened: Open) -> None:
        ledger = opened()
        one, other = ledger.take([(LOG._replace(key=key), DAY) for key in ("a", "b")], NOW)
        with ledger.commit():
            both = ledger.batches.begin(
                [Share(one.number, [1]), Share(other.number, [1, 2])], 9, NOW
            )
            alone = ledger.batches.begin([Share(one.number, [2])], 9, NOW)
        with ledger.commit():
            ledger.batches.forget_log(one.number)
            ledger.logs.forget(one.number)
        assert ledger.batches.of_number(alone) is None
        assert batch_of(ledger, both).hits == 2
        assert [share.log for share in ledger.batches.shares(both)] == [other.number]
        with pytest.raises(KeyError):
            ledger.logs.of_number(one.number)

    def test_what_followed_on_a_day_is_kept(self, opened: Open) -> None:
        ledger = opened()
        with ledger.commit():
            ledger.days.archived(DAY, "done", NOW)
        with ledger.commit():
            ledger.days.archived(DAY, "done", NOW)  # nothing of it changes
            ledger.days.compared(DAY, {"2026-03-12": {"stored": 3}}, NOW + timedelta(hours=1))
            ledger.days.pushed(DAY, "s3://bucket/ä")
        assert ledger.days.state(DAY) == DayState(
            "done", "s3://bucket/ä", NOW, NOW + timedelta(hours=1), {"2026-03-12": {"stored": 3}}
        )

    def test_what_was_under_way_is_in_doubt_and_not_sent_again(self, opened: Open) -> None:
        first, second = opened(), opened()
        _, number = begun(first, [1, 2, 3])
        (log,) = second.take([(LOG, DAY)], NOW)
        assert batch_of(second, number).state is BatchState.QUARANTINED
        assert log.again == 0
        assert [one.number for one in second.batches.doubtful()] == [number]
        assert day_count(second.database, DAY) == DayCount(0, 3)

    def test_what_waited_is_given_back_and_sent_by_the_next(self, opened: Open) -> None:
        first, second = opened(), opened()
        _, number = begun(first, [1, 2, 3])
        with first.commit():
            first.batches.wait(number, "rolled back")
        (log,) = second.take([(LOG, DAY)], NOW)
        assert (second.batches.of_number(number), log.again) == (None, 1)
        assert not second.logs.lines_taken(log).has_any(1, 3)

    def test_who_was_taken_over_sends_no_more_and_still_enters_what_came_of_it(
        self, opened: Open
    ) -> None:
        first, second = opened(), opened()
        log, number = begun(first, [1, 2, 3])
        second.take([(LOG, DAY)], NOW)
        with pytest.raises(BusyError), first.commit():
            first.logs.check_turns([log.number])
        with pytest.raises(BusyError), first.commit():
            first.logs.advance(log.number, Mark(9, 90, b"", {}))
        with pytest.raises(BusyError), first.commit():
            first.batches.send_again(number, NOW)
        with first.record():
            first.batches.end(number, BatchState.STORED, stored(3), NOW)
        assert batch_of(second, number).state is BatchState.STORED
        assert second.batches.doubtful() == []

    def test_pages_see_what_became_of_each_line(self, opened: Open) -> None:
        ledger, other = opened(), opened("other.org")
        begun(other, [1, 2, 3, 4])
        log, first = begun(ledger, [1, 2])
        with ledger.commit():
            second, third, back = (
                ledger.batches.begin([Share(log.number, lines)], 9, NOW)
                for lines in ([3, 4, 5], [6], [7, 8])
            )
            ledger.batches.end(first, BatchState.QUARANTINED, stored(0), NOW)
            ledger.batches.end(second, BatchState.STORED, stored(2, 1), NOW)
            ledger.batches.end(third, BatchState.POISONED, stored(0), NOW)
            ledger.batches.give_back(back)
            ledger.logs.advance(log.number, Mark(9, 90, b"", {"bot": 1}))
        (day,) = day_lines(ledger.database, DAY, DAY)
        assert (day.logs, day.unread, day.size, day.lines) == (1, 1, 100, 9)
        assert (day.skipped, day.quarantined, day.invalid, day.waiting) == ({"bot": 1}, 3, 1, 2)
        assert first_and_last(ledger.database) == (DAY, DAY)
        assert first_and_last(opened("third.org").database) is None
        for asked in (None, DAY):
            page = doubtful_page(ledger.database, 2, asked)
            assert [one.batch.number for one in page.batches] == [third, second]
            assert (page.total, page.batches[0].lines[0].key) == (3, "key")
        with ledger.commit():
            ledger.batches.resolve(second, BatchState.STORED, "stored (eve)", NOW)
        assert day_lines(ledger.database, DAY, DAY)[0].accepted == 1

    def test_a_cell_that_this_program_never_writes_is_told(self, opened: Open) -> None:
        ledger = opened()
        log, _ = begun(ledger, [1])
        ledger.database.run("UPDATE logs SET state = ? WHERE number = ?", "odd", log.number)
        with pytest.raises(MTDataError) as told:
            ledger.logs.of_number(log.number)
        assert told.value.exit_code in (69, 74)
