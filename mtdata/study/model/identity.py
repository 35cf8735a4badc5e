"""Which pool it is, and whose: what a pool says of itself, and what was remembered of it; pure."""

from __future__ import annotations

from typing import NamedTuple

DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class Identity(NamedTuple):
    """What a pool says of itself: its own sign, NAME and SERVER of its site, and its age.

    The age counts the rounds that changed it, so that an older copy is known as one.
    """

    sign: str
    name: str
    server: str
    age: int


class Remembered(NamedTuple):
    """What was known of the pool at a path; sign '' is one that is yet to be begun there."""

    sign: str
    device: int
    age: int


def differs(theirs: Identity, name: str, server: str) -> str:
    """Which of NAME and SERVER is another than the pool's, in words; '' for neither.

    What is empty on one side is not compared.
    """
    told = []
    if theirs.name and theirs.name.casefold() != name.casefold():
        told.append(f"NAME {theirs.name}, and the config says {name}")
    if theirs.server and server and address_of(theirs.server) != address_of(server):
        told.append(f"SERVER {theirs.server}, and the config says {server}")
    return "; ".join(told)


def address_of(server: str) -> str:
    """What of SERVER tells one study from another: host, port and path, not http or https."""
    scheme, _, rest = server.partition("://")
    host, slash, path = rest.partition("/")
    return host.lower().removesuffix(DEFAULT_PORTS.get(scheme, "")) + slash + path
