"""What may stand in a sealed field, with the key of the study; it tests nothing."""

from __future__ import annotations

import base64
import json
import os

from tests.hostile.fates import Lines
from tests.system.conftest import KeyPair

NOT_BASE64, NO_SIZE, NOT_TEXT = "not base64", "no key of its size", "not text"
NOT_OPENED = "no key opens it"


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def opened(key: KeyPair) -> Lines:
    """Values that open, and those that are not sealed at all."""
    texts = {
        "a number": "17",
        "empty": "",
        "a quote": 'a"b,c',
        "a line end": "a\nb",
        "an emoji": "\U0001f600",
    }
    values: dict[str, tuple[object, str]] = {
        name: (key.seal(text), text) for name, text in texts.items() if text
    }
    once = key.seal("x")
    wrapped = [once[at : at + 64] for at in range(0, len(once), 64)]
    values |= {
        "null": (None, ""),
        "empty": ("", ""),
        "a number": (17, "17"),
        "true": (True, "True"),
        "an empty list": ([], "[]"),
        "an object": ({"a": 1}, '{"a":1}'),
        "a list of sealed texts": ([key.seal("x"), key.seal("y")], '["x","y"]'),
        "a list with null": ([None, key.seal("x")], '[null,"x"]'),
        "an object with a sealed text": ({"bRSA": key.seal("x"), "c": 1}, '{"bRSA":"x","c":1}'),
        "base64 with line ends": ("\r\n".join(wrapped), "x"),
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
    good = base64.b64decode(key.seal("17"))
    values = {
        "a word": ("secret", NOT_BASE64),
        "one letter": ("A", NOT_BASE64),
        "blanks": ("   ", NO_SIZE),
        "base64 for addresses": (b64(good).replace("+", "-").replace("/", "_") + "-_", NOT_BASE64),
        "no base64 behind": (b64(good) + "!", NOT_BASE64),
        "padding too much": (b64(good) + "==", NOT_BASE64),
        "other letters": ("\u0391" * 172, NOT_BASE64),
        "hexadecimal": (good.hex(), NO_SIZE),
        "a NUL": ("\0" * 172, NOT_BASE64),
        "one byte": (b64(b"\0"), NO_SIZE),
        "one byte less": (b64(good[:-1]), NO_SIZE),
        "one byte more": (b64(good + b"\0"), NO_SIZE),
        "twice": (b64(good * 2), NO_SIZE),
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
        "control characters": (key.seal("a\x01b"), NOT_TEXT),
        "a NUL within": (key.seal("a\0b"), NOT_TEXT),
    }
    lines: Lines = {}
    for place, (name, (value, fault)) in enumerate(values.items()):
        body = json.dumps({"id": 2000 + place, "aRSA": value}).encode()
        lines[f"sealed: {name}"] = (body, fault)
    nested = {"a list": ["x!"], "an object": {"bRSA": "x!"}, "deeper": {"b": [{"cRSA": "x!"}]}}
    for place, (name, value) in enumerate(nested.items()):
        body = json.dumps({"id": 2100 + place, "aRSA": value}).encode()
        lines[f"sealed in {name}"] = (body, NOT_BASE64)
    return lines
