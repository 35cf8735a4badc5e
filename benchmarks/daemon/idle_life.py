"""A daemon in a process of its own whose sites have nothing new; it tells what rounds cost it."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from functools import partial
from itertools import cycle, pairwise
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.daemon.life import run_by, wait_until_idle
from benchmarks.moved_clock import MovedClock
from mtdata.config import load
from mtdata.daemon.loop import Daemon

STEPS_S = (10, 10, 40)
"""As the rounds and looks of three sites lie in a minute; nothing is due in between."""
TICKS = 15
"""So many are five minutes."""


class IdleLife:
    """Five minutes are a round of each site, and what the daemon does beside them.

    Each at its own moment, as `daemon/loop.py` spreads them: at one and the same they would fight
    for the interpreter, which no daemon of so few sites does.
    """

    def __init__(self, config: Path, first: int, marks: int, rounds: int) -> None:
        self._first, self._marks, self._ticks_a_mark = first * TICKS, marks, rounds * TICKS
        self._steps = cycle(STEPS_S)
        # the machine's own, for the times of folders are
        self._clock = MovedClock(datetime.now(UTC))
        self._daemon = Daemon(partial(load, config, os.environ), clock=self._clock, wait=self._tick)
        self._ticks = 0
        self._spent: list[float] = []

    def live(self) -> dict[str, Any]:
        """The processor time of so many rounds, again and again, in seconds."""
        code = run_by(self._clock, self._daemon)
        return {"code": code, "spent": [b - a for a, b in pairwise(self._spent)]}

    def _tick(self, seconds: float) -> None:
        wait_until_idle(self._daemon)
        self._ticks += 1
        if self._ticks >= self._first and (self._ticks - self._first) % self._ticks_a_mark == 0:
            self._spent.append(process_time())
        if len(self._spent) > self._marks:
            self._daemon.ask_to_stop()
        self._clock.go_on(next(self._steps))


def main() -> None:
    """The order comes as JSON, and so does what was found."""
    order = json.loads(sys.argv[1])
    config = Path(order["config"])
    print(json.dumps(IdleLife(config, order["first"], order["marks"], order["rounds"]).live()))


if __name__ == "__main__":
    main()
