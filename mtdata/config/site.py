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
from mtdata.config.strict import (
    DURATION,
    LOWER,
    SITE_NAME,
    STRICT,
    TIME_OF_DAY,
    YES_NO,
    ClockTime,
    SiteName,
    keyed,
)
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
    """The path of a file of certificates, '' for none.  ValueError for what is no certificate."""
    if value in (None, ""):
        return ""
    if "-----BEGIN" in str(value) or "\n" in str(value):
        raise ValueError("it is a certificate or key itself: put it into a file")
    return str(values.absolute_path(value, home_of(info)))


def agent(value: object) -> str:
    """The User-Agent by which the site sees this program.

    ValueError for what a header cannot have.
    """
    if not isinstance(value, str) or not value.isprintable() or not value.isascii():
        raise ValueError("it is no line of ASCII")
    return value.strip()


def paddings(value: object) -> str:
    """Words with commas between them; `none` stands alone, since nothing proves it.

    ValueError for any other word.
    """
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

    name: SiteName = keyed("NAME", SITE_NAME)
    ready: bool = keyed("READY", YES_NO)
    delete_mode: bool = keyed("DELETE_MODE", YES_NO, False)
    kind: str = keyed(
        "KIND",
        "the name of a collector, in small letters",
        "mindtrails",
        pattern=r"^[a-z][a-z0-9_-]{0,63}$",
    )
    server: Annotated[str, BeforeValidator(values.server)] = keyed(
        "SERVER", "a URL such as https://host/api/, without user, password, ? and #", ""
    )
    user: str = keyed("USER", "the account's name", "", repr=False)
    password: SecretStr = keyed("PASS", "the account's password", SecretStr(""))
    passphrase: SecretStr | None = Field(default=None, description="the passphrase of the keys")
    private_files: Annotated[tuple[Path, ...], BeforeValidator(_key_files)] = keyed(
        "PRIVATE_FILE", "a key file's name in keys/, a path, or a list of these", ()
    )
    date_format: Annotated[str, BeforeValidator(values.day_format)] = keyed(
        "DATE_FORMAT", "text with day, month and year out of %a %A %b %B %d %j %m %y %Y", "%b_%d_%Y"
    )
    time_format: Annotated[str, BeforeValidator(values.time_format)] = keyed(
        "TIME_FORMAT", "text with %H %I %M %S %p", "%H_%M_%S"
    )
    timezone: Annotated[ZoneInfo | None, BeforeValidator(values.zone)] = keyed(
        "TIMEZONE", "an IANA name such as America/New_York", None
    )
    path: PlacedPath = keyed("PATH", "the folder of the pool")
    state: Remembering = None
    every_s: WholeSeconds = keyed("EVERY", f"whole {DURATION}", 300, ge=1)
    static_at: ClockTime = keyed("STATIC_AT", TIME_OF_DAY, time(3, 30))
    timeout_s: Seconds = keyed("TIMEOUT", DURATION, 60.0)
    connect_timeout_s: Seconds = keyed("CONNECT_TIMEOUT", DURATION, 10.0)
    ca: Authority = keyed("CA", AUTHORITY, "")
    agent: Agent = keyed("USER_AGENT", "a line of ASCII", AGENT, min_length=1)
    max_response_mb: float = keyed(
        "MAX_RESPONSE_MB", "a number of MiB above 0, up to 1000000", 2048.0, gt=0, le=1_000_000
    )
    max_records: int | None = keyed(
        "MAX_RECORDS", "a whole number from 1, or nothing", None, ge=1, le=_MOST_ROWS
    )
    delete_limit: int = keyed(
        "DELETE_LIMIT",
        "a whole number from 1 (to delete nothing, set DELETE_MODE: False)",
        20_000,
        ge=1,
        le=_MOST_ROWS,
    )
    delete_connections: int = keyed(
        "DELETE_CONNECTIONS", "a whole number from 1 to 128", 64, ge=1, le=128
    )
    replica_keys: dict[str, SecretStr] = Field(
        default={}, repr=False, description="keys of the replicas from outside the file"
    )
    replicas: Annotated[tuple[ReplicaConfig, ...], BeforeValidator(_replicas)] = keyed(
        "REPLICAS", ALLOWED, ()
    )
    drift: Annotated[Literal["rewrite", "hold"], LOWER] = keyed(
        "DRIFT", "rewrite or hold", "rewrite"
    )
    padding: Annotated[str, BeforeValidator(paddings)] = keyed(
        "PADDING", "pkcs1, oaep, oaep-sha256, a list of these, or none", "pkcs1"
    )
    decrypt_workers: int | None = keyed(
        "DECRYPT_WORKERS", "a whole number from 0 to 256, or nothing", None, ge=0, le=256
    )
    encryption: Annotated[Literal["rsa", "off"], BeforeValidator(values.encryption)] = keyed(
        "ENCRYPTION", "rsa or off", "rsa"
    )

    @field_validator("server", "user", "password")
    @classmethod
    def _needed_when_ready(cls, value: str | SecretStr, info: ValidationInfo) -> str | SecretStr:
        if info.data.get("ready") and not values.unveiled(value):
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
