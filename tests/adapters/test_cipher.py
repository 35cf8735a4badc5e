"""Opening sealed values: both libraries under one contract, keys, chance, and many processes."""

from __future__ import annotations

import os
import signal
from base64 import b64encode
from pathlib import Path
from random import Random

import pytest

from mtdata.adapters.cipher import ClearCipher, RsaCipher, by_chance
from mtdata.adapters.keys import load_keys
from mtdata.adapters.openers import FastOpener, ReferenceOpener
from mtdata.domain.row import Opened, StillSealed
from tests.contracts.cipher_contract import OpenerContract, key_of, pair, sealed


class TestFastOpener(OpenerContract):
    opener = FastOpener


class TestReferenceOpener(OpenerContract):
    opener = ReferenceOpener


def opened(cipher: RsaCipher | ClearCipher, values: list[str]) -> Opened:
    [(_, answer)] = list(cipher.unseal_each([("work", values)]))
    return answer


def text(bits: int, plain: str, number: int = 0) -> str:
    return b64encode(sealed(bits, plain, number)).decode()


def test_the_fast_library_agrees_with_the_reference_on_every_damaged_value(tmp_path: Path) -> None:
    key, rng = key_of(tmp_path, 1024), Random(3)
    fast, reference = FastOpener(key), ReferenceOpener(key)
    for number in range(400):
        value = bytearray(sealed(1024, str(number)))
        if number % 4:
            value[rng.randrange(1, len(value))] ^= rng.randrange(256)
        assert fast.open(bytes(value)) == reference.open(bytes(value))


@pytest.mark.parametrize("workers", [0, 2])
def test_many_values_come_back_in_order_with_any_number_of_workers(
    tmp_path: Path, workers: int
) -> None:
    cipher = RsaCipher([key_of(tmp_path, 1024)], workers=workers, inline_below=10)
    one = [text(1024, str(n)) for n in range(50)]
    try:
        work = [(n, one[n:] + one[:n]) for n in range(12)]
        for n, answer in cipher.unseal_each(iter(work)):
            assert answer.texts == [str((n + k) % 50) for k in range(50)]
    finally:
        cipher.close()


def test_a_worker_that_is_killed_is_replaced_and_its_work_done_again(tmp_path: Path) -> None:
    cipher = RsaCipher([key_of(tmp_path, 2048)], workers=2, inline_below=10)
    one = [text(2048, str(n)) for n in range(40)]
    try:
        answers = cipher.unseal_each((n, one * 30) for n in range(4))
        assert next(answers)[1].texts == [str(n) for n in range(40)] * 30
        os.kill(cipher._crew.pids()[0], signal.SIGKILL)
        assert [a.texts for _, a in answers] == [[str(n) for n in range(40)] * 30] * 3
    finally:
        cipher.close()


def test_each_of_several_keys_opens_its_own_and_is_named(tmp_path: Path) -> None:
    keys = [key_of(tmp_path, 1024), key_of(tmp_path, 1024, 1), key_of(tmp_path, 2048)]
    cipher = RsaCipher(keys, workers=0)
    answer = opened(cipher, [text(1024, "a"), text(1024, "b", 1), text(2048, "c")])
    assert answer.texts == ["a", "b", "c"]
    assert answer.keys == [key.name for key in keys]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("not base64!", "not base64"),
        ("QUJD", "no key of its size"),
        (text(1024, "x", 2), "no key opens it"),
        (text(1024, "bell\a"), "not text"),
    ],
)
def test_what_does_not_open_stays_sealed_with_a_reason(
    tmp_path: Path, value: str, reason: str
) -> None:
    cipher = RsaCipher([key_of(tmp_path, 1024)], workers=0)
    assert opened(cipher, [value, text(1024, "fine")]).texts == [StillSealed(reason), "fine"]


def test_without_a_key_nothing_opens_and_other_keys_give_another_fingerprint(
    tmp_path: Path,
) -> None:
    none, one = RsaCipher([], workers=0), RsaCipher([key_of(tmp_path, 1024)], workers=0)
    assert opened(none, [text(1024, "x")]).texts == [StillSealed("no key")]
    assert none.fingerprint() != one.fingerprint()


def test_encryption_off_passes_clear_text_through() -> None:
    assert opened(ClearCipher(), ["clear", "text"]).texts == ["clear", "text"]


def test_a_key_that_opens_one_in_a_hundred_opened_it_by_chance() -> None:
    fail = (StillSealed("no key opens it"), "", 128)
    assert by_chance([("x", "k", 128)] + [fail] * 100)
    assert not by_chance([("x", "k", 128)] * 50 + [fail] * 50)
    assert not by_chance([("x", "k", 128), fail])


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o777])
def test_a_key_that_others_may_read_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "k.pem"
    path.write_bytes(pair(1024, 0)[0])
    path.chmod(mode)
    keys, [fault] = load_keys([path], None)
    assert keys == []
    assert "chmod 600" in fault.reason


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n"])
def test_a_file_that_is_no_key_is_a_fault_that_quotes_nothing(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "k.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    keys, [fault] = load_keys([path, tmp_path / "absent.pem"][:1], None)
    assert keys == []
    assert fault.name == "k.pem"
    assert "AAAA" not in fault.reason
