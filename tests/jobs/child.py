"""The child as it is, with the kinds of the tests; it tests nothing."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from mtdata.jobs import child
from tests.jobs.kinds import KINDS

if __name__ == "__main__":
    child.leave(child.main(sys.argv[1:], KINDS))
