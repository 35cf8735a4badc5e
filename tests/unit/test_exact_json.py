"""JSON is read as Python's own `json` reads it, whichever of the two readers took it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mtdata.study.model import exact_json
from mtdata.study.model.exact_json import exact_value
from mtdata.study.model.row import Digits

SEEDS = (
    b'{"id":5,"x":1.50,"y":"a\\u00e9\\ud83d\\ude00\\n","z":[1,{"b":null,"c":true}],"f":false}',
    '{"id":"7","ä":"ö😀","b":-0.0,"c":0,"d":1e-7,"q":"\\"\\\\\\/\\b\\f\\n\\r\\t"}'.encode(),
    b' {"a" : [ ] , "b":{ } }\n',
    b'{"u":"\\ud800","v":"\\udc00x","w":"\\ud800\\u0041","u":1}',
    b'{"a":18446744073709551616,"b":-9223372036854775809,"c":123456789012345678901.5e-300}',
)
PIECES = [
    *(bytes([one]) for one in b'"\\{}[],:019-+.eE \n\t\x00\x1f\x7f\xff'),
    *b"\\u d8 \\ud800 \\udc00 null true NaN Infinity -Infinity -0 00 1. .5 // ' 1e400".split(b" "),
    *(text.encode() for text in ("é", "😀", "\ufeff", "\u2028")),
    b"9" * 5000,
    b"[" * 1500,
]
REFUSED = "refused"


def as_json_reads(text: str) -> Any:
    def refuse(word: str) -> float:
        raise ValueError(word)

    try:
        return json.loads(
            text,
            parse_float=Digits,
            parse_int=lambda digits: Digits(digits) if digits == "-0" else int(digits),
            parse_constant=refuse,
        )
    except (ValueError, RecursionError):
        return REFUSED


def as_we_read(body: bytes) -> Any:
    try:
        return exact_value(body, body.decode())
    except ValueError:
        return REFUSED


def shown(value: Any) -> Any:
    """The value with the sort of each part and the order of names: 1 is no True, nor Digits 1."""
    if type(value) is dict:
        return [(name, shown(inner)) for name, inner in value.items()]
    if type(value) is list:
        return [list, *map(shown, value)]
    return type(value), value


def is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


@st.composite
def spoilt(draw: Callable[..., Any]) -> bytes:
    body = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(body)))
        gone = draw(st.integers(0, 3))
        body[at : at + gone] = draw(st.sampled_from([*PIECES, b""]))
    return bytes(body)


@given(spoilt().filter(is_text))
@example(b'{"a":' + b"9" * 5000 + b"}")
@example(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
@example(b'\xef\xbb\xbf{"a":1}')
def test_whatever_is_spoilt_reads_as_json_reads_it_or_is_refused_by_both(body: bytes) -> None:
    assert shown(as_we_read(body)) == shown(as_json_reads(body.decode()))


@given(
    st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=8,
        ),
    ),
    st.booleans(),
)
def test_whatever_is_sent_reads_as_json_reads_it(values: dict[str, Any], ascii: bool) -> None:
    text = json.dumps(values, ensure_ascii=ascii)
    assert shown(as_we_read(text.encode())) == shown(as_json_reads(text))


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("-9223372036854775809", -9223372036854775809),
        ("18446744073709551616", 18446744073709551616),
        ("1.50", Digits("1.50")),
        ("1E+05", Digits("1E+05")),
        ("1e400", Digits("1e400")),
        ("-0.0", Digits("-0.0")),
        ("-0", Digits("-0")),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\ud800"', "\ud800"),
    ],
)
def test_numbers_and_texts_come_out_exactly(sent: str, read: object) -> None:
    assert shown(as_we_read(f'{{"a":{sent}}}'.encode())) == shown({"a": read})


def test_what_is_usual_takes_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = msgspec.json.Decoder(float_hook=Digits).decode(SEEDS[0])
    monkeypatch.setattr(exact_json, "_slowly", lambda text, decoder: pytest.fail("the slow way"))
    assert as_we_read(SEEDS[0]) == taken
