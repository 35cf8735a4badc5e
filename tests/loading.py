"""Loads the test files ahead, each worker from another one on; it tests nothing itself.

In a fresh checkout each test file is compiled when it is loaded, which takes as long as all else of
loading.  Workers that load the same file at the same time each compile it; where they begin at
different places, they find most of them compiled by another.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

TESTS = Path(__file__).parent


def load_ahead(environment: Mapping[str, str] = os.environ) -> None:
    """Load all of them where workers run beside each other; what fails is told when it is run."""
    worker = environment.get("PYTEST_XDIST_WORKER", "")
    count = int(environment.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    names = [_name_of(path) for path in sorted(TESTS.rglob("test_*.py"))]
    for name in turned(names, int(worker.removeprefix("gw") or 0), count) if worker else ():
        with suppress(Exception):
            import_module(name)


def turned(names: Sequence[str], number: int, count: int) -> list[str]:
    """The same names, from the place on at which the worker of that number begins."""
    first = len(names) * number // count
    return [*names[first:], *names[:first]]


def _name_of(path: Path) -> str:
    return ".".join(path.relative_to(TESTS.parent).with_suffix("").parts)
