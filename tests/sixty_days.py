"""The pool of the study of sixty days, made once for all tests of a run; whoever changes it copies.

It tests nothing itself.
"""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

from mtdata.config import load
from mtdata.demo.study.sixty_days.planted import PLANTED
from mtdata.demo.study.sixty_days.pool import StudyPool, make_pool
from mtdata.study.status.result import RoundResult


def shared_pool(base: Path) -> StudyPool:
    """That below a folder which all workers of the run have in common."""
    home, known = base / "sixty_days", base / "sixty_days.json"
    with (base / "sixty_days.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not known.exists():
            home.mkdir(mode=0o700)
            made = make_pool(home, bits=1024)  # small ones, for speed
            rounds = [(one.exit, one.scales, one.faults) for one in made.rounds]
            known.write_text(json.dumps([rounds, made.sent, made.left]))
        rounds, sent, left = json.loads(known.read_text())
    results = tuple(RoundResult(*one) for one in rounds)
    return StudyPool(home, load(home / "config", {}), PLANTED, results, sent, left)
