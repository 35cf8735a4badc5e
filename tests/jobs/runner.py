"""A runner with the kinds of the tests, until it is killed; it tests nothing."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from mtdata.config import load
from mtdata.jobs.embedded import Slots, terms_of
from tests.jobs.kinds import KINDS

CHILD = (sys.executable, str(Path(__file__).with_name("child.py")))

if __name__ == "__main__":
    settings = load(Path(sys.argv[1]), {})
    Slots(settings, KINDS, terms_of(settings, CHILD), count=1).start()
    threading.Event().wait()
