"""Keys of programme.config for teams and form responses; never reads a file or shows a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from mtdata.config import output as outputs
from mtdata.config import values
from mtdata.config.address import read_address
from mtdata.config.site import AUTHORITY, Authority, Remembering
from mtdata.config.strict import STRICT, keyed
from mtdata.core.s3 import S3Access

CONNECT_S = 10.0
_ANYBODY = "anybody"

LEAST_UPLOAD, MOST_UPLOAD = 1 << 20, 2 << 30


def _zone(value: Any) -> Any:
    return value if isinstance(value, ZoneInfo) else values.zone(value)


def _allowed(value: Any) -> tuple[str, ...]:
    """Addresses, and @domain for every address there; in lower case."""
    if isinstance(value, tuple):
        return value
    words = value if isinstance(value, list) else values.text(value).split()
    found = [str(word).strip(", ").lower() for word in values.listed(words)]
    boxes = [read_address(f"{_ANYBODY}{word}" if word[:1] == "@" else word) for word in found]
    return tuple(box.mailbox.lower().removeprefix(_ANYBODY) for box in boxes)


class CollectionKeys(BaseModel):
    """How teams and form responses are brought in and given out."""

    model_config = STRICT

    batch: int = keyed("BATCH", "a whole number from 10 to 50", 50, ge=10, le=50)
    upload_max: Annotated[int, BeforeValidator(values.size)] = keyed(
        "UPLOAD_MAX", "a size from 1 MB to 2 GB", 64 << 20, ge=LEAST_UPLOAD, le=MOST_UPLOAD
    )
    timezone: Annotated[ZoneInfo, BeforeValidator(_zone)] = keyed(
        "TIMEZONE", "an IANA name such as Europe/Berlin", ZoneInfo("UTC")
    )
    mail_allowed: Annotated[tuple[str, ...], BeforeValidator(_allowed)] = keyed(
        "MAIL_ALLOWED", "addresses, and @example.org for all of a domain, or a list of them", ()
    )
    output: outputs.OutputPlace = keyed(
        "OUTPUT", outputs.OUTPUT, "exports/forms", validate_default=True
    )
    state: Remembering = Field(default=None, validate_default=True)
    output_endpoint: outputs.Endpoint = keyed("OUTPUT_ENDPOINT", outputs.ENDPOINT, "")
    output_region: outputs.Region = keyed("OUTPUT_REGION", outputs.REGION, "")
    output_addressing: outputs.Addressing = keyed("OUTPUT_ADDRESSING", outputs.ADDRESSING, "")
    output_access_key: SecretStr = keyed("OUTPUT_ACCESS_KEY", outputs.ACCESS_KEY, SecretStr(""))
    output_secret_key: SecretStr = keyed(
        "OUTPUT_SECRET_KEY",
        "with OUTPUT_ACCESS_KEY, or nothing",
        SecretStr(""),
        validate_default=True,
    )
    output_ca: Authority = keyed("OUTPUT_CA", AUTHORITY, "")
    output_sse: outputs.Sealing = keyed("OUTPUT_SSE", outputs.SEALING, "")
    output_sse_key: str = keyed("OUTPUT_SSE_KEY", outputs.KEY_NAME, "", pattern=outputs.KEY_PATTERN)

    @field_validator("output_secret_key")
    @classmethod
    def _is_paired(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        names = "OUTPUT_ACCESS_KEY and OUTPUT_SECRET_KEY"
        return outputs.paired(value, info.data.get("output_access_key"), names)

    def may_be_mailed(self, mailbox: str) -> bool:
        """Whether MAIL_ALLOWED has that address, or all of its domain."""
        folded = mailbox.lower()
        return not {folded, f"@{folded.rpartition('@')[2]}"}.isdisjoint(self.mail_allowed)

    def output_store(self, timeout_s: float = 60.0) -> S3Access:
        """How the store of OUTPUT is reached, if it is one; it answers within so many seconds."""
        return S3Access(
            self.output_endpoint,
            self.output_region,
            self.output_access_key.get_secret_value(),
            self.output_secret_key.get_secret_value(),
            timeout_s=timeout_s,
            connect_timeout_s=min(CONNECT_S, timeout_s),
            addressing=self.output_addressing,
            ca=self.output_ca,
            sse=self.output_sse,
            sse_key=self.output_sse_key,
        )

    @property
    def output_folder(self) -> Path | None:
        """The folder of OUTPUT; None where that is a store."""
        return outputs.folder_of(self.output)
