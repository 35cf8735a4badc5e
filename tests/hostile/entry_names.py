"""What names of fields may be; it tests nothing."""

from __future__ import annotations

import json

from tests.hostile.fates import NO_UTF8, NOT_JSON, SURROGATE, TOO_WIDE, TWICE, Lines

NAMES = {
    "empty": "",
    "a blank": " ",
    "a line end": "\n",
    "CRLF": "\r\n",
    "a CR": "\r",
    "a tab": "\t",
    "a quote": '"',
    "two quotes": '""',
    "a single quote": "'",
    "a comma": ",",
    "a semicolon": ";",
    "a backslash": "\\",
    "a slash": "/",
    "a path": "../../etc/passwd",
    "a BOM": "\ufeff",
    "a BOM before id": "\ufeffid",
    "equals": "=1+1",
    "plus": "+1",
    "minus": "-1",
    "at": "@SUM(A1)",
    "a command": "=cmd|' /C calc'!A0",
    "a link": '=HYPERLINK("http://x")',
    "a pipe": "|x",
    "a percent sign": "%s%n",
    "braces": "{0}{x}",
    "a dollar": "${HOME}",
    "HTML": "<script>alert(1)</script>",
    "SQL": "a'; DROP TABLE entries; --",
    "ID": "ID",
    "Id": "Id",
    "id and a blank": "id ",
    "a name of ours": "digest",
    "dunder": "__class__",
    "None": "None",
    "U+2028": "\u2028",
    "U+0085": "\x85",
    "DEL": "\x7f",
    "a control character": "\x1b[31m",
    "right to left": "\u202eid",
    "zero width": "\u200b",
    "an emoji": "\U0001f600",
    "a combining mark": "e\u0301",
    "its composed twin": "\xe9",
    "a Turkish i": "\u0131d",
    "a private one": "\ue000",
    "a noncharacter": "\uffff",
    "the last one": "\U0010ffff",
    "300 letters": "x" * 300,
    "10,000 letters": "x" * 10_000,
    "60,000 letters": "y" * 60_000,
}

DOUBLED = [
    b'{"id":320,"a":1,"a":2}',
    b'{"id":321,"a":1,"a":1}',
    b'{"id":322,"a":1,"a" :2}',
    b'{"id":323,"a":1,"\\u0061":2}',
    b'{"id":324,"id":324}',
    b'{"id":325,"id":326}',
    b'{"id":327,"a":{"b":1,"b":2}}',
    b'{"id":328,"a":[1,{"b":1,"b":2}]}',
    b'{"id":329,"a":"\\":","a":"\\":"}',
    b'{"id":330,"":1,"":2}',
    b'{"id":331,"RSA":"x","RSA":"y"}',
    b'{ "id" : 332 , "a" : 1 , "a" : 2 }',
    b'{"id":333,"a"\n:1,"a"\t:2}',
    b'{"id":334,"a":null,"a":{}}',
    b'{"a":1,"a":2}',
]


def keys() -> Lines:
    """What names of fields may be; `a` stands for any."""
    lines: Lines = {
        f"the name {name}": (
            json.dumps({"id": 200 + place, text: "v"}, ensure_ascii=False).encode(),
            {"id": str(200 + place), text: "v"},
        )
        for place, (name, text) in enumerate(NAMES.items())
    }
    return lines | _many_keys() | _keys_twice()


def _many_keys() -> Lines:
    def entry(id: int, number: int, length: int = 1) -> bytes:
        return json.dumps(
            {"id": id} | {f"k{n}".ljust(length, "_"): n for n in range(number)}
        ).encode()

    return {
        "1000 names": (entry(300, 1000), {"id": "300", "k999": "999"}),
        "4097 names": (entry(302, 4096), TOO_WIDE),
        "10,000 names": (entry(303, 10_000), TOO_WIDE),
        "names of 80 KB together": (entry(304, 1000, 80), TOO_WIDE),
        "a name of 1 MB": (json.dumps({"id": 305, "n" * 10**6: 1}).encode(), TOO_WIDE),
        "a NUL": (b'{"id":316,"a\\u0000":1}', "a name that holds a NUL"),
        "half a surrogate": (b'{"id":306,"\\ud83d":1}', SURROGATE),
        "two halves the wrong way": (b'{"id":307,"\\ude00\\ud83d":1}', SURROGATE),
        "a name that is no UTF-8": (b'{"id":308,"\xff":1}', NO_UTF8),
        "a name that is a number": (b'{"id":309,7:1}', NOT_JSON),
        "a name that is null": (b'{"id":310,null:1}', NOT_JSON),
        "a name without quotes": (b'{"id":311,a:1}', NOT_JSON),
        "a name without a value": (b'{"id":312,"a":}', NOT_JSON),
        "a name without a colon": (b'{"id":313,"a" 1}', NOT_JSON),
        "a name alone": (b'{"id":314,"a"}', NOT_JSON),
        "a value alone": (b'{"id":315,:1}', NOT_JSON),
    }


def _keys_twice() -> Lines:
    """Of which Python would keep the last, and say nothing."""
    return {f"a name twice, {place}": (body, TWICE) for place, body in enumerate(DOUBLED)}
