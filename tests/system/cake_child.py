"""The child and the runner as they are, that end at a place which a test chose; it tests nothing.

`cake_child.py CONFIG` is a child, `cake_child.py --runner CONFIG` a runner that carries what is
queued.  Every touch of the world on a report's way is an event, written into a log before and after
it.  The environment says what happens at one of them, and the program itself never asks for it:

CAKE_CUT  the log, a file for the children (.child) and one for the runner (.runner); none = only
          the pauses between tries are short
CAKE_IN   whose events count: `child` or `runner`
CAKE_AT   at the event that makes so many lines of that log; 0 = nowhere; or "3 words": at the third
          event of these words
CAKE_WHO  who is killed there: `child` or `runner`; `stop` = somebody orders that the job stops
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

CHILD = (sys.executable, "-P", str(Path(__file__)))
OUTPUTS = ("stage", "publish", "drop", "remove")
SPOOLS = ("begin", "end", "write", "remove")


class Cutter:
    """Counts events in the log, and does the deed at one of them."""

    def __init__(self, role: str) -> None:
        told = os.environ
        self._log = Path(f"{told['CAKE_CUT']}.{role}")
        at = told["CAKE_AT"] if told["CAKE_IN"] == role else "0"
        number, _, self._words = at.partition(" ")
        self._at = int(number)
        self._who, self._role = told["CAKE_WHO"], role
        self.stage, self.job = "", ""

    def event(self, words: str) -> None:
        """One more; the deed when it is the one."""
        with self._log.open("a") as file:
            file.write(f"{words}\n")
        known = [one for one in self._log.read_text().splitlines() if self._words in ("", one)]
        if len(known) == self._at and self._words in ("", words):
            self._deed()

    def _deed(self) -> None:
        if self._who == "stop":
            from mtdata.jobs.records import orders

            orders.stop(self.job)
        elif self._who == self._role:
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)  # until SIGTERM, which an orphan sends itself
        raise AssertionError("nobody ended this child")

    def around(self, holder: Any, name: str, words: str) -> None:
        """Make events of every call of a function."""
        whole: Callable[..., Any] = getattr(holder, name)

        def watched(*given: Any, **more: Any) -> Any:
            self.event(f"before {words} in {self.stage}")
            made = whole(*given, **more)
            self.event(f"after {words} in {self.stage}")
            return made

        setattr(holder, name, watched)


def plant_in_child(cutter: Cutter) -> None:
    """Every touch of spool, output and records by the work of a part."""
    from mtdata.cake.spool import Spool
    from mtdata.core.output.bucket import BucketOutput
    from mtdata.core.output.folder import FolderOutput
    from mtdata.jobs import child

    whole = child.carry

    def carry(work: Any, kinds: Any) -> Any:
        from mtdata.jobs.records import claims

        cutter.stage, cutter.job = work.claimed.stage, work.job
        if not hasattr(claims, "_planted"):
            cutter.around(claims, "finish", "records: done")
            claims._planted = True  # type: ignore[attr-defined]
        cutter.event(f"before part in {cutter.stage}")
        return whole(work, kinds)

    child.carry = carry
    for name in OUTPUTS:
        for output in (FolderOutput, BucketOutput):
            cutter.around(output, name, f"output: {name}")
    for name in SPOOLS:
        cutter.around(Spool, name, f"spool: {name}")


def main(words: list[str]) -> int:
    """A child, or with --runner a runner."""
    is_runner = words[0] == "--runner"
    role = "runner" if is_runner else "child"
    cutter = Cutter(role) if "CAKE_CUT" in os.environ else None
    if is_runner:
        return run_runner(Path(words[1]), cutter)
    from mtdata.cake.client.client import Client
    from mtdata.duties import KINDS
    from mtdata.jobs import child

    assert Client.__init__.__kwdefaults__["backoff_s"]
    Client.__init__.__kwdefaults__["backoff_s"] = 0.001  # the tries count here, not the waits
    if cutter is not None:
        plant_in_child(cutter)
    return child.leave(child.main(words, KINDS))


def run_runner(config: Path, cutter: Cutter | None) -> int:
    """Carry what is queued, as `mtdata runner --once` does."""
    from mtdata.config import load
    from mtdata.duties import KINDS
    from mtdata.jobs.records import setting
    from mtdata.jobs.runner import JobRunner, options_of

    settings = load(config, os.environ)
    setting.open_migrated(settings.database)
    if cutter is not None:
        from mtdata.jobs.child_session import Child
        from mtdata.jobs.records import claims

        cutter.stage = "the records"
        cutter.around(claims, "claim", "claim")
        cutter.around(claims, "claim_next", "claim")
        cutter.around(Child, "order", "order")
    JobRunner(settings, KINDS, options=options_of(settings, CHILD), count=1).drain()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
