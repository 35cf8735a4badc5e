"""The life of a worker process, from its first line on; it imports little, for it starts often.

What it works with comes through its pipe, and imports what it needs itself.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import Any


def serve(pipe: Connection[Any, Any], parent: int) -> None:
    """The life of a worker: the outfit comes first, then items, each answered in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when it is over
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # an image of this process holds keys
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - a traceback could quote an answer
    inbox: SimpleQueue[Any] = SimpleQueue()
    Thread(target=_listen, args=(pipe, parent, inbox), daemon=True).start()
    answer_for = inbox.get()()
    pipe.send("ready")
    while True:
        pipe.send(answer_for(inbox.get()))


def _listen(pipe: Connection[Any, Any], parent: int, inbox: SimpleQueue[Any]) -> None:
    """Read ahead, so that the parent never waits to write; end all when pipe or parent end."""
    try:
        while os.getppid() == parent:
            if pipe.poll(1.0):
                inbox.put(pipe.recv())
    finally:
        os._exit(0)
