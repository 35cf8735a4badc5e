"""A fork of a test's own process that does one act and ends; it never goes on as the test."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable

PATIENCE_S = 60


def forked(act: Callable[[], object]) -> int:
    """Do this in a fork; its exit code, 1 where it raised anything, below 0 where it took too long.

    Without the guard what is raised there would unwind through the fork's copy of the test run.
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(PATIENCE_S)
        act()
        code = 0
    except BaseException:  # whatever it is, it may not leave this function
        traceback.print_exc()
    finally:
        os._exit(code)
