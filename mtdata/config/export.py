"""Where reports come from and go to, from export.config; never reads a file or shows a secret.

Each field's description is the "allowed" of its fault message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal
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
from mtdata.config.replica import REGION, endpoint_of
from mtdata.config.site import (
    AUTHORITY,
    Agent,
    Authority,
    Remembering,
    Seconds,
    WholeSeconds,
    home_of,
)
from mtdata.config.strict import DURATION, STRICT
from mtdata.core.s3 import S3Access, bucket_of
from mtdata.core.trust import AGENT

_FIELD = re.compile(r"[a-z_][a-z0-9_]{0,80}(\.[a-z_][a-z0-9_]{0,80}){0,4}", re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{1,50}", re.ASCII)
_NAME_OF_KEY = r"^[\x21-\x7e]{0,2048}$"
_EVENTS = {
    "all": "all",
    "macro": "macro_event_conversions",
    "macro_event_conversions": "macro_event_conversions",
    "micro": "micro_events",
    "micro_events": "micro_events",
}
_LONGEST_S = 86_400
EVENTS = "all, macro_event_conversions or micro_events"
COLUMNS = "a list of fields such as received.amount, or a mapping of header to field"
OUTPUT = "a folder, or s3://bucket/prefix"
WINDOW = f"whole {DURATION}, at most 1d"


def _output(value: Any, info: ValidationInfo) -> str:
    text = str(value)
    if text.startswith("s3:"):
        if not bucket_of(text):
            raise ValueError("behind s3:// a bucket, then a prefix of letters, digits, . _ - and /")
        return text.rstrip("/")
    if "://" in text:
        raise ValueError("it is a URL of another kind")
    return str(values.absolute_path(text, home_of(info)))


def _events(value: Any) -> Any:
    return _EVENTS.get(str(value).lower(), "no such kind")


def _endpoint(value: Any) -> str:
    try:
        return endpoint_of(str(value))
    except ValueError as error:
        raise ValueError(str(error).removeprefix("ENDPOINT: ")) from None


def _extra(value: Any) -> tuple[tuple[str, str], ...]:
    """(header, field) of each column."""
    if isinstance(value, tuple):
        return value
    fields = value if isinstance(value, dict) else {}
    if isinstance(value, list | str):
        words = value if isinstance(value, list) else value.split()
        fields = {str(word).strip(","): str(word).strip(",") for word in words}
    pairs = tuple((str(header).strip(), str(field)) for header, field in fields.items())
    if not all(header and header.isprintable() for header, _ in pairs):
        raise ValueError("a header is empty, or holds a control character")
    if not all(_FIELD.fullmatch(field) for _, field in pairs):
        raise ValueError("one of them is no name of a field, with dots between its parts")
    return pairs


Extra = Annotated[tuple[tuple[str, str], ...], BeforeValidator(_extra)]
Zone = Annotated[ZoneInfo, BeforeValidator(values.zone)]


def _field(key: str, description: str, default: Any = ..., **more: Any) -> Any:
    return Field(default, validation_alias=key, description=description, **more)


class CakeConfig(BaseModel):
    """One account of CAKE: its instance, how it is asked, and where its files go."""

    model_config = STRICT | ConfigDict(validate_default=True)

    name: Annotated[str, BeforeValidator(values.site_name)] = _field(
        "NAME", "1 to 64 letters, digits, - and _, a letter or digit first", "cake"
    )
    admin_domain: Annotated[str, BeforeValidator(values.domain)] = _field(
        "ADMIN_DOMAIN", "a host such as admin.example.com"
    )
    scheme: Annotated[Literal["https", "http"], BeforeValidator(values.lower)] = _field(
        "SCHEME", "https (http for this machine alone)", "https"
    )
    api_key: SecretStr = _field("API_KEY", "1 to 50 letters and digits")
    timezone: Zone = _field("TIMEZONE", "the instance's zone, an IANA name such as Europe/Berlin")
    dialect: Annotated[Literal["xml", "json"], BeforeValidator(values.lower)] = _field(
        "DIALECT", "xml or json", "xml"
    )
    server_timezone: Annotated[ZoneInfo | None, BeforeValidator(values.zone)] = _field(
        "SERVER_TIMEZONE", "the zone of the instance's server, an IANA name, for DIALECT json", None
    )
    clicks_version: int = _field("CLICKS_VERSION", "11 or 12", 12, ge=11, le=12)
    conversions_version: int = _field("CONVERSIONS_VERSION", "15 to 18", 17, ge=15, le=18)
    changes_version: int = _field("CHANGES_VERSION", "17 or 18", 17, ge=17, le=18)
    include_tests: bool = _field("INCLUDE_TESTS", "True or False", default=False)
    include_duplicates: bool = _field("INCLUDE_DUPLICATES", "True or False", default=False)
    event_type: Annotated[
        Literal["all", "macro_event_conversions", "micro_events"], BeforeValidator(_events)
    ] = _field("EVENT_TYPE", EVENTS, "all")

    ca: Authority = _field("CA", AUTHORITY, "")
    agent: Agent = _field("USER_AGENT", "a line of ASCII", AGENT, min_length=1)

    click_window_s: WholeSeconds = _field("CLICK_WINDOW", WINDOW, 300, ge=1, le=_LONGEST_S)
    conversion_window_s: WholeSeconds = _field(
        "CONVERSION_WINDOW", WINDOW, 1800, ge=1, le=_LONGEST_S
    )
    settle_s: Seconds = _field("SETTLE", DURATION, 300.0)
    unsettled: Annotated[Literal["wait", "refuse"], BeforeValidator(values.lower)] = _field(
        "UNSETTLED", "wait or refuse", "wait"
    )
    timeout_s: Seconds = _field("TIMEOUT", DURATION, 600.0)
    connect_timeout_s: Seconds = _field("CONNECT_TIMEOUT", DURATION, 10.0)
    rate: float = _field("RATE", "calls a second, above 0 and at most 100", 2.0, gt=0, le=100)
    concurrency: int = _field("CONCURRENCY", "a whole number from 1 to 8", 1, ge=1, le=8)
    page: int = _field("PAGE", "a whole number from 1 to 100000", 10_000, ge=1, le=100_000)
    row_cap: int = _field("ROW_CAP", "a whole number from 1 to 100000", 100_000, ge=1, le=100_000)

    columns: Annotated[Literal["mended", "original"], BeforeValidator(values.lower)] = _field(
        "COLUMNS", "mended or original", "mended"
    )
    click_columns: Extra = _field("CLICK_COLUMNS", COLUMNS, ())
    conversion_columns: Extra = _field("CONVERSION_COLUMNS", COLUMNS, ())
    csv_guard: Annotated[Literal["off", "browser", "all"], BeforeValidator(values.lower)] = _field(
        "CSV_GUARD", "off, browser or all", "browser"
    )
    csv_bom: bool = _field("CSV_BOM", "True or False", False)

    output: Annotated[str, BeforeValidator(_output)] = _field("OUTPUT", OUTPUT, "exports")
    state: Remembering = None
    endpoint: Annotated[str, BeforeValidator(_endpoint)] = _field(
        "ENDPOINT", "a URL such as https://s3.example.org, or nothing", ""
    )
    region: str = _field("REGION", "the name of a region, or nothing", "")
    addressing: Literal["", "path", "virtual", "auto"] = _field(
        "ADDRESSING", "path, virtual, auto or nothing", ""
    )
    access_key: SecretStr = _field("ACCESS_KEY", "a key of the store, or nothing", SecretStr(""))
    secret_key: SecretStr = _field("SECRET_KEY", "with ACCESS_KEY, or nothing", SecretStr(""))
    output_ca: Authority = _field("OUTPUT_CA", AUTHORITY, "")
    sse: Literal["", "AES256", "aws:kms"] = _field("SSE", "AES256, aws:kms or nothing", "")
    sse_key: str = _field(
        "SSE_KEY", "the name of a key for SSE: aws:kms, or nothing", "", pattern=_NAME_OF_KEY
    )

    daily_at: Annotated[time | None, BeforeValidator(values.clock_time_or_none)] = _field(
        "DAILY_AT", "a time of day from 00:00 to 23:59, or nothing", None
    )
    click_look_back_s: Seconds = _field("CLICK_LOOK_BACK", DURATION, 2.0 * 86_400)
    conversion_look_back_s: Seconds = _field("CONVERSION_LOOK_BACK", DURATION, 60.0 * 86_400)

    @field_validator("scheme")
    @classmethod
    def _is_sealed(cls, value: str, info: ValidationInfo) -> str:
        host = values.host_of(info.data.get("admin_domain", "localhost"))
        if value == "http" and not values.is_loopback(host):
            raise ValueError("the key would cross a network in clear text")
        return value

    @field_validator("api_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        if not _KEY.fullmatch(value.get_secret_value()):
            raise ValueError("a key has neither spaces nor more than 50 characters")
        return value

    @field_validator("server_timezone")
    @classmethod
    def _needs_zone(cls, value: ZoneInfo | None, info: ValidationInfo) -> ZoneInfo | None:
        if value is None and info.data.get("dialect") == "json":
            raise ValueError("in JSON the server's zone decides what a date means")
        return value

    @field_validator("region")
    @classmethod
    def _is_a_region(cls, value: str) -> str:
        if value and not REGION.fullmatch(value):
            raise ValueError("it is no name of a region")
        return value

    @field_validator("secret_key")
    @classmethod
    def _is_paired(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        other = info.data.get("access_key")  # not there when it is a fault itself
        if other is not None and bool(value.get_secret_value()) != bool(other.get_secret_value()):
            raise ValueError("ACCESS_KEY and SECRET_KEY belong together")
        return value

    @property
    def server(self) -> str:
        """The base URL of the instance."""
        return f"{self.scheme}://{self.admin_domain}"

    @property
    def rows_a_page(self) -> int:
        """So many rows are asked for at a time: CAKE gives none behind ROW_CAP."""
        return min(self.page, self.row_cap)

    def store(self, timeout_s: float = 60.0) -> S3Access:
        """How the store of the files is reached, when they go to one; it answers within so long."""
        return S3Access(
            self.endpoint,
            self.region,
            self.access_key.get_secret_value(),
            self.secret_key.get_secret_value(),
            timeout_s=timeout_s,
            connect_timeout_s=min(self.connect_timeout_s, timeout_s),
            addressing=self.addressing,
            ca=self.output_ca,
            agent=self.agent,
            sse=self.sse,
            sse_key=self.sse_key,
        )

    @property
    def folder(self) -> Path | None:
        """The folder of the files; None when they go to S3."""
        return None if self.output.startswith("s3://") else Path(self.output)


class ExportConfig(BaseModel):
    """Every account that reports are taken from."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    cake: tuple[CakeConfig, ...] = ()

    def of_domain(self, domain: str) -> ExportConfig:
        """The accounts at that ADMIN_DOMAIN alone."""
        return ExportConfig(cake=tuple(one for one in self.cake if one.admin_domain == domain))


AccountConfig = CakeConfig
"""An account of any kind that there is."""
ACCOUNTS: Mapping[str, type[AccountConfig]] = {"CAKE": CakeConfig}
"""The keys of export.config and what an account under each is; in lower case its field above."""
