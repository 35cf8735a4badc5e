"""The child as it is, with the kinds of the benchmarks."""

from __future__ import annotations

import sys

from benchmarks.jobs.kinds import KINDS
from mtdata.jobs import child

if __name__ == "__main__":
    child.leave(child.main(sys.argv[1:], KINDS))
