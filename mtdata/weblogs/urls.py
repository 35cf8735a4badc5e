"""Addresses as logs have them, made into URLs that are plain ASCII; it fetches none.

Text of a log is held as Latin-1: a character is a byte.  In a URL a byte that is no printable
ASCII, and what JSON or HTML would take for a sign of theirs, is percent-encoded: nothing is lost,
it says what the server was asked for, and no byte can break the JSON or Matomo's tables.
"""

from __future__ import annotations

import re
from typing import NamedTuple

UNSAFE = re.compile(r"[^\x21\x23-\x3b\x3d\x3f-\x5b\x5d-\x5f\x61-\x7e]")
RESERVED = re.compile(r"[^A-Za-z0-9_.~-]")
HOST = re.compile(r"([a-z0-9](?:[a-z0-9._-]{0,250}[a-z0-9.])?|\[[0-9a-f:.]{2,45}\])(?::(\d{1,5}))?")
ABSOLUTE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,15})://([^/?#]*)")
METHODS = frozenset({"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"})
PROTOCOLS = frozenset({"HTTP/1.1", "HTTP/2.0", "HTTP/1.0", "HTTP/2", "HTTP/3.0", "HTTP/3"})
"""Of a request line, as they are nearly always; the expressions know the rest."""
METHOD = re.compile(r"[A-Za-z][A-Za-z_-]{0,31}")
PROTOCOL = re.compile(r"[A-Z]{3,6}/\d(?:\.\d)?")
PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
LONGEST_PATH, LONGEST_QUERY = 1024, 3072


class Address(NamedTuple):
    """What was asked for: scheme and host, "" where the request names none, and the path."""

    scheme: str
    host: str
    path: str


def percent_encoded(text: str) -> str:
    """The text with everything encoded that cannot stand in a URL; what is encoded stays so."""
    return UNSAFE.sub(_hexed, text) if UNSAFE.search(text) else text


def quoted(text: str) -> str:
    """The text with all but letters, digits and -._~ encoded, as a part of a name."""
    return RESERVED.sub(_hexed, text)


def percent_decoded(text: str) -> str:
    """The text with each %XX as the byte that it stands for."""
    return PERCENT.sub(lambda found: chr(int(found[1], 16)), text)


def _hexed(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def cut(text: str, most: int) -> str:
    """The first `most` characters of a URL, and no half of a %XX."""
    if len(text) <= most:
        return text
    kept = text[:most]
    return kept[: kept.rindex("%")] if "%" in kept[-2:] else kept


def request_target(line: str) -> str:
    """The target of a request line (`GET /x HTTP/1.1`, or without protocol); "" for none."""
    method, _, rest = line.partition(" ")
    if not rest or not (method in METHODS or METHOD.fullmatch(method)):
        return ""
    target, _, protocol = rest.rpartition(" ")
    has_protocol = protocol in PROTOCOLS or PROTOCOL.fullmatch(protocol)
    return (target if has_protocol else rest).strip(" ")


def split_address(address: str) -> Address:
    """A target without its query in its parts; the path begins with a slash."""
    if address.startswith("/"):
        return Address("", "", address)
    scheme = host = ""
    if found := ABSOLUTE.match(address):
        scheme, host, address = found[1].lower(), found[2], address[found.end() :]
    return Address(scheme, host, address if address.startswith("/") else f"/{address}")


def clean_host(text: str) -> str:
    """A host in small letters, without a usual port; "" when it is none."""
    found = HOST.fullmatch(text.lower())
    if found is None:
        return ""
    name, port = found[1].rstrip("."), found[2]
    return name if port in (None, "80", "443") else f"{name}:{port}"


def without_port(host: str) -> str:
    """The name in a host that clean_host gave."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and not name.endswith(":") else host
