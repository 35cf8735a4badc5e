"""Who asks, and whether by TLS, as a web server in front tells it; nobody else is believed.

Only a peer on this machine is that server.  What it tells and is no address is not heard: then the
peer itself is who asks.  No header of that kind goes further than here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import Any

App = Callable[[dict[str, Any], Any], Iterable[bytes]]
_OF_PROXIES = ("FOR", "HOST", "PROTO", "PORT", "BY", "SERVER", "PREFIX")
_PORTS = {"http": "80", "https": "443"}
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](?::\d+)?|(?P<four>[0-9.]+):\d+", re.A)


def address_of(word: str) -> str | None:
    """The address that stands in these words, in its plain form; None where there is none.

    A port, brackets, quotes, a zone and IPv6's way to write IPv4 do not count.
    """
    bare = word.strip().strip('"').strip()
    parted = _WITH_PORT.fullmatch(bare)
    if parted:
        bare = parted["six"] or parted["four"] or ""
    try:
        found = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def share_of(address: str) -> str:
    """Who has that address, as far as it can be told: of IPv6 a household has a whole network."""
    known = address_of(address)
    if known is None or ":" not in known:
        return known or address
    return str(ipaddress.ip_network(f"{known}/64", strict=False))


def client_of(peer: str, forwarded_for: str) -> str:
    """Who asks: the last address that the server in front added, where it is one."""
    return address_of(forwarded_for.rpartition(",")[2]) or address_of(peer) or peer


def _is_here(peer: str) -> bool:
    known = address_of(peer)
    return known is not None and ipaddress.ip_address(known).is_loopback


def behind_a_proxy(app: App) -> App:
    """The application, told who asks and by what."""

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        told = {name: environ.pop(f"HTTP_X_FORWARDED_{name}", "") for name in _OF_PROXIES}
        for name in ("HTTP_FORWARDED", "HTTP_X_REAL_IP"):
            environ.pop(name, None)
        if _is_here(environ["REMOTE_ADDR"]):
            _believe(environ, told)
        return app(environ, start)

    return answer


def _believe(environ: dict[str, Any], told: dict[str, str]) -> None:
    client = client_of(environ["REMOTE_ADDR"], told["FOR"])
    environ["REMOTE_ADDR"] = environ["REMOTE_HOST"] = client
    scheme = told["PROTO"].rpartition(",")[2].strip().lower()
    if scheme in _PORTS:
        environ["wsgi.url_scheme"], environ["SERVER_PORT"] = scheme, _PORTS[scheme]
