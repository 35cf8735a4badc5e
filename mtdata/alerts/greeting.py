"""By which name a mail server is greeted: a full one, as many servers want it; it sends nothing."""

from __future__ import annotations

import re
import socket
from ipaddress import ip_address
from threading import Thread

_PATIENCE_S = 2.0
_FULL = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,9}[A-Za-z][A-Za-z0-9-]{1,61}"
)
_NOBODYS = (".localdomain", ".localhost", ".invalid")
"""Ends of names that every machine has."""


def our_name(given: str, sender_domain: str, sock: socket.socket) -> str:
    """What the config says, else our full name, else the sender's domain, else our address.

    The short name of a container means nothing to anybody, and many servers refuse it.
    """
    if given:
        return given
    names = (socket.gethostname, _network_name, lambda: sender_domain)
    found = (name() for name in names)
    return next((name for name in found if is_full(name)), "") or _literal(sock)


def is_full(name: str) -> bool:
    """Whether it is a host's name with its domain, and not one that every machine has."""
    return bool(_FULL.fullmatch(name)) and not name.lower().endswith(_NOBODYS)


def is_about_our_name(said: bytes | str) -> bool:
    """Whether a refusal is one of our greeting, which some tell only at the first recipient."""
    text = said if isinstance(said, str) else said.decode("ascii", "replace")
    return "helo" in text.lower() or "ehlo" in text.lower()


def _network_name() -> str:
    """What the network calls us; it may hang, and then nobody waits for it."""
    found: list[str] = []
    thread = Thread(target=lambda: found.append(socket.getfqdn()), daemon=True)
    thread.start()
    thread.join(_PATIENCE_S)
    return found[0] if found else ""


def _literal(sock: socket.socket) -> str:
    """Our address on that connection, in the form of RFC 5321 (4.1.3)."""
    address = ip_address(str(sock.getsockname()[0]).partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    plain = mapped or address
    return f"[{'IPv6:' if plain.version == 6 else ''}{plain}]"
