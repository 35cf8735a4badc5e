"""Answers that break HTTP or bend it, byte for byte, and how far each may reach; it tests nothing.

WELL: the entries are collected and deleted.  SCALE: that scale's package is broken.  SITE: the site
cannot be reached or does not accept us.  SLOW ones last until a time limit ends them.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from itertools import repeat

from tests.hostile.crooked import Told, chunked, head, whole
from tests.system.home import row, wire

ROWS = [row(1), row(2)]
GOOD = b"[" + b",".join(map(wire, ROWS)) + b"]"
SIZE = f"Content-Length: {len(GOOD)}"
HEX = f"{len(GOOD):x}"
JSON = "Content-Type: application/json"
GZIP = "Content-Encoding: gzip"
BOMB = gzip.compress(b"[" + b" " * 30_000_000 + b"]")
WELL, SCALE, SITE = "well", "scale", "site"

LISTING_NAME = "Good"
LISTING = json.dumps([{"name": LISTING_NAME, "size": 1, "deleteable": True}]).encode()
LISTING = LISTING.ljust(len(GOOD))
"""As long as GOOD, so that it can stand in its place."""


def once(*pieces: bytes) -> Told:
    """An answer that is always the same."""
    return lambda: pieces


def endless(start: bytes, piece: bytes) -> Told:
    """An answer that goes on until somebody leaves."""

    def pieces() -> Iterator[bytes]:
        yield start
        yield from repeat(piece * (8192 // len(piece) + 1))

    return pieces


def lines(number: int, line: str) -> Iterable[str]:
    """So many headers."""
    return (line.format(n) for n in range(number))


def packed(level: int) -> bytes:
    """The package compressed so many times."""
    body = GOOD
    for _ in range(level):
        body = gzip.compress(body)
    return body


Table = dict[str, tuple[str, Told]]

LENGTHS: Table = {
    "a length that is right": (WELL, once(head(200, SIZE), GOOD)),
    "a length that is short by one": (
        SCALE,
        once(head(200, f"Content-Length: {len(GOOD) - 1}"), GOOD),
    ),
    "a length of one": (SCALE, once(head(200, "Content-Length: 1"), GOOD)),
    "a length of none": (SCALE, once(head(200, "Content-Length: 0"), GOOD)),
    "a length that is long by one": (
        SCALE,
        once(head(200, f"Content-Length: {len(GOOD) + 1}"), GOOD),
    ),
    "a length of 2^40": (SCALE, once(head(200, f"Content-Length: {2**40}"), GOOD)),
    "a length of 2^64": (SCALE, once(head(200, f"Content-Length: {2**64}"), GOOD)),
    "a length of 5000 digits": (WELL, once(head(200, "Content-Length: " + "9" * 5000), GOOD)),
    "a negative length": (WELL, once(head(200, "Content-Length: -1"), GOOD)),
    "a very negative length": (WELL, once(head(200, f"Content-Length: -{2**63}"), GOOD)),
    "a length in words": (WELL, once(head(200, "Content-Length: many"), GOOD)),
    "a length in hex": (WELL, once(head(200, "Content-Length: 0x20"), GOOD)),
    "an empty length": (WELL, once(head(200, "Content-Length: "), GOOD)),
    "the length twice, the same": (WELL, once(head(200, SIZE, SIZE), GOOD)),
    "the length twice, one wrong": (SITE, once(head(200, SIZE, "Content-Length: 3"), GOOD)),
    "two lengths in one header": (SITE, once(head(200, f"{SIZE}, 3"), GOOD)),
    "no length, but an end": (WELL, once(head(200), GOOD)),
    "no length, and cut": (SCALE, once(head(200), GOOD[:-9])),
    "no length, and cut at an entry's end": (SCALE, once(head(200), GOOD[: GOOD.index(b"},") + 2])),
    "a length and chunks": (WELL, once(chunked((HEX, GOOD), lines=[SIZE]))),
    "a wrong length and chunks": (WELL, once(chunked((HEX, GOOD), lines=["Content-Length: 3"]))),
}

CHUNKS: Table = {
    "chunks": (WELL, once(chunked((HEX, GOOD)))),
    "a chunk with an extension": (WELL, once(chunked((HEX + ";a=b", GOOD)))),
    "a chunk in capitals": (WELL, once(chunked((HEX.upper(), GOOD)))),
    "a chunk with zeros before": (WELL, once(chunked(("0" * 40 + HEX, GOOD)))),
    "chunks without an end": (SCALE, once(chunked((HEX, GOOD), end=b""))),
    "chunks with half an end": (WELL, once(chunked((HEX, GOOD), end=b"0\r\n"))),
    "a chunk that is cut": (SCALE, once(chunked(("fff", GOOD), end=b""))),
    "a chunk of minus one": (SCALE, once(chunked(("-1", GOOD)))),
    "a chunk of minus five": (SCALE, once(chunked(("-5", GOOD)))),
    "a chunk of 2^64": (SCALE, once(chunked(("f" * 16, GOOD)))),
    "a chunk of 2^400": (SCALE, once(chunked(("f" * 100, GOOD)))),
    "a chunk size of 100 KB": (SCALE, once(chunked(("0" * 100_000 + HEX, GOOD)))),
    "a chunk size that is a word": (SCALE, once(chunked(("many", GOOD)))),
    "an empty chunk size": (SCALE, once(chunked(("", GOOD)))),
    "a chunk that is too small": (SCALE, once(chunked(("5", GOOD)))),
    "a chunk size in other digits": (SCALE, once(chunked(("\xb2", GOOD)))),
    "chunked twice": (SCALE, once(head(200, "Transfer-Encoding: chunked, chunked"), GOOD + b"]")),
    "trailers": (WELL, once(chunked((HEX, GOOD), end=b"0\r\nA: b\r\nC: d\r\n\r\n"))),
    "a trailer of 100 KB": (SCALE, once(chunked((HEX, GOOD), end=b"0\r\nA: " + b"b" * 100_000))),
    "the end first": (SCALE, once(chunked(end=b"0\r\n\r\n"))),
    "an unknown transfer coding": (SCALE, once(head(200, "Transfer-Encoding: rot13"), GOOD[::-1])),
}

CODINGS: Table = {
    "gzip": (WELL, once(whole(packed(1), GZIP))),
    "gzip twice, told twice": (WELL, once(whole(packed(2), "Content-Encoding: gzip, gzip"))),
    "gzip twice, told once": (SCALE, once(whole(packed(2), GZIP))),
    "gzip told, not done": (SCALE, once(whole(GOOD, GZIP))),
    "gzip done, not told": (SCALE, once(whole(packed(1)))),
    "gzip that is cut": (SCALE, once(whole(packed(1)[:-12], GZIP))),
    "gzip that is cut within its sum": (WELL, once(whole(packed(1)[:-4], GZIP))),
    "gzip with a wrong sum": (SCALE, once(whole(packed(1)[:-8] + b"\0" * 8, GZIP))),
    "gzip with a flipped byte": (
        SCALE,
        once(whole(packed(1)[:30] + b"\xff\0" + packed(1)[32:], GZIP)),
    ),
    "gzip in two members": (
        WELL,
        once(whole(gzip.compress(GOOD[:9]) + gzip.compress(GOOD[9:]), GZIP)),
    ),
    "gzip with rubbish behind": (WELL, once(whole(packed(1) + b"\0\0\0rubbish", GZIP))),
    "an empty gzip": (SCALE, once(whole(gzip.compress(b""), GZIP))),
    "nothing, told to be gzip": (SCALE, once(whole(b"", GZIP))),
    "deflate": (WELL, once(whole(zlib.compress(GOOD), "Content-Encoding: deflate"))),
    "brotli, which nobody asked for": (SCALE, once(whole(packed(1), "Content-Encoding: br"))),
    "a coding that does not exist": (WELL, once(whole(GOOD, "Content-Encoding: rot13"))),
    "identity": (WELL, once(whole(GOOD, "Content-Encoding: identity"))),
    "six codings": (SCALE, once(whole(packed(6), "Content-Encoding: " + ", ".join(["gzip"] * 6)))),
    "a hundred codings": (
        SCALE,
        once(whole(GOOD, "Content-Encoding: " + ", ".join(["gzip"] * 100))),
    ),
    "a bomb": (SCALE, once(whole(BOMB, GZIP))),
    "a bomb in a bomb": (SCALE, once(whole(gzip.compress(BOMB), "Content-Encoding: gzip, gzip"))),
}

BODIES: Table = {
    "a body without end": (SCALE, endless(head(200, JSON) + b"[", wire(row(1)) + b",")),
    "blanks without end": (SCALE, endless(head(200, JSON) + b"[", b" ")),
    "blanks before the array": (SCALE, endless(head(200, JSON), b"\n")),
    "one text without end": (SCALE, endless(head(200, JSON) + b'[{"id":1,"a":"', b"x")),
    "brackets without end": (SCALE, endless(head(200, JSON), b"[")),
    "zeros without end": (SCALE, endless(head(200, JSON), b"\0")),
    "a page without end": (SCALE, endless(head(200, "Content-Type: text/html"), b"<p>")),
    "chunks of one byte": (
        WELL,
        once(chunked(*(("1", GOOD[n : n + 1]) for n in range(len(GOOD))))),
    ),
    "a page with a password field": (
        SITE,
        once(whole(b"<html><input type=password></html>", "Content-Type: text/html")),
    ),
    "JSON called HTML": (SCALE, once(whole(GOOD, "Content-Type: text/html"))),
    "JSON called nothing": (WELL, once(whole(GOOD, "Content-Type: "))),
    "JSON called a picture": (WELL, once(whole(GOOD, "Content-Type: image/png"))),
}

STATUSES: Table = {
    "204 with a body": (SCALE, once(whole(GOOD, status=204))),
    "205 with a body": (SCALE, once(whole(GOOD, status=205))),
    "206 with a body": (SCALE, once(whole(GOOD, status=206))),
    "304 with a body": (SCALE, once(whole(GOOD, status=304))),
    "203": (SCALE, once(whole(GOOD, status=203))),
    "300 without a place": (SCALE, once(whole(GOOD, status=300))),
    "400": (SCALE, once(whole(GOOD, status=400))),
    "404": (SCALE, once(whole(GOOD, status=404))),
    "418": (SCALE, once(whole(GOOD, status=418))),
    "500": (SCALE, once(whole(GOOD, status=500))),
    "599": (SCALE, once(whole(GOOD, status=599))),
    "999": (SCALE, once(whole(GOOD, status=999))),
    "1000": (SITE, once(whole(GOOD, status=1000))),
    "099": (SITE, once(whole(GOOD, status="099"))),
    "a status that is a word": (SITE, once(whole(GOOD, status="well"))),
    "no status": (SITE, once(b"HTTP/1.1\r\n\r\n" + GOOD)),
    "a negative status": (SITE, once(whole(GOOD, status=-200))),
    "401": (SITE, once(whole(GOOD, status=401))),
    "403": (SITE, once(whole(GOOD, status=403))),
    "429": (SITE, once(whole(GOOD, status=429))),
    "502": (SITE, once(whole(GOOD, status=502))),
    "503": (SITE, once(whole(GOOD, status=503))),
    "504": (SITE, once(whole(GOOD, status=504))),
    "100 before it": (WELL, once(head(100), whole(GOOD))),
    "100 fifty times before it": (WELL, once(head(100) * 50, whole(GOOD))),
    "100 a thousand times before it": (SITE, once(head(100) * 1000, whole(GOOD))),
    "100 without end": (SITE, endless(b"", head(100))),
    "102 before it": (WELL, once(head(102), whole(GOOD))),
    "103 with a hint before it": (WELL, once(head(103, "Link: </x>"), whole(GOOD))),
    "101 to another protocol": (
        SCALE,
        once(head(101, "Upgrade: h2c", "Connection: Upgrade"), GOOD),
    ),
    "a status line of 100 KB": (SITE, once(b"HTTP/1.1 200 " + b"x" * 100_000 + b"\r\n\r\n" + GOOD)),
    "HTTP/0.9": (SITE, once(GOOD)),
    "HTTP/2 in plain": (SITE, once(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")),
    "HTTP/9.9": (SITE, once(b"HTTP/9.9 200 OK\r\n\r\n" + GOOD)),
    "HTTP/1.0": (WELL, once(b"HTTP/1.0 200 OK\r\n\r\n" + GOOD)),
    "ICY": (SITE, once(b"ICY 200 OK\r\n\r\n" + GOOD)),
    "an SSH banner": (SITE, once(b"SSH-2.0-OpenSSH_9.6\r\n")),
    "a TLS alert": (SITE, once(b"\x15\x03\x01\x00\x02\x02\x46")),
    "zeros": (SITE, once(b"\0" * 1000)),
    "nothing at all": (SITE, once()),
    "a line end alone": (SITE, once(b"\r\n")),
}

HEADERS: Table = {
    "99 headers": (WELL, once(whole(GOOD, *lines(98, "X-{}: a")))),
    "1000 headers": (SITE, once(whole(GOOD, *lines(1000, "X-{}: a")))),
    "a header of 100 KB": (SITE, once(whole(GOOD, "X: " + "a" * 100_000))),
    "a header without a colon": (WELL, once(head(200, "nonsense") + GOOD)),
    "a header without a name": (WELL, once(head(200, ": nonsense") + GOOD)),
    "a header that is folded": (WELL, once(whole(GOOD, "X: a\r\n b"))),
    "a header with a NUL": (WELL, once(whole(GOOD, "X: a\0b"))),
    "a header with half a line end": (WELL, once(whole(GOOD, "X: a\rY: b"))),
    "a header that is no ASCII": (WELL, once(whole(GOOD, "X: \xff\xfe"))),
    "line ends without CR": (WELL, once(b"HTTP/1.1 200 OK\n" + SIZE.encode() + b"\n\n" + GOOD)),
    "50 cookies": (WELL, once(whole(GOOD, *lines(50, "Set-Cookie: c{}=x; Path=/")))),
    "cookies of 600 KB": (WELL, once(whole(GOOD, *lines(90, "Set-Cookie: d{}=" + "x" * 7000)))),
    "a cookie with control characters": (
        WELL,
        once(whole(GOOD, "Set-Cookie: a=\x01\x02\x7f; Path=/")),
    ),
    "a cookie with a NUL": (WELL, once(whole(GOOD, "Set-Cookie: a\0=b\0; Path=/"))),
    "a cookie that is no ASCII": (WELL, once(whole(GOOD, "Set-Cookie: \xe9=\xff; Path=/"))),
    "a cookie without a name": (WELL, once(whole(GOOD, "Set-Cookie: =x; Path=/"))),
    "a cookie with a quote": (WELL, once(whole(GOOD, 'Set-Cookie: q="a; Path=/'))),
    "an empty cookie": (WELL, once(whole(GOOD, "Set-Cookie: "))),
    "a cookie of other hosts": (WELL, once(whole(GOOD, "Set-Cookie: a=b; Domain=example.org"))),
    "a cookie of all hosts": (WELL, once(whole(GOOD, "Set-Cookie: a=b; Domain=."))),
    "a cookie with an odd date": (WELL, once(whole(GOOD, "Set-Cookie: a=b; Expires=9999-99-99"))),
    "a cookie of an odd age": (WELL, once(whole(GOOD, f"Set-Cookie: a=b; Max-Age={'9' * 5000}"))),
    "a cookie with an odd port": (WELL, once(whole(GOOD, 'Set-Cookie2: a=b; Port="x"; Version=1'))),
}

PLACES: dict[str, str] = {
    "another host": "http://127.0.0.2:9/api/export/QOL",
    "a name elsewhere": "http://example.org/",
    "another port": "http://127.0.0.1:1/",
    "https": "https://127.0.0.1/api/export/QOL",
    "a user before the host": "http://admin:secret@127.0.0.1/",
    "a host in the user's place": "http://127.0.0.1@example.org/",
    "two slashes": "//example.org/api",
    "a file": "file:///etc/passwd",
    "FTP": "ftp://127.0.0.1/",
    "a script": "javascript:alert(1)",
    "JSON in the address": "data:application/json,[]",
    "a bracket": "http://[::1/",
    "an IPv6 zone": "http://[fe80::1%25lo]/",
    "a port out of range": "http://127.0.0.1:99999/",
    "a port that is a word": "http://127.0.0.1:http/",
    "a name with a blank": "http://exa mple.org/",
    "a name with a NUL": "http://example.org\0/",
    "a name in other letters": "http://\xe9xample.org/",
    "a name of 300 letters": f"http://{'a' * 300}.org/",
    "an address of 60,000 letters": "http://example.org/" + "a" * 60_000,
}

REDIRECTS: Table = {
    f"a redirect to {name}": (SITE, once(whole(b"", f"Location: {place}", status=302)))
    for name, place in PLACES.items()
} | {
    "a redirect to three slashes": (SCALE, once(whole(b"", "Location: ///x/api", status=302))),
    "a redirect to backslashes": (SCALE, once(whole(b"", "Location: \\\\x\\api", status=302))),
    "a redirect with no place": (SCALE, once(whole(b"", status=302))),
    "a redirect to an empty place": (SITE, once(whole(b"", "Location: ", status=302))),
    "a redirect to itself": (SITE, once(whole(b"", "Location: /api/export/QOL", status=302))),
    "a redirect with a body without end": (
        SITE,
        endless(head(301, "Location: http://127.0.0.2:9/"), b"x"),
    ),
    "two places": (SCALE, once(whole(b"", "Location: /a", "Location: http://x/", status=307))),
}

WAITS: Table = {
    f"503 and Retry-After: {told}": (SITE, once(whole(b"", f"Retry-After: {told}", status=503)))
    for told in (
        "0", "-1", "1e9", "31", "99999999999", "9" * 5000, "soon", "", "nan", "inf", "\xb2",
        "Fri, 31 Dec 9999 23:59:59 GMT", "0x1", "1, 2",
    )
}  # fmt: skip

SLOW: Table = {
    "headers of 100 without end": (SITE, endless(b"HTTP/1.1 100 Continue\r\n", b"A: b\r\n")),
    "trailers without end": (SCALE, endless(chunked((HEX, GOOD), end=b"0\r\n"), b"A: b\r\n")),
    "gzip blocks that hold nothing": (
        SCALE,
        endless(head(200, GZIP) + gzip.compress(b"[")[:10], b"\x00\x00\x00\xff\xff"),
    ),
    "a chunk of minus one without end": (
        SCALE,
        endless(head(200, "Transfer-Encoding: chunked") + b"-1\r\n", b"[ ,"),
    ),
}

QUICK: dict[str, Table] = {
    "lengths": LENGTHS,
    "chunks": CHUNKS,
    "codings": CODINGS,
    "bodies": BODIES,
    "statuses": STATUSES,
    "headers": HEADERS,
    "redirects": REDIRECTS,
    "waits": WAITS,
}
