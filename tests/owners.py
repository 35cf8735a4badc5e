"""Files of another user, for tests that run as root and for those that do not; no test itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

OTHER = 4321
_REAL = os.geteuid()


def is_root() -> bool:
    """Whether the tests run as root, who may give files away."""
    return _REAL == 0


def pretend(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    """Whoever asks who we are hears this."""
    monkeypatch.setattr(os, "geteuid", lambda: uid)


def given_away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """From now on we are root, and the folder with all in it is another user's; his number."""
    if not is_root():
        pretend(monkeypatch, 0)
        return _REAL
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, OTHER, OTHER, follow_symlinks=False)
    return OTHER
