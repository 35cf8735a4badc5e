"""Where exported files go, as config files name it: a folder, a bucket, or what a plug-in brings.

It opens none of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationInfo

from mtdata.config import values
from mtdata.config.replica import PLAIN_URL, endpoint_of
from mtdata.config.replica import REGION as REGION_NAME
from mtdata.config.site import home_of
from mtdata.core.s3 import bucket_of

OUTPUT = "a folder, or s3://bucket/prefix"
"""And, of what plug-ins bring, KIND:// and whatever that kind wants behind it."""
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
        return _of_plugin(text)
    return str(values.absolute_path(text, home_of(info)))


def _of_plugin(url: str) -> str:
    """A place of a kind that a plug-in brings; whether it can be used is found when it is."""
    from mtdata.core.output import OTHERS  # with all that opens outputs

    if not OTHERS.has(url.partition("://")[0]):
        raise ValueError("it is a URL of another kind")
    if not PLAIN_URL.fullmatch(url) or ".." in url.split("/"):
        raise ValueError("it is no URL, or holds a user, ?, # or '..'")
    if url.rstrip("/").endswith(":"):
        raise ValueError("it names no place")
    return url.rstrip("/")


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
    """The folder of the files; None when they go elsewhere."""
    return None if "://" in output else Path(output)


OutputPlace = Annotated[str, BeforeValidator(_output)]
Endpoint = Annotated[str, BeforeValidator(_endpoint)]
Region = Annotated[str, AfterValidator(_region)]
Addressing = Literal["", "path", "virtual", "auto"]
Sealing = Literal["", "AES256", "aws:kms"]
