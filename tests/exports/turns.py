"""A process that takes turns of an account and writes when it had them, for test_limiter.py.

Arguments: folder, name, rate, turns at once, how many, seconds that each lasts.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from mtdata.core.limiter import Limiter


def main() -> None:
    folder, name, rate, at_once, count, lasts = sys.argv[1:]
    limiter = Limiter(Path(folder), name, rate=float(rate), at_once=int(at_once), longest_s=120)
    for _ in range(int(count)):
        with limiter.turn():
            begun = time.monotonic()
            time.sleep(float(lasts))
            print(begun, time.monotonic(), flush=True)


if __name__ == "__main__":
    main()
