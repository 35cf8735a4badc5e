"""What is known of one site from its config; never reads a file and never shows a secret.

Each field's description is the "allowed" of its fault message.
"""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from mtdata.config import values
from mtdata.config.replica import ALLOWED, ReplicaConfig, replicas
from mtdata.config.strict import DURATION, STRICT
from mtdata.core.s3 import S3Access
from mtdata.core.trust import AGENT

_MIB = 1024 * 1024
SHARED_WITH_REPLICAS = ("timeout_s", "connect_timeout_s", "agent")
_MOST_ROWS = 10**12
"""No site has so many; a longer number is no number of rows."""


def home_of(info: ValidationInfo) -> Path:
    """The folder from which relative paths are taken; the working folder when none was given."""
    return Path((info.context or {}).get("home", "."))


def _state(value: object, info: ValidationInfo) -> Path | None:
    return home_of(info) / "state" if "home" in (info.context or {}) else None


def _absolute_path(value: object, info: ValidationInfo) -> Path:
    return values.absolute_path(value, home_of(info))


def _key_files(value: object, info: ValidationInfo) -> tuple[Path, ...]:
    return values.key_files(value, home_of(info))


def _replicas(value: object, info: ValidationInfo) -> tuple[ReplicaConfig, ...]:
    known = {name: info.data[name] for name in SHARED_WITH_REPLICAS if name in info.data}
    keys = info.data.get("replica_keys", {})
    return replicas(value, keys, lambda told: authority(told, info), S3Access(**known))


def authority(value: object, info: ValidationInfo) -> str:
    """The path of a file of certificates, '' for none."""
    if value in (None, ""):
        return ""
    if "-----BEGIN" in str(value) or "\n" in str(value):
        raise ValueError("it is a certificate or key itself: put it into a file")
    return str(values.absolute_path(value, home_of(info)))


def agent(value: object) -> str:
    """The User-Agent by which the site sees this program."""
    if not isinstance(value, str) or not value.isprintable() or not value.isascii():
        raise ValueError("it is no line of ASCII")
    return value.strip()


def paddings(value: object) -> str:
    """Words with commas between them; `none` stands alone, since nothing proves it."""
    words = value if isinstance(value, list | tuple) else str(value).split(",")
    known = [str(word).strip().lower() for word in words]
    if known == ["none"]:
        return "none"
    if not known or len(set(known)) < len(known) or not set(known) <= PADDINGS:
        raise ValueError("one of them is no padding, or stands twice")
    return ",".join(known)


PADDINGS = frozenset({"pkcs1", "oaep", "oaep-sha256"})
Authority = Annotated[str, BeforeValidator(authority)]
AUTHORITY = "a file of certificates (PEM), or nothing"
Agent = Annotated[str, BeforeValidator(agent)]
PlacedPath = Annotated[Path, BeforeValidator(_absolute_path)]
Remembering = Annotated[Path | None, BeforeValidator(_state)]
"""Where the program remembers folders that it used, by its home; None is nowhere."""
Seconds = Annotated[float, BeforeValidator(values.seconds)]
WholeSeconds = Annotated[int, BeforeValidator(values.seconds)]


class SiteConfig(BaseModel):
    """One site of server.config.  Validate by the file's keys or by the names of the fields."""

    model_config = STRICT | ConfigDict(validate_default=True)

    name: Annotated[str, BeforeValidator(values.site_name)] = Field(
        validation_alias="NAME",
        description="1 to 64 letters, digits, - and _, a letter or digit first",
    )
    ready: bool = Field(validation_alias="READY", description="True or False")
    delete_mode: bool = Field(
        default=False, validation_alias="DELETE_MODE", description="True or False"
    )
    kind: str = Field(
        default="mindtrails",
        validation_alias="KIND",
        pattern=r"^[a-z][a-z0-9_-]{0,63}$",
        description="the name of a collector, in small letters",
    )
    server: Annotated[str, BeforeValidator(values.server)] = Field(
        default="",
        validation_alias="SERVER",
        description="a URL such as https://host/api/, without user, password, ? and #",
    )
    user: str = Field(
        default="", repr=False, validation_alias="USER", description="the account's name"
    )
    password: SecretStr = Field(
        default=SecretStr(""), validation_alias="PASS", description="the account's password"
    )
    passphrase: SecretStr | None = Field(default=None, description="the passphrase of the keys")
    private_files: Annotated[tuple[Path, ...], BeforeValidator(_key_files)] = Field(
        default=(),
        validation_alias="PRIVATE_FILE",
        description="a key file's name in keys/, a path, or a list of these",
    )
    date_format: Annotated[str, BeforeValidator(values.day_format)] = Field(
        default="%b_%d_%Y",
        validation_alias="DATE_FORMAT",
        description="text with day, month and year out of %a %A %b %B %d %j %m %y %Y",
    )
    time_format: Annotated[str, BeforeValidator(values.time_format)] = Field(
        default="%H_%M_%S",
        validation_alias="TIME_FORMAT",
        description="text with %H %I %M %S %p",
    )
    timezone: Annotated[ZoneInfo | None, BeforeValidator(values.zone)] = Field(
        default=None,
        validation_alias="TIMEZONE",
        description="an IANA name such as America/New_York",
    )
    path: PlacedPath = Field(validation_alias="PATH", description="the folder of the pool")
    state: Remembering = None
    every_s: WholeSeconds = Field(
        default=300, validation_alias="EVERY", ge=1, description=f"whole {DURATION}"
    )
    static_at: Annotated[time, BeforeValidator(values.clock_time)] = Field(
        default=time(3, 30),
        validation_alias="STATIC_AT",
        description="a time of day from 00:00 to 23:59",
    )
    timeout_s: Seconds = Field(default=60.0, validation_alias="TIMEOUT", description=DURATION)
    connect_timeout_s: Seconds = Field(
        default=10.0, validation_alias="CONNECT_TIMEOUT", description=DURATION
    )
    ca: Authority = Field(default="", validation_alias="CA", description=AUTHORITY)
    agent: Agent = Field(
        default=AGENT, validation_alias="USER_AGENT", description="a line of ASCII", min_length=1
    )
    max_response_mb: float = Field(
        default=2048.0,
        validation_alias="MAX_RESPONSE_MB",
        gt=0,
        le=1_000_000,
        description="a number of MiB above 0, up to 1000000",
    )
    max_records: int | None = Field(
        default=None,
        validation_alias="MAX_RECORDS",
        ge=1,
        le=_MOST_ROWS,
        description="a whole number from 1, or nothing",
    )
    delete_limit: int = Field(
        default=20_000,
        validation_alias="DELETE_LIMIT",
        ge=1,
        le=_MOST_ROWS,
        description="a whole number from 1 (to delete nothing, set DELETE_MODE: False)",
    )
    delete_connections: int = Field(
        default=4,
        validation_alias="DELETE_CONNECTIONS",
        ge=1,
        le=32,
        description="a whole number from 1 to 32",
    )
    replica_keys: dict[str, SecretStr] = Field(
        default={}, repr=False, description="keys of the replicas from outside the file"
    )
    replicas: Annotated[tuple[ReplicaConfig, ...], BeforeValidator(_replicas)] = Field(
        default=(), validation_alias="REPLICAS", description=ALLOWED
    )
    drift: Annotated[Literal["rewrite", "hold"], BeforeValidator(values.lower)] = Field(
        default="rewrite", validation_alias="DRIFT", description="rewrite or hold"
    )
    padding: Annotated[str, BeforeValidator(paddings)] = Field(
        default="pkcs1",
        validation_alias="PADDING",
        description="pkcs1, oaep, oaep-sha256, a list of these, or none",
    )
    decrypt_workers: int | None = Field(
        default=None,
        validation_alias="DECRYPT_WORKERS",
        ge=0,
        le=256,
        description="a whole number from 0 to 256, or nothing",
    )
    encryption: Annotated[Literal["rsa", "off"], BeforeValidator(values.encryption)] = Field(
        default="rsa", validation_alias="ENCRYPTION", description="rsa or off"
    )

    @field_validator("server", "user", "password")
    @classmethod
    def _needed_when_ready(cls, value: str | SecretStr, info: ValidationInfo) -> str | SecretStr:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if info.data.get("ready") and not text:
            raise ValueError("a READY site needs it")
        return value

    @property
    def holds_drift(self) -> bool:
        """Whether entries with other fields than the scale is known by wait for a person."""
        return self.drift == "hold"

    @property
    def max_response_bytes(self) -> int:
        """The largest body that is taken from the site."""
        return max(1, int(self.max_response_mb * _MIB))

    @property
    def insecure(self) -> bool:
        """True when answers and password would cross a network in clear text."""
        return values.is_insecure(self.server)
