"""Who may read the file of a private key; it tests no cipher."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mtdata.study.decryption.keys import load_keys
from tests.contracts.cipher_contract import pair
from tests.owners import is_root

US = 995


OURS, MORE_OF_OURS, THEIRS = 995, 2000, 996
"""Groups."""


def _is_given(monkeypatch: pytest.MonkeyPatch, mode: int, uid: int, gid: int) -> None:
    """Let files seem to have that mode and owner, and this process be another user than root."""
    monkeypatch.setattr(os, "getegid", lambda: OURS)
    monkeypatch.setattr(os, "getgroups", lambda: [OURS, MORE_OF_OURS])
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


@pytest.mark.parametrize(
    ("mode", "uid", "gid"),
    [
        *((0o600, US, US), (0o400, US, 0), (0o440, 0, 0)),
        *((0o440, 0, OURS), (0o440, 0, MORE_OF_OURS), (0o640, 0, MORE_OF_OURS), (0o040, 0, OURS)),
    ],
)
def test_a_key_of_ours_or_of_root_for_us_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, uid: int, gid: int
) -> None:
    assert "holds no private key" in _refusal(tmp_path, monkeypatch, mode, uid, gid)


@pytest.mark.parametrize(
    ("mode", "uid", "gid"),
    [
        *((0o440, US, US), (0o440, 0, THEIRS), (0o440, US, 0), (0o460, 0, 0), (0o640, 0, 0)),
        *((0o444, 0, 0), (0o444, 0, OURS), (0o460, 0, OURS), (0o450, 0, OURS), (0o441, 0, OURS)),
    ],
)
def test_a_key_that_others_may_use_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, uid: int, gid: int
) -> None:
    assert "others than its owner" in _refusal(tmp_path, monkeypatch, mode, uid, gid)


def test_root_reads_what_a_group_of_its_own_may_read_and_no_credential_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.adapters.test_keys.US", 0)
    assert "others than its owner" in _refusal(tmp_path, monkeypatch, 0o440, 0, 0)
    assert "holds no private key" in _refusal(tmp_path, monkeypatch, 0o440, 0, OURS)
    with monkeypatch.context() as patch:
        patch.setattr("tests.adapters.test_keys.OURS", 0)
        assert "others than its owner" in _refusal(tmp_path, patch, 0o440, 0, 0)


def test_who_cannot_change_its_mode_is_told_what_can_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = _refusal(tmp_path, monkeypatch, 0o444, 0, 0)
    assert f"sudo chown {US} {tmp_path / 'study.pem'} && sudo chmod 600 {tmp_path}" in told
    real = os.statvfs(tmp_path)
    fields = [real[at] for at in range(real.n_sequence_fields)]
    fields[8] |= os.ST_RDONLY
    monkeypatch.setattr(os, "fstatvfs", lambda number: os.statvfs_result(fields))
    told = _refusal(tmp_path, monkeypatch, 0o444, 0, 0)
    assert "chmod" not in told
    for word in ("read-only", "mode: 0400", f'uid: "{US}"', "defaultMode: 0400", "fsGroup"):
        assert word in told


@pytest.mark.skipif(not is_root(), reason="only root may give files away; .ci/run is root")
def test_a_secret_that_root_gave_to_our_group_is_read_by_a_process_of_that_group(
    tmp_path: Path,
) -> None:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    path = folder / "study.pem"
    path.write_bytes(pair(1024, 0)[0])
    path.chmod(0o440)
    os.chown(path, 0, MORE_OF_OURS)
    folder.chmod(0o755)
    program = (
        "import os, pathlib, sys; from mtdata.study.decryption.keys import load_keys\n"
        "import codecs; codecs.lookup('utf-8-sig')\n"  # its file may be closed to others
        "os.setgroups([int(n) for n in sys.argv[2:]]); os.setgid(995); os.setuid(995)\n"
        "keys, faults = load_keys([pathlib.Path(sys.argv[1])], None)\n"
        "print(len(keys), [fault.reason for fault in faults])"
    )
    try:
        for groups, read in {(str(MORE_OF_OURS),): "1 []", (): "0 ["}.items():
            words = [sys.executable, "-P", "-c", program, str(path), *groups]
            done = subprocess.run(words, capture_output=True, text=True, timeout=60)
            assert done.stdout.startswith(read), done.stdout + done.stderr
    finally:
        shutil.rmtree(folder)
