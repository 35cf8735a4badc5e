"""What may stand under `id`, and elements that are no entries; it tests nothing."""

from __future__ import annotations

import json
from typing import Any

from tests.hostile.fates import NO_ID, NO_OBJECT, NO_UTF8, NOT_JSON, OUT_OF_RANGE, Lines

ROW_IDS = {
    "zero": ("0", "0"),
    "one": ("101", "101"),
    "a text": ('"102"', "102"),
    "a text with zeros before": ('"000103"', "000103"),
    "a text in escapes": ('"\\u0031\\u0030\\u0034"', "104"),
    "2^31": (str(2**31), str(2**31)),
    "2^53 + 1": (str(2**53 + 1), str(2**53 + 1)),
    "2^63 - 1": (str(2**63 - 1), str(2**63 - 1)),
    "2^63 - 2 as a text": (f'"{2**63 - 2}"', str(2**63 - 2)),
}

BAD_IDS = {
    "2^63": (str(2**63), OUT_OF_RANGE),
    "2^63 as a text": (f'"{2**63}"', OUT_OF_RANGE),
    "2^64": (str(2**64), OUT_OF_RANGE),
    "2^64 + 1": (str(2**64 + 1), OUT_OF_RANGE),
    "10^100": (str(10**100), OUT_OF_RANGE),
    "10^100 as a text": (f'"{10**100}"', NO_ID),
    "4300 digits": ("9" * 4300, OUT_OF_RANGE),
    "4301 digits": ("9" * 4301, NOT_JSON),
    "5000 digits as a text": ('"' + "9" * 5000 + '"', NO_ID),
    "minus one": ("-1", OUT_OF_RANGE),
    "minus 2^63": (str(-(2**63)), OUT_OF_RANGE),
    "minus one as a text": ('"-1"', NO_ID),
    "plus one as a text": ('"+1"', NO_ID),
    "plus one": ("+1", NOT_JSON),
    "zeros before": ("007", NOT_JSON),
    "hexadecimal": ("0x1F", NOT_JSON),
    "hexadecimal as a text": ('"0x1F"', NO_ID),
    "an underscore": ("1_000", NOT_JSON),
    "an underscore in a text": ('"1_000"', NO_ID),
    "a comma in a text": ('"1,000"', NO_ID),
    "a real number": ("5.0", NO_ID),
    "a real number in powers": ("5e0", NO_ID),
    "a real number as a text": ('"5.0"', NO_ID),
    "a power as a text": ('"5e0"', NO_ID),
    "1e400": ("1e400", NO_ID),
    "true": ("true", NO_ID),
    "false": ("false", NO_ID),
    "null": ("null", NO_ID),
    "null as a text": ('"null"', NO_ID),
    "NaN": ("NaN", NOT_JSON),
    "NaN as a text": ('"NaN"', NO_ID),
    "Infinity": ("Infinity", NOT_JSON),
    "undefined": ("undefined", NOT_JSON),
    "nothing": ("", NOT_JSON),
    "an empty text": ('""', NO_ID),
    "a blank": ('" "', NO_ID),
    "a blank before": ('" 7"', NO_ID),
    "a blank behind": ('"7 "', NO_ID),
    "a line end behind": ('"7\\n"', NO_ID),
    "a NUL behind": ('"7\\u0000"', NO_ID),
    "a BOM before": ('"\\ufeff7"', NO_ID),
    "Arabic digits": ('"\u0661\u0662"', NO_ID),
    "wide digits": ('"\uff11\uff12"', NO_ID),
    "a superscript": ('"\u00b2"', NO_ID),
    "mathematical digits": ('"\U0001d7cf"', NO_ID),
    "digits with a joiner": ('"1\u200d2"', NO_ID),
    "a list": ("[7]", NO_ID),
    "an empty list": ("[]", NO_ID),
    "an object": ('{"id":7}', NO_ID),
    "an empty object": ("{}", NO_ID),
    "SQL": ('"7; DROP TABLE entries; --"', NO_ID),
    "a path": ('"../7"', NO_ID),
    "an address": ('"7?after=x"', NO_ID),
    "a percent sign": ('"%37"', NO_ID),
}

PLAIN: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    "",
    "id",
    '{"id":1}',
    [],
    [1],
    [{"id": 1}],
    [[[]]],
]

BROKEN = [
    b"NaN",
    b"undefined",
    b"-",
    b"'x'",
    b"{'id':1}",
    b'{"id":1;"a":2}',
    b'{"id":800,}',
    b"{,}",
    b'{"id":801 "a":1}',
    b'{"id"=802}',
    b"{id:803}",
    b"<row id=805/>",
    b"id=806",
    b'x{"id":808}',
    b'// {"id":810}',
    b'/* x */ {"id":811}',
    b'{"id":812/* x */}',
    b"\x00",
    b"\xff",
    b'\xef\xbb\xbf{"id":813}',
]


def ids() -> Lines:
    """What may stand under `id`."""
    lines: Lines = {}
    for name, (text, cell) in ROW_IDS.items():
        lines[f"the id {name}"] = (f'{{"id":{text},"a":1}}'.encode(), {"id": cell, "a": "1"})
    for name, (text, fault) in BAD_IDS.items():
        body = f'{{"id":{text},"a":"{len(lines)}"}}'.encode()
        lines[f"the id {name}"] = (body, fault)
    return lines


def elements() -> Lines:
    """Elements of the array that are no objects, or nearly."""
    lines: Lines = {
        f"the element {json.dumps(one)}": (
            json.dumps(one, separators=(",", ":")).encode(),
            NO_OBJECT,
        )
        for one in PLAIN
    }
    lines |= {
        f"the element {place} that is no JSON": (body, NO_UTF8 if body == b"\xff" else NOT_JSON)
        for place, body in enumerate(BROKEN)
    }
    return lines | {"an empty object": (b"{}", NO_ID), "an object with blanks": (b"{ }", NO_ID)}
