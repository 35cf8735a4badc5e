"""How jobs are kept and carried, from programme.config; never reads a file or shows a secret."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import unquote

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from mtdata.config import values
from mtdata.config.broker import ALLOWED, HOST, as_configured, broker_of
from mtdata.config.broker_address import BrokerAddress
from mtdata.config.database import DatabaseAddress, Tls
from mtdata.config.site import AUTHORITY, Authority, Seconds, home_of
from mtdata.config.strict import DURATION, STRICT

_PORTS = {"mysql": 3306, "postgres": 5432}
_ENGINES = {"mysql": "mysql", "mariadb": "mysql", "postgres": "postgres", "postgresql": "postgres"}
_PLACE = re.compile(rf"({HOST}|\[[0-9a-fA-F:]+\])(?::([0-9]{{1,5}}))?/([A-Za-z0-9_$-]{{1,64}})")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]{1,64}){1,8}", re.A)
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
    hosts = tuple(str(word).strip(",") for word in words if word not in ("", None))
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
    words = value if isinstance(value, list | tuple) else str(value or "").split()
    nets = [_net(str(word).strip(", ")) for word in words if word not in ("", None)]
    if any(net.prefixlen == 0 for net in nets):
        raise ValueError("everybody would be believed")
    return tuple(str(net) for net in nets)


def _prefix(value: Any) -> str:
    word = str(value or "").rstrip("/")
    if word and (not _PREFIX.fullmatch(word) or {".", ".."} & set(word.split("/"))):
        raise ValueError("it is no path such as /mtdata")
    return word


def _hsts(value: Any) -> float:
    return 0.0 if str(value) in ("0", "0.0", "off", "False") else values.seconds(value)


def _long_enough(value: Any) -> Any:
    if value is not None and not isinstance(value, SecretStr) and len(str(value)) < 50:
        raise ValueError("it can be guessed")
    return value if value is None or isinstance(value, SecretStr) else str(value)


class ProgrammeConfig(BaseModel):
    """The records of jobs, who carries them, and the limits of that."""

    model_config = STRICT
    RETIRED: ClassVar[tuple[str, ...]] = ("MAIL_ALLOWED", "BATCH")
    """Keys that earlier samples had and nothing uses: a file may have them, and they do nothing."""

    database_ca: Authority = Field(
        default="", validation_alias="DATABASE_CA", description=AUTHORITY, repr=False
    )
    database_tls: Annotated[Tls, BeforeValidator(values.lower)] = Field(
        default="prefer",
        validation_alias="DATABASE_TLS",
        description="off, prefer, require or verify",
        validate_default=True,
    )
    database: Annotated[DatabaseAddress | None, BeforeValidator(_database)] = Field(
        default=None,
        validation_alias="DATABASE",
        description="sqlite:///FILE, mysql://USER:PASS@HOST:PORT/NAME or postgres://… alike",
    )
    engine: Annotated[Literal["embedded", "celery"], BeforeValidator(values.lower)] = Field(
        default="embedded", validation_alias="ENGINE", description="embedded or celery"
    )
    broker_ca: Authority = Field(
        default="", validation_alias="BROKER_CA", description=AUTHORITY, repr=False
    )
    broker_queue: Annotated[Literal["quorum", "classic"], BeforeValidator(values.lower)] = Field(
        default="quorum", validation_alias="BROKER_QUEUE", description="quorum or classic"
    )
    broker: Annotated[BrokerAddress | None, BeforeValidator(broker_of)] = Field(
        default=None, validation_alias="BROKER", description=ALLOWED, validate_default=True
    )
    slots: int = Field(
        default=1, validation_alias="SLOTS", ge=0, le=64, description="a whole number from 0 to 64"
    )
    lease_s: Seconds = Field(default=60.0, validation_alias="LEASE_S", description=DURATION)
    heartbeat_s: Seconds = Field(
        default=2.0, validation_alias="HEARTBEAT_S", description=DURATION, validate_default=True
    )
    sweep_s: Seconds = Field(default=30.0, validation_alias="SWEEP_S", description=DURATION)
    grace_s: Seconds = Field(default=10.0, validation_alias="GRACE_S", description=DURATION)
    stall_s: Seconds = Field(default=1800.0, validation_alias="STALL_S", description=DURATION)
    queue_jobs: int = Field(
        default=100,
        validation_alias="QUEUE_JOBS",
        ge=1,
        le=100_000,
        description="a whole number from 1 to 100000",
    )
    queue_hours: int = Field(
        default=20_000,
        validation_alias="QUEUE_HOURS",
        ge=1,
        le=100_000_000,
        description="a whole number from 1 to 100000000",
    )
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(_hosts)] = Field(
        default=("localhost", "127.0.0.1", "[::1]"),
        validation_alias="ALLOWED_HOSTS",
        description="names of hosts, or a list of them",
    )
    trusted_proxies: Annotated[tuple[str, ...], BeforeValidator(_nets)] = Field(
        default=(),
        validation_alias="TRUSTED_PROXIES",
        description="addresses and nets, such as 10.1.0.0/16, or a list of them",
    )
    path_prefix: Annotated[str, BeforeValidator(_prefix)] = Field(
        default="", validation_alias="PATH_PREFIX", description="a path such as /mtdata, or nothing"
    )
    hsts_s: Annotated[float, BeforeValidator(_hsts)] = Field(
        default=3600.0, validation_alias="HSTS", description=f"{DURATION}, or off"
    )
    secret_key: Annotated[SecretStr | None, BeforeValidator(_long_enough)] = Field(
        default=None, validation_alias="SECRET_KEY", description="50 letters or more, or nothing"
    )
    retired: tuple[str, ...] = Field(
        default=(), description="keys of RETIRED that the file has; `mtdata check` tells of them"
    )

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
