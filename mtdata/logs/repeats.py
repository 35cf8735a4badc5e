"""What repeats while nothing changes: told once at once, then how often, then that it is over.

A filter that all handlers share.  Only warnings and errors are counted: what is less is an account
of what happened, and whatever is critical is told each time.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from mtdata.core.clock import SystemClock
from mtdata.core.words import counted_times

EVERY_S = 60.0
"""So often it is told how often a line came meanwhile."""
OVER_S = 30.0
"""A line that has not come for so long is over."""
MOST, LONGEST = 1000, 500
"""So many different lines are known at a time, of each so many characters."""
EACH = {"each": True}
"""As `extra` of a record each of which counts, such as a log-in that was refused."""
_UNPRINTABLE = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RuntimeError)

Key = tuple[Hashable, ...]


def alike(key: str) -> dict[str, Any]:
    """As `extra`: lines of this key are one, whatever their words are; the latest is quoted."""
    return {"alike": key}


class Repetition:
    """One line that may come again: the latest of its records, and how often it came."""

    def __init__(self, now: float) -> None:
        self.began = self.told_at = self.last_at = now
        self.total, self.untold, self.text = 1, 0, ""
        self.of: dict[str, Any] = {}

    def take(self, record: logging.LogRecord, text: str, now: float) -> None:
        """Note the latest record."""
        known = ("name", "levelno", "pathname", "lineno", "funcName")
        about = ("site", "scale", "round", "told")
        self.of = {name: vars(record).get(name) for name in (*known, *about)}
        self.text, self.last_at = text[:LONGEST], now

    def words(self, now: float) -> str:
        """What is due to be said of it by now, '' where that is nothing."""
        if self.untold and now - self.last_at >= OVER_S:
            return self.end()
        if self.untold and now - self.told_at >= EVERY_S:
            return self._count(now)
        return self.end() if self.total > 1 and now - self.last_at >= OVER_S else ""

    def rest(self, now: float) -> str:
        """What has not been said of it yet."""
        return self._count(now) if self.untold else ""

    def due_at(self) -> float:
        """When there is something to say of it, unless it comes again."""
        over = self.last_at + OVER_S
        return min(over, self.told_at + EVERY_S) if self.untold else over

    def _count(self, now: float) -> str:
        past = now - self.told_at
        count, when = self.untold, "minute" if 59.5 <= past < 90 else _span(past)
        self.untold, self.told_at = 0, now
        return f"the same {counted_times(count)} more in the last {when}: {self.text}"

    def end(self) -> str:
        """That it is over, after how often and how long."""
        lasted = _span(self.last_at - self.began)
        told = f"over after {counted_times(self.total)} in {lasted}: {self.text}"
        self.untold, self.total = 0, 1
        return told

    def say(self, words: str) -> None:
        """Log it as the line itself was logged."""
        of = dict(self.of)
        name, level, where, line, function = (
            of.pop(key) for key in ("name", "levelno", "pathname", "lineno", "funcName")
        )
        # made under our name: the words of another library's line are ours by now
        make = logging.getLogRecordFactory()
        record = make(__name__, level, where, line, "%s", (words,), None, function)
        record.__dict__.update({key: one for key, one in of.items() if one is not None})
        record.__dict__.update(name=name, is_told=True)
        logging.getLogger(name).handle(record)


def _span(seconds: float) -> str:
    return f"{max(1, round(seconds))} s" if seconds < 120 else f"{seconds / 60:.0f} min"


class Repeats(logging.Filter):
    """Lets the first of each line pass and counts the rest, which it tells of in a thread."""

    def __init__(self, ticks: Callable[[], float] | None = None) -> None:
        super().__init__()
        self._ticks = ticks or SystemClock().ticks
        self.forget()

    def forget(self) -> None:
        """Know of no line: for the child of a fork, which has neither the thread nor the lock."""
        # a signal may log in the middle of a line of its thread: the lock is one that may be taken
        # again
        self._changed = threading.Condition(threading.RLock())
        self._known: OrderedDict[Key, Repetition] = OrderedDict()
        self._thread: threading.Thread | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is told, decided once for all handlers."""
        if not hasattr(record, "is_told"):
            record.__dict__["is_told"] = self._is_first(record)
        return bool(record.__dict__["is_told"])

    def settle(self, key: str) -> None:
        """Whatever was `alike` by keys that begin so is over: say so, and tell the next at once."""
        with self._changed:
            keys = [known for known in self._known if str(known[-1]).startswith(key)]
            ended = [self._known.pop(known) for known in keys]
        for one in ended:
            if one.total > 1:
                one.say(one.end())

    def look(self) -> None:
        """Say what is due by now."""
        self._say(lambda one, now: one.words(now))

    def finish(self) -> None:
        """Say all that has not been said, and know of no line any more."""
        self._say(lambda one, now: one.rest(now), forgetting=True)
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(1.0)

    def _is_first(self, record: logging.LogRecord) -> bool:
        if not logging.WARNING <= record.levelno < logging.CRITICAL or hasattr(record, "each"):
            return True
        try:
            text = record.getMessage()
        except _UNPRINTABLE:
            return True  # whoever writes it says what is wrong with it
        key, now = _key(record, text), self._ticks()
        self._end_old(now)
        with self._changed:
            known = self._known.get(key)
            if known is None:
                known = self._known[key] = Repetition(now)
                known.take(record, text, now)
                return True
            known.total, known.untold = known.total + 1, known.untold + 1
            known.take(record, text, now)
            self._known.move_to_end(key)
            self._watch()
        return False

    def _end_old(self, now: float) -> None:
        """Forget the lines that are over, and the oldest where there are too many."""
        over: list[tuple[Repetition, str]] = []
        with self._changed:
            while self._known:
                key, oldest = next(iter(self._known.items()))
                if now - oldest.last_at < OVER_S and len(self._known) < MOST:
                    break
                over.append((oldest, oldest.words(now) or oldest.rest(now)))
                del self._known[key]
        for one, words in over:
            if words:
                one.say(words)

    def _say(
        self, words_of: Callable[[Repetition, float], str], *, forgetting: bool = False
    ) -> None:
        now = self._ticks()
        with self._changed:
            due = [(one, words) for one in self._known.values() if (words := words_of(one, now))]
            if forgetting:
                self._known.clear()
                self._changed.notify_all()
        for one, words in due:
            one.say(words)
        if not forgetting:
            self._end_old(now)

    def _watch(self) -> None:
        """Have a thread tell of it in time: nobody knows whether a line comes again."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._wait, name="log repeats", daemon=True)
            self._thread.start()

    def _wait(self) -> None:
        while True:
            with self._changed:
                due = [one.due_at() for one in self._known.values() if one.total > 1]
                if not due:
                    self._thread = None
                    return
                self._changed.wait(max(0.1, min(due) - self._ticks()))
            self.look()


def _key(record: logging.LogRecord, text: str) -> Key:
    words = vars(record)
    where = (record.name, record.levelno, words.get("site"), words.get("scale"))
    if "alike" in words:
        return (*where, words["alike"])
    # no digest: its library is loaded by no command that does without
    return (*where, hash((text, record.exc_text)), len(text))


REPEATS = Repeats()
"""The one of this process."""


def over(key: str) -> None:
    """What was `alike` by keys that begin so has come to its end."""
    REPEATS.settle(key)


os.register_at_fork(after_in_child=REPEATS.forget)
atexit.register(REPEATS.finish)
