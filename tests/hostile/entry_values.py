"""Values that are no text, as they are written; it tests nothing."""

from __future__ import annotations

from tests.hostile.fates import NOT_JSON, SURROGATE, TOO_DEEP, TOO_MANY, Lines

CELLS: dict[str, tuple[str, str]] = {
    "null": ("null", ""),
    "true": ("true", "True"),
    "false": ("false", "False"),
    "minus zero": ("-0", "-0"),
    "minus zero, real": ("-0.0", "-0.0"),
    "0.1": ("0.1", "0.1"),
    "1e2": ("1e2", "1e2"),
    "1E+2": ("1E+2", "1E+2"),
    "1e-400": ("1e-400", "1e-400"),
    "1e308": ("1e308", "1e308"),
    "2^53 + 1": (str(2**53 + 1), str(2**53 + 1)),
    "2^64": (str(2**64), str(2**64)),
    "1000 digits": ("1" * 1000, "1" * 1000),
    "4300 digits": ("7" * 4300, "7" * 4300),
    "minus 4300 digits": ("-" + "7" * 4300, "-" + "7" * 4300),
    "0.3 with digits": ("0.30000000000000004", "0.30000000000000004"),
    "1e400": ("1e400", "1e400"),
    "-1e400": ("-1e400", "-1e400"),
    "1e400 in a list": ("[1e400]", "[1e400]"),
    "1e99999999": ("1e99999999", "1e99999999"),
    "5000 digits and a point": ("9" * 5000 + ".0", "9" * 5000 + ".0"),
    "digits behind the point": ("1.10", "1.10"),
    "digits in a list": ('[1.10, {"x": 100.00}]', '[1.10,{"x":100.00}]'),
    "an empty list": ("[]", "[]"),
    "an empty object": ("{}", "{}"),
    "a list": ("[1, 2]", "[1,2]"),
    "an object": ('{"b": 1, "a": 2}', '{"b":1,"a":2}'),
    "a list of nulls": ("[null]", "[null]"),
    "nested 10": ("[" * 10 + "]" * 10, "[" * 10 + "]" * 10),
    "nested 99": ("[" * 99 + "]" * 99, "[" * 99 + "]" * 99),
    "objects nested 90": ('{"a":' * 90 + "1" + "}" * 90, '{"a":' * 90 + "1" + "}" * 90),
    "brackets in a text": ('"' + "[{" * 5000 + '"', "[{" * 5000),
    "1000 lists": ("[" + "[]," * 999 + "[]]", "[" + "[]," * 999 + "[]]"),
    "an emoji in halves": ('"\\ud83d\\ude00"', "\U0001f600"),
}

BAD = {
    "NaN": ("NaN", NOT_JSON),
    "Infinity": ("Infinity", NOT_JSON),
    "-Infinity": ("-Infinity", NOT_JSON),
    "-NaN": ("-NaN", NOT_JSON),
    "nan": ("nan", NOT_JSON),
    "4301 digits": ("9" * 4301, NOT_JSON),
    "-4301 digits": ("-" + "9" * 4301, NOT_JSON),
    "100,000 digits": ("9" * 100_000, NOT_JSON),
    "4301 digits in a list": (f"[{'9' * 4301}]", NOT_JSON),
    "undefined": ("undefined", NOT_JSON),
    "True": ("True", NOT_JSON),
    "None": ("None", NOT_JSON),
    "a point first": (".5", NOT_JSON),
    "a point last": ("5.", NOT_JSON),
    "plus": ("+5", NOT_JSON),
    "zeros before": ("05", NOT_JSON),
    "hexadecimal": ("0xff", NOT_JSON),
    "octal": ("0o7", NOT_JSON),
    "an underscore": ("1_0", NOT_JSON),
    "a thousand": ("1'000", NOT_JSON),
    "two points": ("1.2.3", NOT_JSON),
    "half a power": ("1e", NOT_JSON),
    "single quotes": ("'x'", NOT_JSON),
    "backquotes": ("`x`", NOT_JSON),
    "a word": ("x", NOT_JSON),
    "a comment": ("1/*x*/", NOT_JSON),
    "a line comment": ("1//x\n", NOT_JSON),
    "two values": ("1 2", NOT_JSON),
    "a comma last": ("[1,]", NOT_JSON),
    "a comma first": ("[,1]", NOT_JSON),
    "an object's comma": ('{"a":1,}', NOT_JSON),
    "mixed brackets": ("[1}", NOT_JSON),
    "a list of pairs": ('["a":1]', NOT_JSON),
    "a half escape": ('"\\u00"', NOT_JSON),
    "an odd escape": ('"\\x41"', NOT_JSON),
    "a raw line end": ('"a\nb"', NOT_JSON),
    "a raw tab": ('"a\tb"', NOT_JSON),
    "a raw NUL": ('"a\0b"', NOT_JSON),
    "a raw NUL outside": ("\0", NOT_JSON),
    "a blank of no JSON": ("\xa01", NOT_JSON),
    "a BOM within": ("\ufeff1", NOT_JSON),
    "a form feed outside": ("\x0c1", NOT_JSON),
    "half a surrogate": ('"\\ud83d"', SURROGATE),
    "the other half": ('"\\ude00"', SURROGATE),
    "halves the wrong way": ('"\\ude00\\ud83d"', SURROGATE),
    "half a surrogate in a list": ('["\\udfff"]', SURROGATE),
    "nested 100": ("[" * 100 + "]" * 100, TOO_DEEP),
    "nested 1,000": ("[" * 1000 + "]" * 1000, TOO_DEEP),
    "objects nested 1,000": ('{"a":' * 1000 + "1" + "}" * 1000, TOO_DEEP),
    "nested 100,000": ("[" * 10**5 + "]" * 10**5, TOO_DEEP),
    "600,000 values": ("[" + "0," * 600_000 + "0]", TOO_MANY),
}


def values() -> Lines:
    """Values that are no text, as they are written."""
    lines: Lines = {}
    for place, (name, (text, cell)) in enumerate(CELLS.items()):
        lines[f"the value {name}"] = (
            f'{{"id":{500 + place},"a":{text}}}'.encode(),
            {"id": str(500 + place), "a": cell},
        )
    for place, (name, (text, fault)) in enumerate(BAD.items()):
        lines[f"the value {name}"] = (f'{{"id":{600 + place},"a":{text}}}'.encode(), fault)
    return lines
