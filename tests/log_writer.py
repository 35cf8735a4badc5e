"""A program that writes the log over a midnight, beside others that do the same; no test itself.

`python -m tests.log_writer HOME NAME START`: a few lines at START, then `ready`; from the moment
that comes on standard input its clock goes on with the machine's own ticks, which all share.
"""

from __future__ import annotations

import logging
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from mtdata import logs
from mtdata.core.clock import SystemClock

LAST_S = 1.0
FEW = 5


def main(home: str, name: str, start: float) -> None:
    """Write, and tell how many lines."""
    zero: list[float] = []

    def now(clock: SystemClock) -> datetime:
        gone = time.monotonic() - zero[0] if zero else 0.0
        return datetime.fromtimestamp(start, UTC) + timedelta(seconds=gone)

    log = logging.getLogger("mtdata.writer")
    with mock.patch.object(SystemClock, "now", now):
        logs.begin(-1)
        logs.configure(None, Path(home))
        for number in range(FEW):
            log.warning("%s-%d;", name, number)
        print("ready", flush=True)
        zero.append(float(sys.stdin.readline()))
        number = FEW
        while number < 2 * FEW or time.monotonic() < zero[0] + LAST_S:
            log.warning("%s-%d;", name, number)
            number += 1
        print(number, flush=True)


if __name__ == "__main__":
    logging.getLogger("mtdata").addHandler(logging.NullHandler())
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
