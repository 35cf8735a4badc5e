"""A runner with the kinds of the benchmarks, until it is ended."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from benchmarks.jobs.kinds import KINDS
from mtdata.config import load
from mtdata.jobs.celery.runner import runner_of
from mtdata.jobs.runner import options_of

CHILD = (sys.executable, "-m", "mtdata.jobs.child", "benchmarks.jobs.kinds")

if __name__ == "__main__":
    settings = load(Path(sys.argv[1]), os.environ)
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    slots = runner_of(settings, KINDS, 1, options=options_of(settings, CHILD))
    slots.start()
    asked.wait()
    slots.stop(10.0)
