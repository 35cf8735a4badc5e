"""Where what jobs made lies, and under which name it is saved; it hands nothing out itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cache
from threading import Lock
from typing import Any, Protocol

from django.conf import settings
from django.utils.http import content_disposition_header

from mtdata.adapters.s3 import MISSING, Told, in_our_words
from mtdata.config.export import CakeConfig
from mtdata.errors import StorageError
from mtdata.exports.output.bucket import ARCHIVED, READ
from mtdata.web.proof import GONE, Lost

_OPENING = Lock()
_CONNECT_S, _READ_S, _TRIES = 5, 30, 2


class Store(Protocol):
    """What is asked of a store, by the name that something has with it."""

    def size(self, name: str) -> int | None:
        """How long it is; None when there is none."""
        ...

    def pieces(self, name: str) -> Iterator[bytes]:
        """Its bytes."""
        ...


def saved_as(name: str) -> str:
    """The name for the one who saves it: the last part, and no control character."""
    last = name.rstrip("/").rpartition("/")[2]
    return "".join(one if one.isprintable() else "_" for one in last) or "download"


def disposition(name: str) -> str:
    """The header Content-Disposition of what is to be saved under that name."""
    found = content_disposition_header(as_attachment=True, filename=saved_as(name))
    return found or "attachment"


def account_of(place: str) -> tuple[CakeConfig, str] | None:
    """The account of export.config whose files go there, and the name that this one has with it."""
    for account in settings.MTDATA.export.cake:
        name = place.removeprefix(f"{account.output}/")
        if name != place:
            return account, name
    return None


@cache
def _client() -> Any:
    from boto3.session import Session  # type: ignore[import-untyped]
    from botocore.config import Config  # type: ignore[import-untyped]

    how = Config(
        signature_version="s3v4",
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        retries={"total_max_attempts": _TRIES},
    )
    with _OPENING:  # boto3 makes clients in one thread only
        return Session().client("s3", config=how)


class StoreOfEnvironment:
    """Objects of no account, by the keys that the environment of the web page has.

    A name here is bucket/key.
    """

    def size(self, name: str) -> int | None:
        """Promised by Store."""
        from botocore.exceptions import ClientError  # type: ignore[import-untyped]

        with _told():
            try:
                return int(_client().head_object(**_at(name))["ContentLength"])
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in MISSING:
                    return None
                raise

    def pieces(self, name: str) -> Iterator[bytes]:
        """Promised by Store."""
        with _told(), _client().get_object(**_at(name))["Body"] as body:
            while piece := body.read(READ):
                yield piece


def _at(name: str) -> dict[str, str]:
    bucket, _, key = name.partition("/")
    return {"Bucket": bucket, "Key": key}


def _told() -> AbstractContextManager[None]:
    return in_our_words(_refused, _failed)


def _refused(told: Told) -> StorageError:
    if told.code in MISSING:
        return Lost(GONE)
    why = ARCHIVED if told.code == "InvalidObjectState" else _KEYS
    return StorageError(f"its store answered {told.status} ({told.shown}): {why}")


_KEYS = "are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set for the web page, may they read it?"


def _failed(kind: str) -> StorageError:
    return StorageError(f"its store cannot be asked ({kind}): {_KEYS}")
