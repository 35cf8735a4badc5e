"""What may stand in a sealed field, with the key of the study; it tests nothing."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from itertools import count

from Crypto.Cipher import PKCS1_v1_5

from tests.hostile.fates import Lines
from tests.system.conftest import KeyPair

NOT_BASE64, NO_SIZE, NOT_TEXT = "not base64", "no key of its size", "not text"
NOT_OPENED, NOT_SEALED = "no key opens it", "not a sealed text"


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def opened(key: KeyPair) -> Lines:
    """Values that open, whatever they hold, and null."""
    texts = {
        "a number": "17",
        "empty": "",
        "a quote": 'a"b,c',
        "a line end": "a\nb",
        "an emoji": "\U0001f600",
        "control characters": "a\x01\x0b\x0c\x1b\x7fb",
        "a NEL": "\x85",
    }
    values: dict[str, tuple[object, str]] = {
        name: (key.seal(text), text) for name, text in texts.items()
    }
    once = key.seal("x")
    wrapped = [once[at : at + 64] for at in range(0, len(once), 64)]
    values["a NUL within"] = (key.seal("a\0b"), "a\ufffdb")
    values |= {
        "null": (None, ""),
        "a list of sealed texts": ([key.seal("x"), key.seal("y")], '["x","y"]'),
        "a list with null": ([None, key.seal("x")], '[null,"x"]'),
        "base64 with line ends": ("\r\n".join(wrapped), "x"),
        "two blocks": (b64(base64.b64decode(key.seal("17")) * 2), "1717"),
    }
    return {
        f"opened: {name}": (
            json.dumps({"id": 1000 + place, "aRSA": value}).encode(),
            {"id": str(1000 + place), "aRSA": cell},
        )
        for place, (name, (value, cell)) in enumerate(values.items())
    }


def sealed(key: KeyPair) -> Lines:
    """Values that no key opens."""
    size = key.public.size_in_bytes()
    modulus = int(key.public.n).to_bytes(size, "big")
    # one in 256 begins with a zero, and with a byte more is one of the right length
    good = next(text for _ in count() if (text := base64.b64decode(key.seal("17")))[0])
    values = {
        "a word": ("secret", NOT_BASE64),
        "one letter": ("A", NOT_BASE64),
        "blanks": ("   ", NO_SIZE),
        "base64 for addresses": (b64(good).replace("+", "-").replace("/", "_") + "-_", NO_SIZE),
        "no base64 behind": (b64(good) + "!", NOT_BASE64),
        "padding too much": (b64(good) + "==", NOT_BASE64),
        "other letters": ("\u0391" * 172, NOT_BASE64),
        "hexadecimal": (good.hex(), NO_SIZE),
        "a NUL": ("\0" * 172, NOT_BASE64),
        "one byte": (b64(b"\0"), NO_SIZE),
        "one byte less": (b64(good[:-1]), NOT_OPENED),
        "five bytes less": (b64(good[:-5]), NO_SIZE),
        "one byte more": (b64(good + b"\0"), NO_SIZE),
        "two, and one byte": (b64(good * 2 + b"\0"), NO_SIZE),
        "two, of which one is damaged": (b64(good + good[::-1]), NOT_OPENED),
        "a megabyte": (b64(b"\0" * 750_000), NO_SIZE),
        "zeros": (b64(b"\0" * size), NOT_OPENED),
        "a one": (b64(b"\0" * (size - 1) + b"\1"), NOT_OPENED),
        "all ones": (b64(b"\xff" * size), NOT_OPENED),
        "the modulus": (b64(modulus), NOT_OPENED),
        "the modulus less one": (b64((int(key.public.n) - 1).to_bytes(size, "big")), NOT_OPENED),
        "the modulus and one": (b64((int(key.public.n) + 1).to_bytes(size, "big")), NOT_OPENED),
        "a flipped bit": (b64(good[:9] + bytes([good[9] ^ 1]) + good[10:]), NOT_OPENED),
        "the last bit flipped": (b64(good[:-1] + bytes([good[-1] ^ 1])), NOT_OPENED),
        "turned round": (b64(b"\0" + good[:0:-1]), NOT_OPENED),
        "random bytes": (b64(b"\0" + os.urandom(size - 1)), NOT_OPENED),
        "Latin-1": (b64(PKCS1_v1_5.new(key.public).encrypt(b"\xe9")), NOT_TEXT),
    }
    lines = _lines("sealed", 2000, values)
    clear = {
        "empty": ("", NOT_SEALED),
        "a number": (17, NOT_SEALED),
        "nought": (0, NOT_SEALED),
        "a float": (0.5, NOT_SEALED),
        "true": (True, NOT_SEALED),
        "false": (False, NOT_SEALED),
        "an empty list": ([], NOT_SEALED),
        "an empty object": ({}, NOT_SEALED),
        "an object": ({"a": 1}, NOT_SEALED),
        "an object with a sealed text": ({"bRSA": key.seal("x"), "c": 1}, NOT_SEALED),
        "an object with a text of another name": ({"b": key.seal("x")}, NOT_SEALED),
        "an object of sealed texts": ({"bRSA": key.seal("x")}, NOT_SEALED),
        "a list with a number": ([key.seal("x"), 17], NOT_SEALED),
        "a list with a list": ([[key.seal("x")], [[]]], NOT_SEALED),
        "a list of objects": ([{"bRSA": key.seal("x")}], NOT_SEALED),
        "a list with a word": (["x!"], NOT_BASE64),
        "an object with a word": ({"bRSA": "x!"}, NOT_SEALED),
        "a word deep in it": ({"b": [{"cRSA": "x!"}]}, NOT_SEALED),
    }
    return lines | _lines("clear", 2100, clear)


def _lines(sort: str, first: int, values: Mapping[str, tuple[object, str]]) -> Lines:
    lines: Lines = {}
    for place, (name, (value, fault)) in enumerate(values.items()):
        body = json.dumps({"id": first + place, "aRSA": value}).encode()
        lines[f"{sort}: {name}"] = (body, fault)
    return lines
