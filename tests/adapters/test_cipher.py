"""Opening sealed values: both libraries under one contract, keys, chance, and many processes."""

from __future__ import annotations

import os
import signal
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from Crypto.Cipher import PKCS1_v1_5

from mtdata.core.errors import ConfigError
from mtdata.study.decryption import cipher as cipher_room
from mtdata.study.decryption.cipher import (
    ClearCipher,
    RsaCipher,
    by_chance,
    settled,
)
from mtdata.study.decryption.key_ring import BLOCK, KeyRing
from mtdata.study.decryption.keys import load_keys, self_test
from mtdata.study.decryption.private_key import PrivateKey
from mtdata.study.decryption.rsa_backends import BareOpener, FastOpener, ReferenceOpener
from mtdata.study.decryption.sealing import at_size
from mtdata.study.model.row import Opened
from mtdata.study.model.still_sealed import StillSealed
from tests.contracts.cipher_contract import OpenerContract, key_of, pair, sealed


class TestFastOpener(OpenerContract):
    opener = FastOpener


class TestReferenceOpener(OpenerContract):
    opener = ReferenceOpener


def opened(cipher: RsaCipher | ClearCipher, values: list[Any]) -> Opened:
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


def lenient(opener: Any, monkeypatch: pytest.MonkeyPatch, every: int = 1) -> None:
    """From now on it gives '' for each value that it should refuse, or for one in `every`."""
    true, refused = opener.open, count(1)
    self_test.cache_clear()
    monkeypatch.setattr(
        opener,
        "open",
        lambda self, value: (
            b"" if (text := true(self, value)) is None and not next(refused) % every else text
        ),
    )


@pytest.fixture
def untried() -> Iterator[None]:
    """What the libraries passed is not known yet, nor after the test."""
    self_test.cache_clear()
    yield
    self_test.cache_clear()


@pytest.mark.usefixtures("untried")
@pytest.mark.parametrize("every", [1, 2, 5])
def test_no_key_opens_anything_where_the_arbiter_opens_what_is_a_strangers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    lenient(ReferenceOpener, monkeypatch, every)
    with pytest.raises(ConfigError, match="nothing is opened"):
        RsaCipher([key_of(tmp_path, 1024)], workers=0)


@pytest.mark.usefixtures("untried")
@pytest.mark.parametrize(("opener", "padding"), [(BareOpener, "none"), (FastOpener, "pkcs1")])
def test_a_library_that_opens_what_is_a_strangers_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opener: Any, padding: str
) -> None:
    lenient(opener, monkeypatch)
    if padding == "none":
        with pytest.raises(ConfigError, match="nothing is opened"):
            RsaCipher([key_of(tmp_path, 1024)], padding=padding, workers=0)
        return
    cipher = RsaCipher([key_of(tmp_path, 1024)], workers=0)
    sent = [text(1024, "fine"), *(text(1024, str(n), 1) for n in range(50))]
    assert opened(cipher, sent).texts == ["fine", *[StillSealed("no key opens it")] * 50]


@pytest.mark.usefixtures("untried")
@pytest.mark.parametrize("fault", [TypeError, AttributeError, ImportError, ValueError])
def test_a_library_that_is_called_otherwise_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    def otherwise(*_: object) -> bytes:
        raise fault

    monkeypatch.setattr(ReferenceOpener, "open", otherwise)
    with pytest.raises(ConfigError, match="nothing is opened"):
        RsaCipher([key_of(tmp_path, 1024)], workers=0)


def test_what_the_fast_library_cannot_tell_itself_it_asks_the_arbiter(tmp_path: Path) -> None:
    key, rng, asked = key_of(tmp_path, 1024), Random(5), []
    fast, reference = FastOpener(key), ReferenceOpener(key)
    while len(asked) < 20:
        value = b"\0" + rng.randbytes(127)
        keyed = fast._keyed.copy()
        keyed.update(value)
        if (
            fast._length(keyed.digest()) <= 4
        ):  # what OpenSSL makes up for it is as short as an answer
            asked.append(value)
    assert [fast.open(value) for value in asked] == [reference.open(value) for value in asked]
    assert [fast.open(value) for value in asked].count(None) >= 19


def test_each_value_of_a_block_is_what_it_is_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng, at_once = Random(7), FastOpener.open_all

    def of_its_size(opener: FastOpener, sealed: Sequence[bytes]) -> list[bytes | None]:
        assert {*map(len, sealed)} == {128}
        return at_once(opener, sealed)

    monkeypatch.setattr(FastOpener, "open_all", of_its_size)
    keys = [key_of(tmp_path, 1024, number) for number in range(2)]
    sort: list[Callable[[int], str]] = [
        lambda n: text(1024, str(n)),
        lambda n: text(1024, str(n), 1),
        lambda n: text(1024, str(n), 2),  # of a stranger
        lambda n: b64encode(rng.randbytes(128)).decode(),  # damaged: no library says so by itself
        lambda n: b64encode(b"\xff" * 128).decode(),  # above the modulus
        lambda n: rng.choice(["", "no base64", text(2048, "x"), "QUJD"]),
    ]
    for kinds in ((0,), (0, 0, 0, 2), (0, 3), (1,), (0, 1), (0, 4), (0, 5), (2,)):
        values = [sort[rng.choice(kinds)](n) for n in range(3 * BLOCK + 1)]
        ring, alone = KeyRing(keys, FastOpener), KeyRing(keys, FastOpener)
        assert ring.attempts(values) == [alone._attempt(value) for value in values], kinds


def test_values_that_no_key_opens_are_tried_but_once_behind_the_first_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks, at_once = list[int](), FastOpener.open_all

    def noted(opener: FastOpener, sealed: Sequence[bytes]) -> list[bytes | None]:
        blocks.append(len(sealed))
        return at_once(opener, sealed)

    monkeypatch.setattr(FastOpener, "open_all", noted)
    ring = KeyRing([key_of(tmp_path, 1024)], FastOpener)
    ring.attempts([text(1024, str(n), 1) for n in range(4 * BLOCK)])
    assert blocks == [BLOCK]
    good = [str(n) for n in range(3 * BLOCK)]
    assert [found for found, _, _ in ring.attempts([text(1024, n) for n in good])] == good
    assert blocks == [BLOCK] * 3  # the first block of good ones goes one by one still


def test_each_value_of_a_block_is_proven_to_be_no_rejection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proven, proof = list[bytes](), FastOpener._rejected

    def noted(opener: FastOpener, sealed: bytes, text: bytes) -> bool:
        proven.append(sealed)
        return proof(opener, sealed, text)

    monkeypatch.setattr(FastOpener, "_rejected", noted)
    values = [sealed(1024, str(n)) for n in range(BLOCK)]
    ring = KeyRing([key_of(tmp_path, 1024)], FastOpener)
    ring.attempts([b64encode(value).decode() for value in values])
    assert proven == values


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
        os.kill(cipher._workers.pids()[0], signal.SIGKILL)
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
        (b64encode(PKCS1_v1_5.new(pair(1024, 0)[1]).encrypt(b"\xe9")).decode(), "not text"),
        ("", "not a sealed text"),
        (17, "not a sealed text"),
        (True, "not a sealed text"),
        ([], "not a sealed text"),
        ({"a": 1}, "not a sealed text"),
    ],
)
def test_what_does_not_open_stays_sealed_with_a_reason(
    tmp_path: Path, value: Any, reason: str
) -> None:
    cipher = RsaCipher([key_of(tmp_path, 1024)], workers=0)
    assert opened(cipher, [value, text(1024, "fine")]).texts == [StillSealed(reason), "fine"]


def test_what_a_key_unpads_opens_exactly_whatever_it_looks_like(tmp_path: Path) -> None:
    cipher = RsaCipher([key_of(tmp_path, 1024)], workers=0)
    letters = [chr(number) for number in (*range(0x20), *range(0x7F, 0xA1))]
    plain = [told for one in letters for told in (one, f"a{one}b", one * 20)]
    assert opened(cipher, [text(1024, one) for one in plain]).texts == plain


def test_so_do_texts_with_letters_that_no_terminal_shows(tmp_path: Path) -> None:
    cipher = RsaCipher([key_of(tmp_path, 1024)], workers=0)
    plain = ["\x85", "\x80\x9f", "\ufeffa", "\u200b", "\u2028", "\ufffe", "\U0010ffff", "\r\n", ""]
    assert opened(cipher, [text(1024, one) for one in plain]).texts == plain


def test_without_padding_the_look_of_the_text_is_the_only_proof(tmp_path: Path) -> None:
    key = key_of(tmp_path, 1024)
    public: Any = pair(1024, 0)[1]
    bare = [pow(int.from_bytes(one, "big"), public.e, public.n) for one in (b"4711", b"a\x0bb")]
    values = [b64encode(number.to_bytes(128, "big")).decode() for number in bare]
    answer = opened(RsaCipher([key], padding="none", workers=0), values)
    assert answer.texts == ["4711", StillSealed("no key opens it")]


def _with_leading_zeros(number: int) -> bytes:
    return next(one for n in range(10**6) if not any((one := sealed(1024, f"text {n}"))[:number]))


def test_a_value_without_its_leading_zeros_or_with_more_of_them_opens(tmp_path: Path) -> None:
    cipher = RsaCipher([key_of(tmp_path, 1024), key_of(tmp_path, 2048)], workers=0)
    short = _with_leading_zeros(1)
    forms = [short, short[1:], b"\0" + short, bytes(4) + short]
    answer = opened(cipher, [b64encode(form).decode() for form in forms])
    assert len(set(answer.texts)) == 1
    assert str(answer.texts[0]).startswith("text ")
    assert set(answer.keys) == {"1024_0.pem"}


def test_only_zeros_are_added_or_left_out_and_few_of_them() -> None:
    assert at_size(b"\1" * 8, 8) == b"\1" * 8
    assert at_size(b"\1" * 7, 8) == b"\0" + b"\1" * 7
    assert at_size(b"\1" * 4, 8) == b"\0" * 4 + b"\1" * 4
    assert at_size(b"\0" + b"\1" * 8, 8) == b"\1" * 8
    assert at_size(b"\1" * 3, 8) is None
    assert at_size(b"\2" + b"\1" * 8, 8) is None
    assert at_size(b"\1" * 8 + b"\0", 8) is None
    assert at_size(b"\0" * 5 + b"\1" * 8, 8) is None


def test_a_key_that_unpads_a_value_is_not_to_blame_though_it_is_no_text(tmp_path: Path) -> None:
    cipher = RsaCipher([key_of(tmp_path, 1024)], workers=0)
    latin = b64encode(PKCS1_v1_5.new(pair(1024, 0)[1]).encrypt(b"\xe9")).decode()  # type: ignore[arg-type]
    values = [latin, "clear", 17, "QUJD", text(1024, "x", 1), text(2048, "x")]
    answer = opened(cipher, values)
    blamed = [held.blames_key for held in answer.texts]
    assert blamed == [False, False, False, False, True, True]
    assert answer.keys == ["1024_0.pem", "", "", "", "", ""]


class _Says:
    """An opener for keys whose name says what they give."""

    def __init__(self, key: PrivateKey) -> None:
        self._gives = key.pem

    def open(self, value: bytes) -> bytes | None:
        return self._gives or None


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_keys_that_unpad_a_value_the_one_that_gives_a_text_is_believed(order: int) -> None:
    gives = {"none": b"", "latin": b"\xe9", "odd": b"a\0", "text": b"fine"}
    keys = [PrivateKey(name, raw, 3, name) for name, raw in gives.items()]
    for left_out, (best, name) in {"": ("fine", "text"), "text": ("a\0", "odd")}.items():
        ring = KeyRing([key for key in keys if key.name != left_out][::order], _Says)
        assert settled(ring.attempts(["QUJD"] * 2)) == Opened([best] * 2, [name] * 2)


def test_a_good_value_among_many_damaged_ones_opens(tmp_path: Path) -> None:
    cipher = RsaCipher([key_of(tmp_path, 1024)], workers=0)
    others = [text(1024, str(n), 1) for n in range(60)]
    assert opened(cipher, [*others, text(1024, "a\x0b")]).texts[-1] == "a\x0b"


def test_new_rules_make_a_new_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cipher = RsaCipher([key_of(tmp_path, 1024)], workers=0)
    before = cipher.fingerprint()
    monkeypatch.setattr(cipher_room, "RULES", 1)
    assert cipher.fingerprint() != before


def test_without_a_key_nothing_opens_and_other_keys_give_another_fingerprint(
    tmp_path: Path,
) -> None:
    none, one = RsaCipher([], workers=0), RsaCipher([key_of(tmp_path, 1024)], workers=0)
    assert opened(none, [text(1024, "x")]).texts == [StillSealed("no key")]
    assert none.fingerprint() != one.fingerprint()


def test_keys_are_known_by_the_name_of_their_file_also_where_two_have_the_same(
    tmp_path: Path,
) -> None:
    one, two = (key_of(tmp_path, 1024, number) for number in range(2))
    prints = RsaCipher([one, two], workers=0).key_fingerprints()
    assert prints == {one.name: one.fingerprint, two.name: two.fingerprint}
    both = RsaCipher([one, replace(two, name=one.name)], workers=0).key_fingerprints()
    assert both == {one.name: f"{one.fingerprint} or {two.fingerprint}"}
    assert ClearCipher().key_fingerprints() == {}


def test_encryption_off_passes_through_whatever_was_sent() -> None:
    sent = ["clear", "text", "", 17, {"a": 1}, []]
    assert opened(ClearCipher(), sent).texts == sent


def test_a_key_that_opens_one_in_a_thousand_opened_it_by_chance() -> None:
    fail = (StillSealed("no key opens it"), "", 128)
    assert by_chance([("x", "k", 128)] + [fail] * 1000)
    assert not by_chance([("x", "k", 128)] * 2 + [fail] * 1000)
    assert not by_chance([("x", "k", 128)] + [fail] * 100)
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
