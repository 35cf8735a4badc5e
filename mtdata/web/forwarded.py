"""Who asks, by TLS or not, and below which path, as a web server in front tells it.

Only a peer on this machine is that server, or one that TRUSTED_PROXIES names; nobody else is
believed.  What it tells and is no address is not heard: then the peer itself is who asks.  No
header of that kind goes further than here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import Any

Net = ipaddress.IPv4Network | ipaddress.IPv6Network
App = Callable[[dict[str, Any], Any], Iterable[bytes]]
_OF_PROXIES = ("FOR", "HOST", "PROTO", "PORT", "BY", "SERVER", "PREFIX")
_PORTS = {"http": "80", "https": "443"}
PEER, UNHEARD, USER = "mtdata.peer", "mtdata.unheard", "mtdata.user"
"""What stands in the environment of a request: who called us, whether they told something in vain,
and the name of who asks, as it came, where a server in front may tell that."""
LOOPBACKS = ("127.0.0.0/8", "::1/128")
PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]{1,64}){1,8}", re.A)
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


class Proxies:
    """The web servers in front of us: this machine's, and those of these addresses and nets."""

    def __init__(self, nets: Iterable[str] = (), user_header: str = "") -> None:
        """By `user_header` those that `nets` name, and none else, tell who asks; '' for by none."""
        self._named = [ipaddress.ip_network(net) for net in nets]
        self._nets = [*map(ipaddress.ip_network, LOOPBACKS), *self._named]
        self._user_header = f"HTTP_{user_header.upper().replace('-', '_')}" if user_header else ""

    def contains(self, address: str) -> bool:
        """Whether it is one of them."""
        return _is_within(address, self._nets)

    def user_told(self, environ: dict[str, Any]) -> str | None:
        """Who asks, by the word of the peer; taken out whoever says it, None where it counts not.

        Of this machine as well only where it is named: anybody with an account here can call us.
        """
        if not self._user_header:
            return None
        told: str | None = environ.pop(self._user_header, None)
        return told if _is_within(environ["REMOTE_ADDR"], self._named) else None


def _is_within(address: str, nets: Iterable[Net]) -> bool:
    known = address_of(address)
    if known is None:
        return False
    place = ipaddress.ip_address(known)
    return any(place in net for net in nets if net.version == place.version)


def client_of(peer: str, forwarded_for: str, proxies: Proxies | None = None) -> str:
    """Who asks: the last address that is none of the servers in front, of those that they added.

    What one of them added and is no address ends the search.
    """
    proxies = proxies or Proxies()
    client = address_of(peer) or peer
    for word in reversed(forwarded_for.split(",")):
        told = address_of(word)
        if told is None or not proxies.contains(client):
            break
        client = told
    return client


def behind_a_proxy(app: App, proxies: Proxies | None = None, prefix: str = "") -> App:
    """The application, told who asks, by what, and below which path; `prefix` is always there."""
    known = proxies or Proxies()

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        hear_proxy(environ, known, prefix)
        return app(environ, start)

    return answer


def hear_proxy(environ: dict[str, Any], proxies: Proxies, prefix: str = "") -> None:
    """Enter what the server in front tells, if it is one, and take its headers out."""
    told = {name: environ.pop(f"HTTP_X_FORWARDED_{name}", "") for name in _OF_PROXIES}
    for name in ("HTTP_FORWARDED", "HTTP_X_REAL_IP"):
        environ.pop(name, None)
    environ[PEER] = environ["REMOTE_ADDR"]
    if (user := proxies.user_told(environ)) is not None:
        environ[USER] = user
    if proxies.contains(environ["REMOTE_ADDR"]):
        _believe(environ, told, proxies)
        _stand_below(environ, prefix or told["PREFIX"].strip().rstrip("/"))
    else:
        environ[UNHEARD] = any(told.values())
        _stand_below(environ, prefix)


def _believe(environ: dict[str, Any], told: dict[str, str], proxies: Proxies) -> None:
    client = client_of(environ["REMOTE_ADDR"], told["FOR"], proxies)
    environ["REMOTE_ADDR"] = environ["REMOTE_HOST"] = client
    scheme = told["PROTO"].rpartition(",")[2].strip().lower()
    if scheme in _PORTS:
        environ["wsgi.url_scheme"], environ["SERVER_PORT"] = scheme, _PORTS[scheme]


def _stand_below(environ: dict[str, Any], prefix: str) -> None:
    """The path of the page begins behind that; some servers in front take it off, others do not."""
    if not PREFIX.fullmatch(prefix):
        return
    environ["SCRIPT_NAME"] = prefix
    path = environ.get("PATH_INFO", "")
    if path == prefix or path.startswith(f"{prefix}/"):
        environ["PATH_INFO"] = path[len(prefix) :] or "/"
