"""Texts as values: each must come back from the sheet as it is; it tests nothing."""

from __future__ import annotations

import json

from tests.hostile.fates import NO_UTF8, Lines

TEXTS = {
    "empty": "",
    "a blank": " ",
    "blanks": "   a   ",
    "a NUL": "a\0b",
    "a line end": "a\nb",
    "CRLF": "a\r\nb",
    "a CR": "a\rb",
    "only line ends": "\n\n\r\n",
    "a tab": "a\tb",
    "a quote": 'a"b',
    "only a quote": '"',
    "quotes": '""""',
    "a comma": "a,b",
    "only commas": ",,,",
    "a backslash": "a\\b",
    "a backslash last": "a\\",
    "equals": "=1+1",
    "plus": "+1",
    "minus": "-1+1",
    "at": "@A1",
    "a tab and equals": "\t=1",
    "a command": "=cmd|' /C calc'!A0",
    "a link": '=HYPERLINK("x","y")',
    "DDE": '=DDE("cmd";"/C calc";"x")',
    "HTML": "<img src=x onerror=alert(1)>",
    "SQL": "'); DELETE FROM entries; --",
    "a format": "%s%n%x {0} ${x}",
    "a template": "{{7*7}}",
    "a path": "../../../etc/passwd",
    "null": "null",
    "None": "None",
    "True": "True",
    "a number": "007",
    "a date": "Mar_12_2026",
    "a boundary": "},{",
    "the end": "}]",
    "JSON": '{"id":1}',
    "a BOM": "\ufeff",
    "U+2028": "a\u2028b\u2029c",
    "U+0085": "a\x85b",
    "a form feed": "a\x0cb",
    "a vertical tab": "a\x0bb",
    "file separators": "a\x1cb\x1dc\x1ed",
    "an escape": "\x1b[2J",
    "DEL": "\x7f",
    "C1": "\x9b31m",
    "right to left": "\u202etxt.exe",
    "zero width": "a\u200bb",
    "an emoji": "\U0001f468\u200d\U0001f469",
    "combining marks": "Z\u0351\u036b" * 50,
    "a noncharacter": "\ufffe\uffff",
    "the last one": "\U0010ffff",
    "a replacement": "\ufffd",
    "100 KB": "x" * 100_000,
    "100 KB of quotes": '"' * 100_000,
    "100 KB of line ends": "\r\n" * 50_000,
    "base64": "QUJD",
    "a key": "-----BEGIN RSA PRIVATE KEY-----",
}

RAW = {
    "a lone byte": b"\xff",
    "UTF-16": "a\xe9".encode("utf-16"),
    "Latin-1": b"caf\xe9",
    "a cut sequence": b"\xe2\x82",
    "a byte too many": b"\xe2\x82\xac\xac",
    "overlong slash": b"\xc0\xaf",
    "overlong NUL": b"\xc0\x80",
    "overlong quote": b"\xe0\x80\xa2",
    "a raw surrogate": b"\xed\xa0\xbd",
    "a raw pair": b"\xed\xa0\xbd\xed\xb8\x80",
    "above the last": b"\xf4\x90\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
}


def texts() -> Lines:
    """Texts as values: each must come back from the sheet as it is, but for NUL."""
    lines: Lines = {}
    for place, (name, text) in enumerate(TEXTS.items()):
        body = json.dumps({"id": 400 + place, "a": text}, ensure_ascii=bool(place % 2)).encode()
        lines[f"the text {name}"] = (
            body,
            {"id": str(400 + place), "a": text.replace("\0", "\ufffd")},
        )
    return lines


def raw_bytes() -> Lines:
    """Texts that are no UTF-8."""
    return {
        f"bytes of {name}": (b'{"id":%d,"a":"' % (700 + place) + text + b'"}', NO_UTF8)
        for place, (name, text) in enumerate(RAW.items())
    }
