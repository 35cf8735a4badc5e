"""What a worker process imports before its first task: no more than that needs."""

from __future__ import annotations

import pickle
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from mtdata.jobs.kind import Kind
from mtdata.study.decryption.cipher import RsaCipher
from mtdata.study.integrity.page_check import page_check
from mtdata.study.operations.jobs import DECODE, EXPORT
from tests.contracts.cipher_contract import key_of

OURS = {
    "mtdata.core.pool_worker",
    "mtdata.study.decryption.key_ring",
    "mtdata.study.decryption.private_key",
    "mtdata.study.decryption.rsa_backends",
    "mtdata.study.decryption.sealing",
    "mtdata.study.model.still_sealed",
}
UNASKED = ("Crypto", "cryptography.x509", "json", "logging", "requests", "sqlite3", "yaml")
"""A word of these costs as much as all the rest, or tells that the program itself came along."""
SAYS = """
import multiprocessing.spawn, pickle, sys
import mtdata.core.pool_worker
pickle.load(sys.stdin.buffer)()
print(*sorted(sys.modules))
"""
OPENS = """
import pickle, sys
from importlib import import_module
for module in pickle.load(sys.stdin.buffer):
    import_module(module)
before = set(sys.modules)
from mtdata.study.decryption.cipher import RsaCipher
RsaCipher(pickle.load(sys.stdin.buffer), padding=sys.argv[1], workers=0)
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.parametrize("padding", ["pkcs1", "oaep,pkcs1"])
def test_a_worker_imports_what_opens_values_and_nothing_else_of_the_program(
    tmp_path: Path, padding: str
) -> None:
    cipher = RsaCipher([key_of(tmp_path, 1024)], padding=padding, workers=1)
    found = imported_for(cipher._workers._outfit)
    packages = {name for name in found if hasattr(sys.modules.get(name), "__path__")}
    assert {name for name in found - packages if name.startswith("mtdata.")} == OURS
    assert not found.intersection(UNASKED)


def test_a_worker_that_reads_pages_of_a_pool_imports_neither_ledger_nor_keys(
    tmp_path: Path,
) -> None:
    found = imported_for(partial(page_check, tmp_path))
    unasked = {*UNASKED, "cryptography", "http", "ssl"} - {"json"}
    assert not found.intersection(unasked)
    rooms = ("mtdata.study.ledger.", "mtdata.study.decryption.", "mtdata.config.")
    assert not [name for name in found if name.startswith(rooms)]
    assert "mtdata.study.files.sheet_lines" in found


@pytest.mark.parametrize("kind", [DECODE, EXPORT], ids=lambda kind: kind.name)
def test_a_child_that_waits_for_a_part_has_loaded_what_tries_a_key(
    tmp_path: Path, kind: Kind
) -> None:
    key = key_of(tmp_path, 1024)
    said = subprocess.run(
        [sys.executable, "-P", "-c", OPENS, "pkcs1"],
        input=pickle.dumps(kind.brings) + pickle.dumps([key]),
        capture_output=True,
        check=True,
    )
    assert said.stdout.split() == []


def imported_for(outfit: object) -> set[str]:
    """The modules of a worker that was given it."""
    said = subprocess.run(
        [sys.executable, "-P", "-c", SAYS],
        input=pickle.dumps(outfit),
        capture_output=True,
        check=True,
    )
    return set(said.stdout.decode().split())
