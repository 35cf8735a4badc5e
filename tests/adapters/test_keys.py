"""Who may read the file of a private key; it tests no cipher."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mtdata.adapters.keys import load_keys

US = 995


def _is_given(monkeypatch: pytest.MonkeyPatch, mode: int, uid: int, gid: int) -> None:
    """Let files seem to have that mode and owner, and this process be another user than root."""
    given = os.stat_result((0o100000 | mode, 1, 1, 1, uid, gid, 0, 0, 0, 0))
    monkeypatch.setattr(os, "fstat", lambda number: given)
    monkeypatch.setattr(os, "geteuid", lambda: US)


def _refusal(folder: Path, monkeypatch: pytest.MonkeyPatch, mode: int, uid: int, gid: int) -> str:
    path = folder / "study.pem"
    path.write_bytes(b"no key")
    with monkeypatch.context() as patch:
        _is_given(patch, mode, uid, gid)
        _, [fault] = load_keys([path], None)
    return fault.reason


@pytest.mark.parametrize(("mode", "uid", "gid"), [(0o600, US, US), (0o400, US, 0), (0o440, 0, 0)])
def test_a_key_of_ours_or_a_credential_of_systemd_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, uid: int, gid: int
) -> None:
    assert "holds no private key" in _refusal(tmp_path, monkeypatch, mode, uid, gid)


@pytest.mark.parametrize(
    ("mode", "uid", "gid"),
    [(0o440, US, US), (0o440, 0, US), (0o440, US, 0), (0o444, 0, 0), (0o460, 0, 0), (0o640, 0, 0)],
)
def test_a_key_that_others_may_use_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, uid: int, gid: int
) -> None:
    assert "others than its owner" in _refusal(tmp_path, monkeypatch, mode, uid, gid)


def test_root_has_no_use_for_that_exception(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.adapters.test_keys.US", 0)
    assert "others than its owner" in _refusal(tmp_path, monkeypatch, 0o440, 0, 0)
