"""Where web logs come from and go to, from weblogs.config; never reads a file or shows a secret.

Each field's description is the "allowed" of its fault message.  A key of the file that stands under
a site counts for that site alone.
"""

from __future__ import annotations

import re
from datetime import datetime, time
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

from mtdata.config import values, weblog_values
from mtdata.config.replica import REGION, endpoint_of
from mtdata.config.site import Seconds, home_of
from mtdata.config.strict import DURATION, LOWER, STRICT, TIME_OF_DAY, YES_NO, keyed
from mtdata.core.s3 import S3Access

BUCKET = "the name of a bucket, or file:/// and a folder"
NEEDED_BUCKET = f"{BUCKET} (the original had 511org-logs in its program)"
PREFIX = "what keys begin with; {site} and {date:%Y/%m/%d} may stand in it"
KEY_PATTERN = r"a regular expression with a group date: (?P<date>\d{4}-\d{2}-\d{2})"
DATE_FORMAT = "a format such as %Y-%m-%d or %Y%m%d"
FLAGS = f"none, or some of {', '.join(weblog_values.FLAGS)}"
LIST = "a text, or a list of texts"
MOMENT = "a day or time such as 2026-11-29 or 2026-11-29T08:00+01:00"
ARCHIVE = "none, http, or console: and the path of Matomo's console"
KEY = "a key of the store, or nothing"
_FORMAT_NAME = r"^[a-z0-9_]{1,40}$"
_PROFILE = r"^[A-Za-z0-9_.@+-]{0,100}$"
_SECRET_LENGTH = 16

Ledger = Literal["file", "records"]
"""Where it is kept which lines went out: in a file a site, or in the database of the records."""
Bucket = Annotated[str, BeforeValidator(weblog_values.log_bucket)]
Texts = Annotated[tuple[str, ...], BeforeValidator(weblog_values.texts)]
Pattern = Annotated[re.Pattern[str], BeforeValidator(weblog_values.pattern)]


def _moment(value: Any, info: ValidationInfo) -> datetime | None:
    return weblog_values.moment(value, info.data.get("zone") or ZoneInfo("UTC"))


def _archive(value: Any, info: ValidationInfo) -> str:
    return weblog_values.archive_step(value, home_of(info))


def _endpoint(value: Any) -> str:
    return endpoint_of(str(value))


Moment = Annotated[datetime | None, BeforeValidator(_moment)]


class WeblogKeys(BaseModel):
    """Every key that may stand at the top of the file as well as under a site."""

    model_config = STRICT | ConfigDict(validate_default=True)

    piwik_ip: Annotated[str, BeforeValidator(weblog_values.matomo_url)] = keyed(
        "piwik_ip", "the URL of Matomo", "http://localhost"
    )
    token: SecretStr = keyed("token", "a token of Matomo, or nothing", SecretStr(""))
    timeout_s: Seconds = keyed("timeout", DURATION, 60.0)
    batch: int = keyed("batch", "a whole number from 1 to 20000", 200, ge=1, le=20_000)
    transactions: bool = keyed("transactions", YES_NO, True)
    archive: Annotated[str, BeforeValidator(_archive)] = keyed(
        "archive", ARCHIVE, "none", json_schema_extra={"also": ["mapping"]}
    )

    aws_pull_access_key: SecretStr = keyed("aws_pull_access_key", KEY, SecretStr(""))
    aws_pull_secret: SecretStr = keyed(
        "aws_pull_secret", "with aws_pull_access_key, or nothing", SecretStr("")
    )
    aws_push_access_key: SecretStr = keyed("aws_push_access_key", KEY, SecretStr(""))
    aws_push_secret: SecretStr = keyed(
        "aws_push_secret", "with aws_push_access_key, or nothing", SecretStr("")
    )
    endpoint: Annotated[str, BeforeValidator(_endpoint)] = keyed(
        "endpoint", "a URL such as https://s3.example.org, or nothing", ""
    )
    region: str = keyed("region", "the name of a region, or nothing", "")
    profile: str = keyed(
        "profile", "a profile of this machine's ~/.aws, or nothing", "", pattern=_PROFILE
    )

    zone: Annotated[ZoneInfo, BeforeValidator(values.zone)] = keyed(
        "zone", "the site's zone in Matomo, an IANA name such as Europe/Berlin", ZoneInfo("UTC")
    )
    pull_bucket: Bucket = keyed("pull_bucket", NEEDED_BUCKET, "file:///nowhere")
    pull_prefix: Annotated[str, BeforeValidator(weblog_values.key_prefix)] = keyed(
        "pull_prefix", PREFIX, ""
    )
    date_format: Annotated[str, BeforeValidator(weblog_values.date_format)] = keyed(
        "date_format", DATE_FORMAT, "%Y-%m-%d"
    )
    key_pattern: Pattern | None = keyed("key_pattern", KEY_PATTERN, None)
    by: Annotated[Literal["", "key", "last_modified"], LOWER] = keyed(
        "by", "key or last_modified", ""
    )
    push_bucket: Bucket | None = keyed("push_bucket", f"{BUCKET}, or nothing", None)
    push_prefix: Annotated[str, BeforeValidator(weblog_values.archive_prefix)] = keyed(
        "push_prefix", "letters, digits, . _ - and / between folders, or nothing", ""
    )
    after_push: Annotated[Literal["keep", "delete", "tag"], LOWER] = keyed(
        "after_push", "keep, delete or tag", "keep"
    )
    max_ratio: int = keyed("max_ratio", "a whole number from 10 to 1000000", 500, ge=10, le=10**6)
    max_log_mb: int = keyed("max_log_mb", "a whole number of MB from 1", 65_536, ge=1, le=10**7)

    format: str = keyed(
        "format", "auto, regex, or the name of a format", "auto", pattern=_FORMAT_NAME
    )
    regex: Pattern | None = keyed("regex", "a regular expression with named groups", None)
    fields: Annotated[tuple[str, ...], BeforeValidator(weblog_values.words)] = keyed(
        "fields", "the columns of a W3C log without #Fields, a list", ()
    )
    flags: Annotated[frozenset[str], BeforeValidator(weblog_values.flags)] = keyed(
        "flags", FLAGS, frozenset(weblog_values.FLAGS)
    )
    exclude_path: Texts = keyed("exclude_path", LIST, ())
    include_path: Texts = keyed("include_path", LIST, ())
    exclude_host: Texts = keyed("exclude_host", LIST, ())
    include_host: Texts = keyed("include_host", LIST, ())
    useragent_exclude: Texts = keyed("useragent_exclude", LIST, ())
    exclude_older_than: Moment = keyed("exclude_older_than", MOMENT, None)
    exclude_newer_than: Moment = keyed("exclude_newer_than", MOMENT, None)
    download_extensions: Annotated[
        tuple[str, ...] | None, BeforeValidator(weblog_values.extensions)
    ] = keyed("download_extensions", "a list of extensions such as pdf, zip", None)
    dimensions: Annotated[
        tuple[tuple[str, int], ...], BeforeValidator(weblog_values.dimensions)
    ] = keyed("dimensions", f"a mapping of {' or '.join(weblog_values.DIMENSIONS)} to a number", ())
    visitor_id: Annotated[Literal["", "ip_ua"], LOWER] = keyed("visitor_id", "ip_ua or nothing", "")
    visitor_secret: SecretStr = keyed(
        "visitor_secret", f"at least {_SECRET_LENGTH} characters, for visitor_id", SecretStr("")
    )
    daily: Annotated[time | None, BeforeValidator(values.clock_time_or_none)] = keyed(
        "daily", f"{TIME_OF_DAY}, or nothing", None
    )

    @field_validator("region")
    @classmethod
    def _is_a_region(cls, value: str) -> str:
        if value and not REGION.fullmatch(value):
            raise ValueError("it is no name of a region")
        return value

    @field_validator("aws_pull_secret", "aws_push_secret")
    @classmethod
    def _is_paired(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        name = str(info.field_name).replace("secret", "access_key")
        other = info.data.get(name)  # not there when it is a fault itself
        if other is not None and bool(value.get_secret_value()) != bool(other.get_secret_value()):
            raise ValueError(f"{name} and this belong together")
        return value

    @property
    def insecure(self) -> bool:
        """True when token and logs would cross a network in clear text."""
        return values.is_insecure(self.piwik_ip)

    @property
    def console(self) -> Path | None:
        """Matomo's console that archives, if that does it."""
        return Path(self.archive) if self.archive.startswith("/") else None

    def pull_store(self) -> S3Access:
        """How the bucket of logs is reached."""
        return self._store(self.aws_pull_access_key, self.aws_pull_secret)

    def push_store(self) -> S3Access:
        """How the bucket of archives is reached."""
        return self._store(self.aws_push_access_key, self.aws_push_secret)

    def _store(self, key: SecretStr, secret: SecretStr) -> S3Access:
        return S3Access(
            self.endpoint,
            self.region,
            key.get_secret_value(),
            secret.get_secret_value(),
            timeout_s=self.timeout_s,
            connect_timeout_s=min(10.0, self.timeout_s),
            profile="" if key.get_secret_value() else self.profile,
        )


class WeblogsFile(WeblogKeys):
    """Every key that may stand at the top of the file; those of its own count for all sites."""

    ledger: Annotated[Ledger, LOWER] = keyed("ledger", "file or records", "file")


class WeblogSite(WeblogKeys):
    """One site: its domain, its number in Matomo, and all that counts for it."""

    domain: Annotated[str, BeforeValidator(weblog_values.site_domain)]
    idsite: int = keyed("idsite", "the number of the site in Matomo, from 1", ge=1, le=10**9)

    @field_validator("profile")
    @classmethod
    def _has_no_keys_beside(cls, value: str, info: ValidationInfo) -> str:
        keys = [info.data.get(f"aws_{way}_access_key", SecretStr("")) for way in ("pull", "push")]
        if value and all(key.get_secret_value() for key in keys):
            raise ValueError("both buckets have keys of their own, so no profile is asked")
        return value

    @field_validator("by")
    @classmethod
    def _has_a_date(cls, value: str, info: ValidationInfo) -> str:
        if "key_pattern" not in info.data:  # a fault itself
            return value
        pattern = info.data["key_pattern"]
        has_date = pattern is not None and "date" in pattern.groupindex
        if not has_date and (value == "key" or (pattern is not None and not value)):
            raise ValueError("key_pattern has no group date: write by: last_modified, or the group")
        return value or ("key" if has_date else "last_modified")

    @field_validator("after_push")
    @classmethod
    def _can_be_done(cls, value: str, info: ValidationInfo) -> str:
        if value != "keep" and info.data.get("push_bucket", "") is None:
            raise ValueError("nothing is pushed: push_bucket is missing")
        if value == "tag" and str(info.data.get("pull_bucket")).startswith("file:"):
            raise ValueError("a folder has no tags")
        return value

    @field_validator("regex")
    @classmethod
    def _belongs_to_format(cls, value: Any, info: ValidationInfo) -> Any:
        if "format" in info.data and (value is None) == (info.data["format"] == "regex"):
            raise ValueError("format: regex and this belong together")
        return value

    @field_validator("visitor_secret")
    @classmethod
    def _is_long_enough(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("visitor_id") and len(value.get_secret_value()) < _SECRET_LENGTH:
            raise ValueError("with a short one addresses could be found out by trying")
        return value

    @property
    def push_place(self) -> str | None:
        """Where its archives go: a folder's path or s3://bucket/prefix; None for nowhere."""
        if self.push_bucket is None:
            return None
        parts = (self.push_bucket.removeprefix("file://"), self.push_prefix, self.domain)
        return "/".join(filter(None, parts))


class WeblogsConfig(BaseModel):
    """Every site whose logs are imported."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    sites: tuple[WeblogSite, ...] = ()
    ledger: Ledger = "file"
