"""From a value as written to a value as used, one function a sort; never does I/O.

Each raises ValueError with the reason; no reason quotes a value that could be a secret.
"""

from __future__ import annotations

import ipaddress
import os
import re
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from mtdata.core.disclosure import is_broken, is_key_itself

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([smhd]?)", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_UNIT_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST_S = 366 * 86400
_SIZE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?([kmg])i?b", re.ASCII | re.IGNORECASE)
_UNIT_BYTES = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_LONGEST_NAME = 255
KEY_ITSELF = "it is a key itself: put it into a file in keys/, mode 0600, and write its name here"
_SITE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
_FORMAT = re.compile(r"(?:%-?[A-Za-z]|%|[-_.: ])+", re.ASCII)
_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_DOMAIN = re.compile(
    r"((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    r"|\[[0-9a-f:]+\])(?::([0-9]{1,5}))?",
    re.ASCII | re.IGNORECASE,
)
_PORT = re.compile(r":[0-9]{1,5}\Z", re.ASCII)
_UNSAFE = re.compile(r"""[/\\"\x00-\x1f\x7f]|\.\.""")
_DAY_DIRECTIVES = set("aAbBdjmyY")
_TIME_DIRECTIVES = set("HIMSp")
_ENCRYPTION = {"off": "off", "false": "off", "no": "off"} | dict.fromkeys(
    ("rsa", "on", "true", "yes"), "rsa"
)


def site_name(value: Any) -> str:
    """A name that is safe in file names, URLs and names of environment variables.

    ValueError for any other.
    """
    if is_name(value):
        return str(value)
    raise ValueError("it is no such name")


def is_name(value: Any) -> bool:
    """Whether it is such a name."""
    return isinstance(value, str) and bool(_SITE_NAME.fullmatch(value))


def seconds(value: Any, longest_s: float = _LONGEST_S) -> float:
    """Seconds from 300, "90s", "5m", "2h" or "1d".  ValueError for any other word."""
    match = _DURATION.fullmatch(str(value))
    if not match:
        raise ValueError("it is no duration")
    length = float(match[1]) * _UNIT_S[match[2]]
    if not 0 < length <= longest_s:
        raise ValueError(f"it must be more than 0 and at most {longest_s / 86400:g}d")
    return length


def size(value: Any) -> int:
    """Bytes from "64 MB", "1.5 GB" or "512 kB", by powers of 1024; whole bytes stay as they are.

    ValueError for any other word.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(str(value))
    if not match:
        raise ValueError("it is no size with its unit")
    return int(float(match[1]) * _UNIT_BYTES[match[2].lower()])


def clock_time(value: Any) -> time:
    """A time of day from "HH:MM".  ValueError for any other word."""
    if isinstance(value, time):
        return value
    match = _CLOCK.fullmatch(str(value))
    if not match:
        raise ValueError("it is no time of day")
    return time(int(match[1]), int(match[2]))


def clock_time_or_none(value: Any) -> time | None:
    """A time of day from "HH:MM", or None for an empty value."""
    return None if value in (None, "") else clock_time(value)


def zone(value: Any) -> ZoneInfo | None:
    """The time zone of an IANA name.  ValueError for a name that is none."""
    if value is None or isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise ValueError("this machine knows no such zone; is tzdata installed?") from None


def encryption(value: Any) -> str:
    """`rsa` or `off`, also as YAML and people write it."""
    return _ENCRYPTION.get(str(value).lower(), "neither")


def listed(value: Any) -> list[Any]:
    """What a list holds, or the one value, without what is empty."""
    words = value if isinstance(value, list | tuple) else [value]
    return [word for word in words if word not in ("", None)]


def text(value: Any) -> str:
    """Text as it is, and for nothing the empty one.  ValueError for anything else."""
    if not isinstance(value, str | None):
        raise ValueError("it is no text")
    return value or ""


def unveiled(value: Any) -> Any:
    """The text of a secret, anything else as it is."""
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def lower(value: Any) -> Any:
    """Text in lower case, anything else as it is."""
    return value.lower() if isinstance(value, str) else value


def day_format(value: Any) -> str:
    """A strftime format that gives every day a file name of its own.  ValueError for any other."""
    found = _directives(value, _DAY_DIRECTIVES)
    if not found & set("yY"):
        raise ValueError("it lacks the year")
    if "j" not in found and not ("d" in found and found & set("mbB")):
        raise ValueError("it lacks the day or the month: two days would share a file")
    return str(value)


def time_format(value: Any) -> str:
    """A strftime format for the time within a day."""
    _directives(value, _TIME_DIRECTIVES)
    return str(value)


def _directives(value: Any, allowed: set[str]) -> set[str]:
    if not isinstance(value, str):
        raise ValueError("it is no text")
    if _UNSAFE.search(value):
        raise ValueError("it becomes part of a name: no slash, quote, '..' or control character")
    found = set(_DIRECTIVE.findall(value))
    strange = sorted("%" + letter for letter in found - allowed)
    if strange and not _FORMAT.fullmatch(value):
        raise ValueError("it has other directives")  # which, may be pieces of a password
    if strange:
        raise ValueError(f"{' '.join(strange)} is not among them")
    return found


def absolute_path(value: Any, home: Path) -> Path:
    """An absolute path: `~` expanded, a relative one taken from `home`.

    ValueError for an empty one.
    """
    if not isinstance(value, str | Path) or "\0" in str(value):
        raise ValueError("it is no path")
    if is_key_itself(str(value)):
        raise ValueError("it is a key itself: put it into a file")
    if is_broken(str(value)):
        raise ValueError("it has a line break or another control character")
    if any(len(part.encode()) > _LONGEST_NAME for part in Path(value).parts):
        raise ValueError("a name in it is too long")
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        raise ValueError("nobody's home folder has that name") from None
    return Path(os.path.abspath(home / path))


def key_files(value: Any, home: Path) -> tuple[Path, ...]:
    """Private key files, each once: a bare name is one in HOME/keys.

    ValueError for what is no list of them.
    """
    if not isinstance(value, str | Path | list | tuple):
        raise ValueError("it is neither a name nor a list of names")
    return tuple(dict.fromkeys(_key_file(name, home) for name in listed(value)))


def _key_file(name: Any, home: Path) -> Path:
    if isinstance(name, str) and (is_broken(name) or is_key_itself(name)):
        raise ValueError(KEY_ITSELF)
    bare = isinstance(name, str) and "/" not in name and not name.startswith("~")
    return absolute_path(name, home / "keys" if bare else home)


def server(value: Any) -> str:
    """The base URL of a site without its last `/` and `/export`; empty stays empty.

    ValueError for what is no such URL.
    """
    if value == "":
        return ""
    if not isinstance(value, str) or re.search(r"[\x00-\x20\x7f\\]", value):
        raise ValueError("a URL has no spaces, control characters or backslashes")
    url = split_url(value)
    path = url.path.rstrip("/").removesuffix("/export").rstrip("/")
    return f"{url.scheme}://{url.netloc.lower().rstrip(':')}{path}"


def split_url(text: str) -> SplitResult:
    """An http(s) URL in its parts, without user, password, ? and #.  ValueError for any other."""
    if "?" in text or "#" in text:
        raise ValueError("a ? or # part is not allowed")
    try:
        url = urlsplit(text)
        _ = url.port  # read for its check alone
    except ValueError:
        raise ValueError("its host or port is not valid") from None
    if "@" in url.netloc:
        raise ValueError("user and password belong to USER and PASS")
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("it must begin with https:// (or http://) and a host")
    return url


def domain(value: Any) -> str:
    """A host, with a port where it needs one, and nothing else of a URL.

    ValueError for anything else.
    """
    match = _DOMAIN.fullmatch(str(value))
    if not match:
        raise ValueError("without https://, path, user, spaces, ? and #")
    if match[2] and int(match[2]) not in range(1, 65536):
        raise ValueError("its port is not valid")
    if not set(".[") & set(match[1]) and not is_loopback(match[1].lower()):
        raise ValueError("it has no dot")  # a key is without one, too
    return str(value).lower()


def host_of(place: str) -> str:
    """The host of a `domain`, without its port."""
    return place.rpartition(":")[0].strip("[]") if _PORT.search(place) else place.strip("[]")


def typed(value: Any) -> Any:
    """Texts below a mapping as YAML would have read them: numbers, True and False."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value


def is_insecure(server_url: str) -> bool:
    """True when answers and password would cross a network in clear text."""
    url = urlsplit(server_url)
    return url.scheme == "http" and not is_loopback(url.hostname or "")


def is_loopback(host: str) -> bool:
    """Whether the name or address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
