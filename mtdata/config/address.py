"""Mail addresses as people write them: a name in any script, and a mailbox; it sends nothing."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import NamedTuple

_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<mailbox>[^<>]+)>")
_REMARKED = re.compile(r"(?P<mailbox>\S+)\s+\((?P<name>[^()]*)\)")
_MAILBOX = re.compile(
    r"[^@\s,;:<>()\[\]\\\"\x00-\x1f\x7f-\x9f]{1,64}@([^@\s\x00-\x1f\x7f-\x9f]{1,253})"
)
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST_NAME = 1000
_AMBIGUOUS = re.compile("[\u00df\u03c2\u200c\u200d]")
"""Letters that older and newer rules of domains with umlauts take for others."""


class MailAddress(NamedTuple):
    """Somebody's address; the domain of the mailbox is ASCII, what stands before the @ need not."""

    name: str
    mailbox: str

    @property
    def domain(self) -> str:
        """The host that takes the mail."""
        return self.mailbox.rpartition("@")[2]


def read_address(word: str) -> MailAddress:
    """`box@host`, `Display Name <box@host>` or `box@host (remark)`; ValueError for anything else.

    The name may have umlauts, commas without quotes, or the form of RFC 2047.
    """
    named = _NAMED.fullmatch(word.strip()) or _REMARKED.fullmatch(word.strip())
    mailbox = named["mailbox"].strip() if named else word.strip()
    name = _name(named["name"]) if named else ""
    found = _MAILBOX.fullmatch(mailbox)
    if not found or _CONTROL.search(word):
        raise ValueError("it is no mail address")
    local, domain = mailbox.rpartition("@")[0], _wire_domain(found[1])
    return MailAddress(name, f"{local}@{domain}")


def split_addresses(word: str) -> list[str]:
    """The addresses of a list with commas or semicolons; one that has a comma in its name stays."""
    pieces = [piece.strip() for piece in re.split("[,;]", word)]
    try:
        for piece in pieces:
            read_address(piece)
    except ValueError:
        return [word]
    return pieces


def _name(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    if len(text) > _LONGEST_NAME:  # the library's search for encoded words is a square
        return text
    try:
        return _CONTROL.sub(" ", str(make_header(decode_header(text)))).strip()
    except (HeaderParseError, ValueError, LookupError):
        return text


def _wire_domain(domain: str) -> str:
    if _AMBIGUOUS.search(domain):
        raise ValueError("it is no mail address: write its domain in ASCII (xn--...)")
    try:
        wire = domain.encode("idna").decode()
    except UnicodeError:
        raise ValueError("it is no mail address") from None
    if not _DOMAIN.fullmatch(wire):
        raise ValueError("it is no mail address")
    return wire
