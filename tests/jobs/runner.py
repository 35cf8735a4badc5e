"""A runner with the kinds of the tests, until it is killed; it tests nothing.

Its words are CONFIG VERSION KINDS; empty ones are its own version, and every kind.
"""

from __future__ import annotations

import sys
import threading
from functools import partial
from pathlib import Path

from mtdata.alerts import notify
from mtdata.config import load
from mtdata.jobs.celery.runner import runner_of
from mtdata.jobs.records import runners
from mtdata.jobs.runner import options_of
from tests.jobs.kinds import KINDS

CHILD = (sys.executable, "-m", "mtdata.jobs.child", "tests.jobs.kinds")

if __name__ == "__main__":
    place, version, known = sys.argv[1:]
    settings = load(Path(place), {})
    runners.__version__ = version or runners.__version__
    kinds = {name: kind for name, kind in KINDS.items() if name in (known or name)}
    spread = partial(notify.spread, pools=lambda settings: {})
    runner_of(settings, kinds, 1, options_of(settings, CHILD), spread).start()
    threading.Event().wait()
