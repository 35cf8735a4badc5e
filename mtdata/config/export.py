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
    SecretStr,
    ValidationInfo,
    field_validator,
)

from mtdata.config import values
from mtdata.config.output import (
    ACCESS_KEY,
    ADDRESSING,
    ENDPOINT,
    KEY_NAME,
    KEY_PATTERN,
    OUTPUT,
    REGION,
    SEALING,
    Addressing,
    Endpoint,
    OutputPlace,
    Region,
    Sealing,
    folder_of,
    paired,
)
from mtdata.config.site import (
    AUTHORITY,
    Agent,
    Authority,
    Remembering,
    Seconds,
    WholeSeconds,
)
from mtdata.config.strict import (
    DURATION,
    LOWER,
    SITE_NAME,
    STRICT,
    TIME_OF_DAY,
    YES_NO,
    SiteName,
    keyed,
)
from mtdata.core.s3 import S3Access
from mtdata.core.trust import AGENT

_FIELD = re.compile(r"[a-z_][a-z0-9_]{0,80}(\.[a-z_][a-z0-9_]{0,80}){0,4}", re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{1,50}", re.ASCII)
_EVENTS = {"macro": "macro_event_conversions", "micro": "micro_events"}
_LONGEST_S = 86_400
EVENTS = "all, macro_event_conversions or micro_events"
COLUMNS = "a list of fields such as received.amount, or a mapping of header to field"
WINDOW = f"whole {DURATION}, at most 1d"


def _events(value: Any) -> Any:
    word = str(value).lower()
    return _EVENTS.get(word, word)


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


class CakeConfig(BaseModel):
    """One account of CAKE: its instance, how it is asked, and where its files go."""

    model_config = STRICT | ConfigDict(validate_default=True)

    name: SiteName = keyed("NAME", SITE_NAME, "cake")
    admin_domain: Annotated[str, BeforeValidator(values.domain)] = keyed(
        "ADMIN_DOMAIN", "a host such as admin.example.com"
    )
    scheme: Annotated[Literal["https", "http"], LOWER] = keyed(
        "SCHEME", "https (http for this machine alone)", "https"
    )
    api_key: SecretStr = keyed("API_KEY", "1 to 50 letters and digits")
    timezone: Zone = keyed("TIMEZONE", "the instance's zone, an IANA name such as Europe/Berlin")
    dialect: Annotated[Literal["xml", "json"], LOWER] = keyed("DIALECT", "xml or json", "xml")
    server_timezone: Annotated[ZoneInfo | None, BeforeValidator(values.zone)] = keyed(
        "SERVER_TIMEZONE", "the zone of the instance's server, an IANA name, for DIALECT json", None
    )
    clicks_version: int = keyed("CLICKS_VERSION", "11 or 12", 12, ge=11, le=12)
    conversions_version: int = keyed("CONVERSIONS_VERSION", "15 to 18", 17, ge=15, le=18)
    changes_version: int = keyed("CHANGES_VERSION", "17 or 18", 17, ge=17, le=18)
    include_tests: bool = keyed("INCLUDE_TESTS", YES_NO, default=False)
    include_duplicates: bool = keyed("INCLUDE_DUPLICATES", YES_NO, default=False)
    event_type: Annotated[
        Literal["all", "macro_event_conversions", "micro_events"], BeforeValidator(_events)
    ] = keyed("EVENT_TYPE", EVENTS, "all", json_schema_extra={"also": [*_EVENTS]})

    ca: Authority = keyed("CA", AUTHORITY, "")
    agent: Agent = keyed("USER_AGENT", "a line of ASCII", AGENT, min_length=1)

    click_window_s: WholeSeconds = keyed("CLICK_WINDOW", WINDOW, 300, ge=1, le=_LONGEST_S)
    conversion_window_s: WholeSeconds = keyed(
        "CONVERSION_WINDOW", WINDOW, 1800, ge=1, le=_LONGEST_S
    )
    settle_s: Seconds = keyed("SETTLE", DURATION, 300.0)
    unsettled: Annotated[Literal["wait", "refuse"], LOWER] = keyed(
        "UNSETTLED", "wait or refuse", "wait"
    )
    timeout_s: Seconds = keyed("TIMEOUT", DURATION, 600.0)
    connect_timeout_s: Seconds = keyed("CONNECT_TIMEOUT", DURATION, 10.0)
    rate: float = keyed("RATE", "calls a second, above 0 and at most 100", 2.0, gt=0, le=100)
    concurrency: int = keyed("CONCURRENCY", "a whole number from 1 to 8", 1, ge=1, le=8)
    page: int = keyed("PAGE", "a whole number from 1 to 100000", 10_000, ge=1, le=100_000)
    row_cap: int = keyed("ROW_CAP", "a whole number from 1 to 100000", 100_000, ge=1, le=100_000)

    columns: Annotated[Literal["mended", "original"], LOWER] = keyed(
        "COLUMNS", "mended or original", "mended"
    )
    click_columns: Extra = keyed("CLICK_COLUMNS", COLUMNS, ())
    conversion_columns: Extra = keyed("CONVERSION_COLUMNS", COLUMNS, ())
    csv_guard: Annotated[Literal["off", "browser", "all"], LOWER] = keyed(
        "CSV_GUARD", "off, browser or all", "browser"
    )
    csv_bom: bool = keyed("CSV_BOM", YES_NO, False)

    output: OutputPlace = keyed("OUTPUT", OUTPUT, "exports")
    state: Remembering = None
    endpoint: Endpoint = keyed("ENDPOINT", ENDPOINT, "")
    region: Region = keyed("REGION", REGION, "")
    addressing: Addressing = keyed("ADDRESSING", ADDRESSING, "")
    access_key: SecretStr = keyed("ACCESS_KEY", ACCESS_KEY, SecretStr(""))
    secret_key: SecretStr = keyed("SECRET_KEY", "with ACCESS_KEY, or nothing", SecretStr(""))
    output_ca: Authority = keyed("OUTPUT_CA", AUTHORITY, "")
    sse: Sealing = keyed("SSE", SEALING, "")
    sse_key: str = keyed("SSE_KEY", KEY_NAME, "", pattern=KEY_PATTERN)

    daily_at: Annotated[time | None, BeforeValidator(values.clock_time_or_none)] = keyed(
        "DAILY_AT", f"{TIME_OF_DAY}, or nothing", None
    )
    click_look_back_s: Seconds = keyed("CLICK_LOOK_BACK", DURATION, 2.0 * 86_400)
    conversion_look_back_s: Seconds = keyed("CONVERSION_LOOK_BACK", DURATION, 60.0 * 86_400)

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

    @field_validator("secret_key")
    @classmethod
    def _is_paired(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        return paired(value, info.data.get("access_key"), "ACCESS_KEY and SECRET_KEY")

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
        return folder_of(self.output)


class ExportConfig(BaseModel):
    """Every account that reports are taken from."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    cake: tuple[CakeConfig, ...] = ()

    @property
    def accounts(self) -> tuple[AccountConfig, ...]:
        """Those of every kind."""
        return self.cake

    def of_domain(self, domain: str) -> ExportConfig:
        """The accounts at that ADMIN_DOMAIN alone."""
        return ExportConfig(cake=tuple(one for one in self.cake if one.admin_domain == domain))


AccountConfig = CakeConfig
"""An account of any kind that there is."""
ACCOUNTS: Mapping[str, type[AccountConfig]] = {"CAKE": CakeConfig}
"""The keys of export.config and what an account under each is; in lower case its field above."""
