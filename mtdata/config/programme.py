"""How jobs are kept and carried, from programme.config; never reads a file or shows a secret."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from pydantic import BeforeValidator, SecretStr, ValidationInfo, field_validator

from mtdata.config import values
from mtdata.config.broker import ALLOWED, HOST, BrokerAddress, as_configured, broker_of
from mtdata.config.collection import CollectionKeys
from mtdata.config.database import DatabaseAddress, Tls
from mtdata.config.keeping import KEPT, KeptSpan, is_off
from mtdata.config.site import AUTHORITY, Authority, Seconds, home_of
from mtdata.config.strict import DURATION, LOWER, YES_NO, keyed

_PORTS = {"mysql": 3306, "postgres": 5432}
_ENGINES = {"mysql": "mysql", "mariadb": "mysql", "postgres": "postgres", "postgresql": "postgres"}
_PLACE = re.compile(rf"({HOST}|\[[0-9a-fA-F:]+\])(?::([0-9]{{1,5}}))?/([A-Za-z0-9_$-]{{1,64}})")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]{1,64}){1,8}", re.A)
_PAGE = re.compile(r"https?://[A-Za-z0-9.\[\]:-]{1,253}(?:/[A-Za-z0-9._~-]{1,64}){0,8}", re.A)
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}", re.A)
_HEADER_IN_USE = re.compile(
    r"(?:accept|authorization|connection|content|cookie|date|expect|forwarded|host|hx|if|origin"
    r"|range|referer|sec|te|transfer|upgrade|user-agent|via|x-csrf\w*|x-real)(?:-.*)?"
    r"|idempotency-key|x-forwarded-(?:for|host|proto|port|by|server|prefix)",
    re.A | re.IGNORECASE,
)
"""What means something already."""
_USER_NAME = re.compile(r"[\w.@+-]{1,150}")
_HOST = re.compile(r"\.?[A-Za-z0-9_-][A-Za-z0-9._-]*|\[[0-9a-fA-F:]+\]|\*")


def _database(value: Any, info: ValidationInfo) -> DatabaseAddress | None:
    if value is None or isinstance(value, DatabaseAddress):
        return value
    scheme, found, rest = str(value).partition("://")
    if scheme == "sqlite" and found and rest.lstrip("/"):
        # sqlite:///file is a file beside config/, sqlite:////var/file one from the root
        return DatabaseAddress("sqlite", str(values.absolute_path(rest[1:], home_of(info))))
    if scheme not in _ENGINES:
        raise ValueError("it begins with none of sqlite:///, mysql:// and postgres://")
    account, _, place = rest.rpartition("@")
    match = _PLACE.fullmatch(place)
    if not match or int(match[2] or 1) not in range(1, 65536):
        raise ValueError("behind user and password host:port/name must stand")
    user, _, password = account.partition(":")
    engine: Any = _ENGINES[scheme]
    port = int(match[2] or _PORTS[engine])
    return DatabaseAddress(
        engine, match[3], match[1].strip("[]"), port, unquote(user), unquote(password)
    )


def _hosts(value: Any) -> tuple[str, ...]:
    words = value if isinstance(value, list | tuple) else str(value).split()
    hosts = tuple(str(word).strip(",") for word in values.listed(words))
    if not all(_HOST.fullmatch(host) for host in hosts):
        raise ValueError("one of them is no name of a host")
    return hosts


def _net(word: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError:  # whose words quote what stands there
        raise ValueError("one of them is neither an address nor a net") from None


def _nets(value: Any) -> tuple[str, ...]:
    """Addresses and nets of both families, each as a net."""
    words = value if isinstance(value, list | tuple) else values.text(value).split()
    nets = [_net(str(word).strip(", ")) for word in values.listed(words)]
    if any(net.prefixlen == 0 for net in nets):
        raise ValueError("everybody would be believed")
    return tuple(str(net) for net in nets)


def _header(value: Any) -> str:
    word = values.text(value)
    if word and (not _HEADER.fullmatch(word) or _HEADER_IN_USE.fullmatch(word)):
        raise ValueError("it is no name of a header that is free for that")
    return word


def _names(value: Any) -> tuple[str, ...]:
    words = value if isinstance(value, list | tuple) else values.text(value).split()
    names = tuple(str(word).strip(",") for word in values.listed(words))
    if not all(_USER_NAME.fullmatch(name) for name in names):
        raise ValueError("one of them is no name of a user")
    return names


def _prefix(value: Any) -> str:
    word = values.text(value).rstrip("/")
    if word and (not _PREFIX.fullmatch(word) or {".", ".."} & set(word.split("/"))):
        raise ValueError("it is no path such as /mtdata")
    return word


def _page(value: Any) -> str:
    word = values.text(value).rstrip("/")
    if word and not _PAGE.fullmatch(word):
        raise ValueError("it is no address such as https://mtdata.example.org")
    return word


def _hsts(value: Any) -> float:
    return 0.0 if is_off(value) else values.seconds(value)


def _long_enough(value: Any) -> Any:
    if value is None or isinstance(value, SecretStr):
        return value
    if len(values.text(value)) < 50:
        raise ValueError("it can be guessed")
    return value


class ProgrammeConfig(CollectionKeys):
    """The records of jobs, who carries them, and the limits of that."""

    database_ca: Authority = keyed("DATABASE_CA", AUTHORITY, "", repr=False)
    database_tls: Annotated[Tls, LOWER] = keyed(
        "DATABASE_TLS", "off, prefer, require or verify", "prefer", validate_default=True
    )
    database: Annotated[DatabaseAddress | None, BeforeValidator(_database)] = keyed(
        "DATABASE", "sqlite:///FILE, mysql://USER:PASS@HOST:PORT/NAME or postgres://… alike", None
    )
    engine: Annotated[Literal["embedded", "celery"], LOWER] = keyed(
        "ENGINE", "embedded or celery", "embedded"
    )
    broker_ca: Authority = keyed("BROKER_CA", AUTHORITY, "", repr=False)
    broker_queue: Annotated[Literal["quorum", "classic"], LOWER] = keyed(
        "BROKER_QUEUE", "quorum or classic", "quorum"
    )
    broker: Annotated[BrokerAddress | None, BeforeValidator(broker_of)] = keyed(
        "BROKER", ALLOWED, None, validate_default=True
    )
    slots: int = keyed("SLOTS", "a whole number from 0 to 64", 1, ge=0, le=64)
    lease_s: Seconds = keyed("LEASE_S", DURATION, 60.0)
    heartbeat_s: Seconds = keyed("HEARTBEAT_S", DURATION, 2.0, validate_default=True)
    sweep_s: Seconds = keyed("SWEEP_S", DURATION, 30.0)
    grace_s: Seconds = keyed("GRACE_S", DURATION, 10.0)
    stall_s: Seconds = keyed("STALL_S", DURATION, 1800.0)
    queue_jobs: int = keyed("QUEUE_JOBS", "a whole number from 1 to 100000", 100, ge=1, le=100_000)
    queue_hours: int = keyed(
        "QUEUE_HOURS", "a whole number from 1 to 100000000", 20_000, ge=1, le=100_000_000
    )
    jobs_keep_s: KeptSpan = keyed("JOBS_KEEP", KEPT, 0.0)
    events_keep_s: KeptSpan = keyed("EVENTS_KEEP", KEPT, 0.0)
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(_hosts)] = keyed(
        "ALLOWED_HOSTS", "names of hosts, or a list of them", ("localhost", "127.0.0.1", "[::1]")
    )
    trusted_proxies: Annotated[tuple[str, ...], BeforeValidator(_nets)] = keyed(
        "TRUSTED_PROXIES", "addresses and nets, such as 10.1.0.0/16, or a list of them", ()
    )
    proxy_user_header: Annotated[str, BeforeValidator(_header)] = keyed(
        "PROXY_USER_HEADER", "the name of a header, such as X-Remote-User, or nothing", ""
    )
    proxy_new_users: Annotated[Literal["refuse", "viewer", "operator"], LOWER] = keyed(
        "PROXY_NEW_USERS", "refuse, viewer or operator", "refuse"
    )
    proxy_admins: Annotated[tuple[str, ...], BeforeValidator(_names)] = keyed(
        "PROXY_ADMINS", "names of users, or a list of them", ()
    )
    admins_need_code: bool = keyed("ADMINS_NEED_CODE", YES_NO, False)
    path_prefix: Annotated[str, BeforeValidator(_prefix)] = keyed(
        "PATH_PREFIX", "a path such as /mtdata, or nothing", ""
    )
    hsts_s: Annotated[float, BeforeValidator(_hsts)] = keyed("HSTS", f"{DURATION}, or off", 3600.0)
    secret_key: Annotated[SecretStr | None, BeforeValidator(_long_enough)] = keyed(
        "SECRET_KEY", "50 letters or more, or nothing", None
    )
    tell_jobs: Annotated[str, BeforeValidator(_page)] = keyed(
        "TELL_JOBS", "the page's address, such as https://mtdata.example.org, or nothing", ""
    )

    @field_validator("proxy_user_header")
    @classmethod
    def _is_told_by_somebody(cls, value: str, info: ValidationInfo) -> str:
        if value and info.data.get("trusted_proxies") == ():
            raise ValueError("TRUSTED_PROXIES must name who may send it, this machine as well")
        return value

    @field_validator("database_tls")
    @classmethod
    def _is_vouched_for(cls, value: Tls, info: ValidationInfo) -> Tls:
        ca = info.data.get("database_ca")
        if value == "verify" and ca == "":
            raise ValueError("verify needs DATABASE_CA, a file such as your provider's root.pem")
        if ca and value != "verify":
            raise ValueError("it must be verify with DATABASE_CA, which nobody looks at otherwise")
        return value

    @field_validator("database")
    @classmethod
    def _is_encrypted(
        cls, value: DatabaseAddress | None, info: ValidationInfo
    ) -> DatabaseAddress | None:
        if value is None or not value.is_shared:
            return value
        tls, ca = info.data.get("database_tls", "prefer"), info.data.get("database_ca", "")
        return replace(value, tls=tls, ca=ca)

    @field_validator("broker")
    @classmethod
    def _needs_broker(
        cls, value: BrokerAddress | None, info: ValidationInfo
    ) -> BrokerAddress | None:
        if value is None and info.data.get("engine") == "celery":
            raise ValueError("ENGINE is celery, so a broker must be named here")
        if value is None:
            return value
        ca, sort = info.data.get("broker_ca", ""), info.data.get("broker_queue", "quorum")
        return as_configured(value, ca, sort)

    @field_validator("heartbeat_s")
    @classmethod
    def _is_outlasted(cls, value: float, info: ValidationInfo) -> float:
        if info.data.get("lease_s", 3 * value) < 3 * value:
            raise ValueError("LEASE_S must be three times as long, or longer")
        return value


def own_database(home: Path) -> DatabaseAddress:
    """The file that holds the records where no DATABASE is named."""
    return DatabaseAddress("sqlite", str(home / "state" / "programme.sqlite3"))
