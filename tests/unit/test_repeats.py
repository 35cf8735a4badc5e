"""What repeats while nothing changes: the first line at once, then a count, then the end of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from mtdata import logs
from mtdata.logs import repeats
from mtdata.logs.repeats import EVERY_S, LONGEST, MOST, OVER_S, Repeats
from tests.fakes_log import log_given_back
from tests.forked import forked

log = logging.getLogger("mtdata.somewhere")
AWAY = "the database is away"


class Lines(logging.Handler):
    """What a handler would have written."""

    def __init__(self, filtering: logging.Filter, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.told: list[str] = []
        self.addFilter(filtering)

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(f"{record.levelname} {record.getMessage()}")

    def take(self) -> list[str]:
        told, self.told = self.told, []
        return told


class Stage:
    """Two handlers with one filter, whose time is the test's own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.repeats = Repeats(lambda: self.now)
        self.lines = Lines(self.repeats)
        self.errors = Lines(self.repeats, logging.ERROR)

    def later(self, seconds: float) -> None:
        self.now += seconds

    def looked(self) -> list[str]:
        self.repeats.look()
        return self.lines.take()


@pytest.fixture
def stage() -> Iterator[Stage]:
    with log_given_back():
        made = Stage()
        ours = logging.getLogger("mtdata")
        ours.handlers[:], ours.propagate = [made.lines, made.errors], False
        ours.setLevel(logging.DEBUG)
        yield made
        made.repeats.finish()


def test_the_first_comes_at_once_then_a_count_a_minute_then_the_end(stage: Stage) -> None:
    for number in range(480):  # four a second for two minutes
        log.warning("%s: try again", AWAY)
        if not number:
            assert stage.lines.take() == [f"WARNING {AWAY}: try again"]
        stage.later(0.25)
        if number == 100:
            assert stage.looked() == []
        if number == 239:
            assert stage.looked() == [
                f"WARNING the same 239 times more in the last minute: {AWAY}: try again"
            ]
    stage.looked()
    stage.later(OVER_S)
    assert stage.looked() == [f"WARNING over after 480 times in 120 s: {AWAY}: try again"]
    stage.later(1000)
    assert stage.looked() == []
    log.warning("%s: try again", AWAY)
    assert stage.lines.take() == [f"WARNING {AWAY}: try again"]


def test_a_line_that_came_twice_has_one_more_that_says_so(stage: Stage) -> None:
    log.warning(AWAY)
    stage.later(5)
    log.warning(AWAY)
    assert stage.lines.take() == [f"WARNING {AWAY}"]
    stage.later(OVER_S)
    assert stage.looked() == [f"WARNING over after 2 times in 5 s: {AWAY}"]


def test_what_comes_seldom_is_told_each_time(stage: Stage) -> None:
    for _ in range(3):
        log.warning(AWAY)
        stage.later(OVER_S)
    assert stage.looked() + stage.lines.take() == [f"WARNING {AWAY}"] * 3


def test_the_end_is_told_before_the_next_beginning_even_where_no_thread_looked(
    stage: Stage,
) -> None:
    for _ in range(3):
        log.warning(AWAY)
    stage.later(500)
    log.warning(AWAY)
    assert stage.lines.take() == [
        f"WARNING {AWAY}",
        f"WARNING over after 3 times in 1 s: {AWAY}",
        f"WARNING {AWAY}",
    ]


def test_what_differs_in_anything_is_another_line(stage: Stage) -> None:
    for _ in range(2):
        log.warning("%d rows differ", 5)
        log.warning("%d rows differ", 6)
        log.error("%d rows differ", 5)
        logging.getLogger("mtdata.elsewhere").warning("%d rows differ", 5)
    assert len(stage.lines.take()) == 4


def test_two_sites_have_each_their_line(stage: Stage) -> None:
    logs.begin(0)
    logging.getLogger("mtdata").handlers[:] = [stage.lines]
    for _ in range(2):
        for site in ("a", "b"):
            with logs.at(site=site):
                log.warning(AWAY)
    assert len(stage.lines.take()) == 2


def test_lines_of_one_key_are_one_and_the_latest_is_quoted(stage: Stage) -> None:
    for number in range(64):
        log.warning("%d requests wait", number, extra=logs.alike("wait"))
    stage.later(OVER_S)
    assert stage.looked() == [
        "WARNING 0 requests wait",
        "WARNING over after 64 times in 1 s: 63 requests wait",
    ]


def test_what_is_over_is_told_at_once_and_the_next_of_it_as_well(stage: Stage) -> None:
    for _ in range(5):
        log.warning(AWAY, extra=logs.alike("the broker"))
    stage.repeats.settle("the broker")
    stage.repeats.settle("another")
    log.warning(AWAY, extra=logs.alike("the broker"))
    assert stage.lines.take() == [
        f"WARNING {AWAY}",
        f"WARNING over after 5 times in 1 s: {AWAY}",
        f"WARNING {AWAY}",
    ]


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.CRITICAL])
def test_an_account_of_what_happened_and_what_is_critical_is_told_each_time(
    stage: Stage, level: int
) -> None:
    for _ in range(10):
        log.log(level, AWAY)
    assert len(stage.lines.take()) == 10


def test_a_record_that_counts_is_told_each_time(stage: Stage) -> None:
    for _ in range(10):
        log.warning("a log-in from %s was refused", "192.0.2.1", extra=logs.EACH)
    assert len(stage.lines.take()) == 10


def test_all_handlers_hear_the_same(stage: Stage) -> None:
    for _ in range(10):
        log.error(AWAY)
        log.warning(AWAY)
    stage.later(OVER_S)
    stage.looked()
    assert stage.errors.take() == [f"ERROR {AWAY}", f"ERROR over after 10 times in 1 s: {AWAY}"]


def test_so_many_lines_are_known_and_no_more(stage: Stage) -> None:
    log.warning(AWAY)
    log.warning(AWAY)
    for number in range(3 * MOST):
        log.warning("%d: %s", number, "x" * 10 * LONGEST)
    told = stage.lines.take()
    assert len(told) == 2 + 3 * MOST  # what was counted is told when it is forgotten
    assert sum("the same once more" in line for line in told) == 1
    known = stage.repeats._known
    assert len(known) <= MOST
    assert max(len(one.text) for one in known.values()) <= LONGEST


def test_in_the_end_all_is_told_that_was_not(stage: Stage) -> None:
    for _ in range(7):
        log.warning(AWAY)
    stage.later(12)
    stage.lines.take()
    stage.repeats.finish()
    assert stage.lines.take() == [f"WARNING the same 6 times more in the last 12 s: {AWAY}"]
    stage.repeats.finish()
    assert stage.lines.take() == []


def test_a_line_that_cannot_be_made_is_the_handlers_business(stage: Stage) -> None:
    for _ in range(2):
        assert stage.repeats.filter(
            logging.LogRecord("x", logging.ERROR, "", 0, "%d", ("no number",), None)
        )


def test_of_many_threads_one_line_is_told_and_none_is_lost(stage: Stage) -> None:
    def speak() -> None:
        for _ in range(200):
            log.warning(AWAY)

    speakers = [threading.Thread(target=speak) for _ in range(8)]
    for one in speakers:
        one.start()
    for one in speakers:
        one.join()
    stage.later(OVER_S)
    stage.repeats.look()
    assert stage.lines.take() == [
        f"WARNING {AWAY}",
        f"WARNING over after 1,600 times in 1 s: {AWAY}",
    ]


def test_a_thread_tells_of_it_where_nobody_says_anything_more(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.repeats._ticks = repeats.SystemClock().ticks
    monkeypatch.setattr(repeats, "OVER_S", 0.2)
    came = threading.Event()

    class Waiting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "over after 2 times" in record.getMessage():
                came.set()

    log.addHandler(Waiting())
    try:
        log.warning(AWAY)
        log.warning(AWAY)
        assert came.wait(30)
    finally:
        log.handlers.clear()
    thread = stage.repeats._thread
    if thread is not None:
        thread.join(30)
    assert stage.repeats._thread is None  # nothing repeats, so nobody waits


def test_the_child_of_a_fork_tells_its_first_line_even_where_another_thread_held_the_lock(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with log_given_back():
        logs.begin(0)
        for _ in range(3):
            log.warning(AWAY)
        held, free = threading.Event(), threading.Event()

        def hold() -> None:
            with logs.REPEATS._changed:
                held.set()
                free.wait(30)

        holder = threading.Thread(target=hold)
        holder.start()
        assert held.wait(30)
        code = forked(lambda: log.warning(AWAY))
        free.set()
        holder.join()
        assert code == 0
        assert capfd.readouterr().err.count(AWAY) == 2  # ours and the child's


def test_another_library_without_a_handler_is_counted_and_written_as_our_lines_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with log_given_back():
        root = logging.getLogger()
        handlers, root.handlers[:] = root.handlers[:], []
        try:
            logs.begin(0)
            for number in range(64):
                logging.getLogger("waitress.queue").warning("Task queue depth is %d", number)
            logs.REPEATS.finish()
        finally:
            root.handlers[:] = handlers
    first, second = capsys.readouterr().err.splitlines()
    assert " WARNING something of waitress.queue (" in first
    assert " WARNING the same 63 times more in the last 1 s: something of waitress.q" in second


def test_what_is_folded_by_every_minute_keeps_the_name_of_its_logger(stage: Stage) -> None:
    names: list[str] = []
    stage.lines.emit = lambda record: names.append(record.name)  # type: ignore[method-assign]
    log.warning(AWAY)
    log.warning(AWAY)
    stage.later(EVERY_S)
    stage.repeats.look()
    assert names == ["mtdata.somewhere"] * 2
