"""Where exported files go, as config files name it: a folder or a bucket; it opens neither."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationInfo

from mtdata.config import values
from mtdata.config.replica import REGION as REGION_NAME
from mtdata.config.replica import endpoint_of
from mtdata.config.site import home_of
from mtdata.core.s3 import bucket_of

OUTPUT = "a folder, or s3://bucket/prefix"
ENDPOINT = "a URL such as https://s3.example.org, or nothing"
REGION = "the name of a region, or nothing"
ADDRESSING = "path, virtual, auto or nothing"
ACCESS_KEY = "a key of the store, or nothing"
SEALING = "AES256, aws:kms or nothing"
KEY_NAME = "the name of a key for SSE: aws:kms, or nothing"
KEY_PATTERN = r"^[\x21-\x7e]{0,2048}$"


def _output(value: Any, info: ValidationInfo) -> str:
    if not isinstance(value, str | Path):
        raise ValueError("it is no text")
    text = str(value)
    if text.startswith("s3:"):
        if not bucket_of(text):
            raise ValueError("behind s3:// a bucket, then a prefix of letters, digits, . _ - and /")
        return text.rstrip("/")
    if "://" in text:
        raise ValueError("it is a URL of another kind")
    return str(values.absolute_path(text, home_of(info)))


def _endpoint(value: Any) -> str:
    return endpoint_of(str(value))


def _region(value: str) -> str:
    if value and not REGION_NAME.fullmatch(value):
        raise ValueError("it is no name of a region")
    return value


def paired(value: SecretStr, other: SecretStr | None, names: str) -> SecretStr:
    """The secret key, with its access key or without both; ValueError for one alone.

    `other` is None where that is a fault itself.
    """
    if other is not None and bool(value.get_secret_value()) != bool(other.get_secret_value()):
        raise ValueError(f"{names} belong together")
    return value


def folder_of(output: str) -> Path | None:
    """The folder of the files; None when they go to S3."""
    return None if output.startswith("s3://") else Path(output)


OutputPlace = Annotated[str, BeforeValidator(_output)]
Endpoint = Annotated[str, BeforeValidator(_endpoint)]
Region = Annotated[str, AfterValidator(_region)]
Addressing = Literal["", "path", "virtual", "auto"]
Sealing = Literal["", "AES256", "aws:kms"]
