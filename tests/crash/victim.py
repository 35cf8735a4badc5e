"""The program as `mtdata` runs it, with two workers on any machine, and faults that a test planted.

Run as a process; its workers import it as well, and only in them a poisoned value does harm.
A fault is told by the environment, which the program itself never asks:

CRASH_HOME      the home of the stage: `pids/` there gets a file for each worker
CRASH_PYTHON    what workers are started with instead of this interpreter (strace with a cut)
CRASH_POISON    digest of the sealed bytes that end a worker, or stop it, with CRASH_SIGNAL
CRASH_PATIENCE  seconds after which a silent worker is given up
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

TOLD = os.environ
OPENING_S = 0.004
"""So long a value takes at least: else the first worker has done all before a second is ready."""


def in_worker() -> None:
    """Leave a trace, and plant the poison: this is imported before the worker's work begins."""
    from mtdata.study.decryption.rsa_backends import FastOpener

    pids = Path(TOLD["CRASH_HOME"], "pids")
    pids.mkdir(exist_ok=True)
    (pids / str(os.getpid())).touch()
    whole, poison = FastOpener.open, TOLD.get("CRASH_POISON")

    def poisoned(self: FastOpener, sealed: bytes) -> bytes | None:
        time.sleep(OPENING_S)
        if poison and sha256(sealed).hexdigest() == poison:
            os.kill(os.getpid(), signal.Signals[TOLD["CRASH_SIGNAL"]])
        return whole(self, sealed)

    def each_poisoned(self: FastOpener, sealed: Sequence[bytes]) -> list[bytes | None]:
        return [poisoned(self, one) for one in sealed]

    FastOpener.open = poisoned  # type: ignore[method-assign]
    FastOpener.open_all = each_poisoned  # type: ignore[method-assign]


def main() -> int:
    """Set the stage, then hand over to the command line."""
    from mtdata.cli.main import run
    from mtdata.core import worker_pool
    from mtdata.study.decryption import cipher

    cipher.cores = lambda: 2
    cipher.CHUNK = 32  # few values make many tasks, and none is done before a worker is there
    helping = worker_pool.WorkerPool._help

    def alone(self: worker_pool.WorkerPool[str, str]) -> bool:
        return self._stillborn >= worker_pool.STILLBORN and helping(self)

    worker_pool.WorkerPool._help = alone  # type: ignore[method-assign]
    if "CRASH_PATIENCE" in TOLD:
        worker_pool.WorkerPool.__init__.__kwdefaults__["patience_s"] = float(TOLD["CRASH_PATIENCE"])
    if "CRASH_PYTHON" in TOLD:
        multiprocessing.set_executable(TOLD["CRASH_PYTHON"])
    return run(sys.argv[1:])


if __name__ == "__mp_main__":
    in_worker()
elif __name__ == "__main__":
    raise SystemExit(main())
