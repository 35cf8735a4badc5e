"""A daemon as it is in life whose sites have nothing new; it tells what its minutes cost."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from functools import partial
from itertools import pairwise
from pathlib import Path

from mtdata.config import load
from mtdata.daemon.loop import Daemon

MINUTE_S = 60.0


class IdleMinutes:
    """By the clock of the machine, in a process of its own, with every thread that it begins."""

    def __init__(self, config: Path, settles_s: float, minutes: int) -> None:
        self._settles_s, self._minutes = settles_s, minutes
        self._daemon = Daemon(partial(load, config, os.environ))
        self._spent: list[float] = []

    def live(self) -> list[float]:
        """The processor time of each minute, in seconds."""
        threading.Thread(target=self._watch, name="watch").start()
        self._daemon.run()
        return [b - a for a, b in pairwise(self._spent)]

    def _watch(self) -> None:
        time.sleep(self._settles_s)
        for _ in range(self._minutes + 1):
            self._spent.append(time.process_time())
            time.sleep(MINUTE_S)
        self._daemon.ask_to_stop()


def main() -> None:
    """The order comes as JSON, and so does what was found."""
    order = json.loads(sys.argv[1])
    life = IdleMinutes(Path(order["config"]), order["settles_s"], order["minutes"])
    print(json.dumps({"spent": life.live()}))


if __name__ == "__main__":
    main()
