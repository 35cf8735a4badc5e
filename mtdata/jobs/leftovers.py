"""What a job left in the process of its child; it looks, and puts nothing back.

Whatever differs from before the job is named by a word of ours, never by what it holds.  A child
that shows anything is ended: only one that shows nothing carries another job.
"""

from __future__ import annotations

import builtins
import csv
import ctypes
import decimal
import fcntl
import gc
import locale
import logging
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from functools import _lru_cache_wrapper
from itertools import takewhile
from pathlib import Path
from types import ModuleType, NoneType
from typing import Any

PR_SET_CHILD_SUBREAPER = 36
GROWN_KB = 64 * 1024
"""So much more memory than before its first job, and a child is begun anew."""
_SELF = Path("/proc/self")
_TOLD = ("Umask", "Threads", "SigBlk", "SigIgn", "SigCgt", "CapEff", "CapPrm", "NoNewPrivs")
"""What of /proc/self/status a job may not change; the signals as the system has them."""
_MUTABLE = (dict, list, set, deque, defaultdict, OrderedDict, bytearray)
_PLAIN = (NoneType, bool, int, float, str, bytes, tuple)
_LIMITS = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
_BY_CONFIG = ("mtdata.jobs.records.setting", "mtdata.logs")
"""What these hold is of the config, which is read anew for each job."""


CAN_LOOK = sys.platform == "linux"
"""Elsewhere a process cannot be looked at like that: there a child carries one job, as before."""


def adopt_orphans() -> None:
    """From now on a process is this one's child when the one that began it has ended.

    Where the system does not know that (it came with Linux 3.4) such a one goes unseen.
    """
    if not CAN_LOOK:
        return
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Leftovers:
    """The process as it is before a job, to be compared with what it is behind it."""

    def __init__(self, packages: Collection[str]) -> None:
        """`packages` are the program's own: what their modules hold is looked at as well."""
        self._program = _Program(packages)
        gc.collect()
        gc.freeze()  # what is known of the program is no job's, and large: no job pays for it
        self._memory_kb = _resident_kb()
        # what is frozen the collector lists no more; to count that takes longer than many a job
        self._listed: list[list[int]] = [[]]
        self._before = _looked()

    def differences(self, ours: Collection[str] = ()) -> list[str]:
        """What differs by now, in our words; empty where the job shows nowhere.

        `ours` are numbers of files that the program itself holds open since.
        """
        now = _looked()
        for number in ours:
            now["open files"].pop(number, None)
        found = [word for word, one in now.items() if one != self._before[word]]
        if _has_children():
            found.append("a process")
        is_frozen = all(one is not self._listed for one in gc.get_objects())
        if is_frozen or _resident_kb() > self._memory_kb + GROWN_KB:
            found.append("memory")
        return found + self._program.changed()


class _Program:
    """What the modules and classes of the program hold by name."""

    def __init__(self, packages: Collection[str]) -> None:
        self._packages = frozenset(packages)
        self._caches: list[Any] = []
        self._known: dict[str, ModuleType] = {}
        self._loaded = 0  # modules, of whomever
        self._scopes: list[tuple[str, Any, dict[str, Any]]] = []
        self._held: list[tuple[str, Any, Any]] = []
        for module in self._new():
            self._learn(module)

    def _new(self) -> list[ModuleType]:
        if len(sys.modules) == self._loaded:
            return []
        self._loaded = len(sys.modules)
        found = {
            name: module
            for name, module in list(sys.modules.items())
            if name not in self._known
            and name.partition(".")[0] in self._packages
            and not name.startswith(_BY_CONFIG)
        }
        self._known |= found
        return list(found.values())

    def _learn(self, module: ModuleType) -> None:
        for scope in (module, *_classes_of(module)):
            kept = dict(vars(scope))
            if scope is module or any(map(_is_state, kept, kept.values())):
                self._scopes.append((module.__name__, scope, kept))
            self._caches += [one for one in kept.values() if type(one) is _lru_cache_wrapper]
            self._held += [
                (module.__name__, one, one.copy())
                for key, one in kept.items()
                if type(one) in _MUTABLE and not key.startswith("__")
            ]

    def changed(self) -> list[str]:
        """The modules that hold something else; what they remember of calls is forgotten."""
        found = {name for name, scope, kept in self._scopes if _differs(scope, kept)}
        found |= {name for name, one, before in self._held if one != before}
        for module in self._new():  # loaded by the job: of these nobody knows what stood before
            state = [one for name, one in vars(module).items() if _is_state(name, one)]
            found |= {module.__name__} if any(state) else set()
            self._learn(module)
        for cache in self._caches:
            cache.cache_clear()
        return sorted(found)


def _classes_of(module: ModuleType) -> Iterator[type]:
    for one in list(vars(module).values()):
        if issubclass(type(one), type) and one.__module__ == module.__name__:
            yield one


def _differs(scope: Any, kept: dict[str, Any]) -> bool:
    now = vars(scope)
    if now == kept:  # all at once, since there are thousands of names
        return False
    return any(
        now.get(name) is not kept.get(name)
        for name in now.keys() | kept.keys()
        if not name.startswith("__") and not isinstance(now.get(name), ModuleType)
    )


def _is_state(name: str, value: object) -> bool:
    """Whether it is there to be changed, by its name and sort: constants have capitals."""
    return name == name.lower() and name[:2] != "__" and type(value) in (*_MUTABLE, *_PLAIN)


def _status() -> dict[str, str]:
    lines = (_SELF / "status").read_text("ascii", "replace").splitlines()
    return {name: told.strip() for name, _, told in (line.partition(":") for line in lines)}


def _kernel_state() -> list[str]:
    status = _status()
    return [status[name] for name in _TOLD]


def _resident_kb() -> int:
    return int(_status()["VmRSS"].split()[0])


def _open_files() -> dict[str, tuple[str, int]]:
    """What is open by its number, and how: what waits for nobody does so in every process."""
    found = {}
    for file in os.listdir(_SELF / "fd"):
        with suppress(OSError):  # that of the listing itself
            how = fcntl.fcntl(int(file), fcntl.F_GETFL)
            found[file] = os.readlink(_SELF / "fd" / file), how
    return found


def _environment() -> Any:
    """As Python has it, and as a process that it begins would: `os.putenv` tells Python nothing."""
    kept: Any = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    return dict(os.environ), list(takewhile(bool, kept)) if kept else []


def _has_children() -> bool:
    """Whether there is a process that it began, or that such a one began and left."""
    with suppress(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
        return True
    return False


def _logging() -> Any:
    """All that is not as Python makes a logger; libraries bring a handler that does nothing."""
    root = logging.getLogger()
    names = [
        name for name, one in root.manager.loggerDict.items() if isinstance(one, logging.Logger)
    ]
    found = {}
    for one in (root, *map(logging.getLogger, names)):
        handlers = [
            (own, own.level, own.formatter, list(own.filters))
            for own in one.handlers
            if type(own) is not logging.NullHandler
        ]
        state = one.level, one.disabled, one.propagate, handlers, list(one.filters)
        if state != (logging.NOTSET, False, True, [], []):
            found[one.name] = state
    made = logging.getLogRecordFactory(), logging.getLoggerClass()
    return found, root.manager.disable, made, logging.raiseExceptions


def _interpreter() -> Any:
    hooks = (
        sys.excepthook,
        sys.unraisablehook,
        threading.excepthook,
        sys.displayhook,
        sys.gettrace(),
        sys.getprofile(),
        threading.gettrace(),
        threading.getprofile(),
    )
    streams = sys.stdin, sys.stdout, sys.stderr
    paces = sys.getrecursionlimit(), sys.getswitchinterval(), gc.isenabled(), gc.get_threshold()
    kept = socket.getdefaulttimeout(), csv.field_size_limit(), csv.list_dialects()
    lists: tuple[list[Any], ...] = (
        sys.path,
        sys.meta_path,
        sys.path_hooks,
        sys.argv,
        gc.callbacks,
    )
    everywhere = threading.stack_size(), dict(vars(builtins))
    return hooks, streams, paces, kept, [one.copy() for one in lists], everywhere


def _limits() -> Any:
    ids = os.getresuid(), os.getresgid(), os.getgroups()
    share = os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0), os.sched_getscheduler(0)
    return ids, share, [resource.getrlimit(one) for one in _LIMITS]


def _signals() -> Any:
    timers = signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF
    handlers = [signal.getsignal(number) for number in sorted(signal.valid_signals())]
    ringing = [any(signal.getitimer(timer)) for timer in timers]
    return handlers, ringing, signal.pthread_sigmask(signal.SIG_BLOCK, ())


def _numbers() -> Any:
    now = decimal.getcontext()
    now.clear_flags()  # any division sets one
    return repr(now), repr(decimal.DefaultContext)


def _looked() -> dict[str, Any]:
    return {word: look() for word, look in _LOOKS.items()}


_LOOKS: dict[str, Callable[[], Any]] = {
    "umask, threads or signals": _kernel_state,
    "the environment": _environment,
    "the working folder": os.getcwd,
    "open files": _open_files,
    "handlers of signals": _signals,
    "the locale": lambda: locale.setlocale(locale.LC_ALL),
    "the time zone": lambda: (time.tzname, time.timezone, time.altzone),
    "how decimals are reckoned": _numbers,
    "the log": _logging,
    "the interpreter": _interpreter,
    "limits": _limits,
}
