"""Whole packages that are none, or nearly, and what becomes of each; it tests nothing.

A line is (body, ids): what must be in the sheet after it, and whether the package is broken.
"""

from __future__ import annotations

from tests.system.home import row, wire

ONE, TWO, THREE = (wire(row(number)) for number in (1, 2, 3))
BOTH = ONE + b"," + TWO
BOM = b"\xef\xbb\xbf"

SOUND: dict[str, tuple[bytes, list[str]]] = {
    "an empty array": (b"[]", []),
    "an empty array with blanks": (b" [ \r\n\t ] ", []),
    "a BOM": (BOM + b"[" + BOTH + b"]", ["1", "2"]),
    "a BOM and blanks": (BOM + b" \n[" + BOTH + b"]", ["1", "2"]),
    "blanks before": (b" \t\r\n" * 10_000 + b"[" + BOTH + b"]", ["1", "2"]),
    "blanks behind": (b"[" + BOTH + b"]" + b" \t\r\n" * 10_000, ["1", "2"]),
    "blanks between": (b"[" + ONE + b" " * 70_000 + b"," + b"\n" * 70_000 + TWO + b"]", ["1", "2"]),
    "a line for each": (b"[\n" + ONE + b",\n" + TWO + b"\n]\n", ["1", "2"]),
    "the same twice": (b"[" + ONE + b"," + ONE + b"]", ["1"]),
    "a thousand times the same": (b"[" + b",".join([ONE] * 1000) + b"]", ["1"]),
}
"""Packages that are well, however they look."""

BROKEN: dict[str, tuple[bytes, list[str]]] = {
    "nothing": (b"", []),
    "blanks": (b" \r\n\t", []),
    "a megabyte of blanks": (b" " * 1_000_000, []),
    "a BOM alone": (BOM, []),
    "a BOM and nothing": (BOM + b"   ", []),
    "two BOMs": (BOM * 2 + b"[" + BOTH + b"]", []),
    "half a BOM": (BOM[:2] + b"[" + BOTH + b"]", []),
    "UTF-16": (("[" + BOTH.decode() + "]").encode("utf-16"), []),
    "UTF-16 without BOM": (("[" + BOTH.decode() + "]").encode("utf-16-le"), []),
    "UTF-32": (("[" + BOTH.decode() + "]").encode("utf-32"), []),
    "UTF-7": (("[" + BOTH.decode() + "]").encode("utf-7")[1:], []),
    "EBCDIC": (("[" + BOTH.decode() + "]").encode("cp500"), []),
    "null": (b"null", []),
    "true": (b"true", []),
    "a number": (b"7", []),
    "an empty text": (b'""', []),
    "a text": (b'"[]"', []),
    "an empty object": (b"{}", []),
    "an object": (ONE, []),
    "an object around it": (b'{"rows":[' + BOTH + b"]}", []),
    "no brackets": (BOTH, []),
    "a line for each, no array": (ONE + b"\n" + TWO, []),
    "an error of Spring": (b'{"timestamp":1,"status":500,"error":"x","path":"/"}', []),
    "a word": (b"OK", []),
    "a comment before": (b"// x\n[" + BOTH + b"]", []),
    "a prefix against theft": (b")]}',\n[" + BOTH + b"]", []),
    "a call": (b"callback([" + BOTH + b"])", []),
    "CSV": (b"id,session\r\n1,PRE\r\n", []),
    "XML": (b"<?xml version='1.0'?><rows/>", []),
    "YAML": (b"- id: 1\n", []),
    "a ZIP": (b"PK\x03\x04" + b"\0" * 100, []),
    "zeros": (b"\0" * 1000, []),
    "a page": (b"<html>[]</html>", []),
    "only the bracket": (b"[", []),
    "only the closing one": (b"]", []),
    "two brackets": (b"[[", []),
    "a million brackets": (b"[" * 1_000_000, []),
    "a million brackets, closed": (b"[" * 1_000_000 + b"]" * 999_999, []),
    "a million braces": (b"[" + b"{" * 1_000_000, []),
    "a million quotes": (b"[" + b'"' * 1_000_001, []),
    "a million backslashes": (b'["' + b"\\" * 1_000_001, []),
    "a million commas": (b"[" + b"," * 1_000_000, []),
    "a million colons": (b"[" + b":" * 1_000_000, []),
    "the bracket missing": (b"[" + BOTH, ["1", "2"]),
    "the bracket missing, a comma": (b"[" + BOTH + b",", ["1", "2"]),
    "the wrong bracket": (b"[" + BOTH + b"}", ["1"]),
    "a comma first": (b"[," + BOTH + b"]", ["1", "2"]),
    "only a comma": (b"[,]", []),
    "a comma last": (b"[" + BOTH + b",]", ["1", "2"]),
    "two commas": (b"[" + ONE + b",," + TWO + b"]", ["1", "2"]),
    "a comma missing": (b"[" + ONE + TWO + b"," + THREE + b"]", ["1", "2", "3"]),
    "a semicolon": (b"[" + ONE + b";" + TWO + b"," + THREE + b"]", ["1", "3"]),
    "a blank for a comma": (b"[" + ONE + b"," + TWO + b" " + THREE + b"]", ["1", "2", "3"]),
    "a comment between": (b"[" + ONE + b",/* ] */" + TWO + b"," + THREE + b"]", ["1"]),
    "two arrays": (b"[" + ONE + b"][" + TWO + b"]", ["1"]),
    "two arrays and a comma": (b"[" + ONE + b"],[" + TWO + b"]", ["1"]),
    "something behind": (b"[" + BOTH + b"]x", ["1", "2"]),
    "a NUL behind": (b"[" + BOTH + b"]\0", ["1", "2"]),
    "a bracket behind": (b"[" + BOTH + b"]]", ["1", "2"]),
    "an error behind": (b"[" + BOTH + b',{"timestamp":1,"status":500}', ["1", "2"]),
    "an error amid": (b"[" + ONE + b',{"id":2,"an{"status":500},' + THREE + b"]", ["1", "3"]),
    "cut in a text": (b"[" + ONE + b',{"id":2,"answer":"and th', ["1"]),
    "cut in a text, closed": (b"[" + ONE + b',{"id":2,"answer":"and th]', ["1"]),
    "cut in a name": (b"[" + ONE + b',{"id":2,"ans]', ["1"]),
    "cut in a number": (b"[" + ONE + b',{"id":2]', ["1"]),
    "cut in an escape": (b"[" + ONE + b',{"id":2,"a":"\\]', ["1"]),
    "cut in a letter": (b"[" + ONE + b',{"id":2,"a":"\xe2\x82]', ["1"]),
    "an open text amid": (
        b"[" + ONE + b',{"id":9,"a":"x},' + TWO + b"," + THREE + b"]",
        ["1", "2", "3"],
    ),
    "an open text first": (b'[{"id":9,"a":"x},' + BOTH + b"]", ["1", "2"]),
    "an open text last": (b"[" + BOTH + b',{"id":9,"a":"x}]', ["1", "2"]),
    "a brace missing": (b"[" + ONE + b"," + TWO[:-1] + b"," + THREE + b"]", ["1"]),
    "a brace too many": (b"[" + ONE + b"," + TWO + b"}," + THREE + b"]", ["1", "2", "3"]),
    "a bracket too many": (b"[" + ONE + b',{"id":9,"a":[1]]},' + THREE + b"]", ["1", "3"]),
    "two halves": (b"[" + ONE + b"," + TWO[: len(TWO) // 2] + THREE[9:] + b"]", ["1"]),
    "a chunk twice": (b"[" + BOTH[:40] + BOTH[20:] + b"," + THREE + b"]", ["2", "3"]),
    "turned round": ((b"[" + BOTH + b"]")[::-1], []),
}
"""Packages that prove nothing: what was sound in them is kept, and nothing is deleted."""
