"""Run as a process: one command of the program, measured from within; prints one line of JSON.

A process of its own, so that its peak of memory is its own, and started as the program itself is:
what the workers import is what the program's workers import.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Carry out the order in the first argument."""
    from benchmarks.carrying import carried_out  # late: workers need not load it

    print(carried_out(sys.argv[1]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
