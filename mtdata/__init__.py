"""MTData moves data off servers that must not keep it, into a pool that is provably complete.

What a program or a notebook may use of it is in `__all__`, and docs/LIBRARY.md tells of it; all
else is our own, and may change with any version.  Each is loaded when it is first asked for.
"""

from importlib import import_module
from typing import Any

__version__ = "0.9.0"
__all__ = [
    "CellsLost",
    "ConfigError",
    "MTDataError",
    "Pool",
    "SheetChanged",
    "SnapshotOver",
    "StorageError",
    "UnknownEntry",
    "UsageError",
    "__version__",
]
_ROOMS = {
    "CellsLost": "toolbox.library.lazy_table",
    "ConfigError": "core.errors",
    "MTDataError": "core.errors",
    "Pool": "toolbox.library.pool",
    "SheetChanged": "toolbox.faults",
    "SnapshotOver": "study.operations.pool_moment",
    "StorageError": "core.errors",
    "UnknownEntry": "study.operations.receipts",
    "UsageError": "core.errors",
}
"""By what room each is brought; `import` alone has to cost nothing."""


def __getattr__(name: str) -> Any:
    """Bring what is public, once it is asked for."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
