"""Where what jobs made lies, and how it is handed out: a file by us, an object by its store.

Memory does not grow with the size: a file goes out in pieces, of an object only the way is told.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import closing
from functools import cache
from threading import Lock
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.utils.http import content_disposition_header

from mtdata import exporting
from mtdata.errors import StorageError
from mtdata.records.models import Artifact

SIGNED_S = 300
_OPENING = Lock()
_CONNECT_S, _TRIES = 5, 2


class Lost(StorageError):
    """What the job made is not there any more as it was made."""

    again = False


def handed_out(artifact: Artifact) -> HttpResponse:
    """The answer that brings it.  Lost when it is gone or was changed."""
    scheme, found, _ = artifact.place.partition("://")
    hand = _PLACES.get(scheme if found else "")
    if hand is None:
        raise Lost(f"it is kept at a place from which this page cannot fetch it ({scheme[:20]!a})")
    return hand(artifact)


def _named(artifact: Artifact) -> str:
    """Its name for the one who saves it: the last part, and no control character."""
    last = artifact.name.rstrip("/").rpartition("/")[2]
    return "".join(one if one.isprintable() else "_" for one in last) or "download"


def _disposition(artifact: Artifact) -> str:
    found = content_disposition_header(as_attachment=True, filename=_named(artifact))
    return found or "attachment"


def _file(artifact: Artifact) -> HttpResponse:
    # NONBLOCK: a pipe that stands there in its place must not hold us up
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        file = os.fdopen(os.open(artifact.place, flags), "rb")
    except (OSError, ValueError) as error:
        raise Lost("the file is not there any more, or cannot be read") from error
    facts = os.fstat(file.fileno())
    if not stat.S_ISREG(facts.st_mode) or artifact.size not in (None, facts.st_size):
        file.close()
        raise Lost("the file was changed since the job made it")
    return FileResponse(file, as_attachment=True, filename=_named(artifact))


@cache
def _client() -> Any:
    from boto3.session import Session  # type: ignore[import-untyped]
    from botocore.config import Config  # type: ignore[import-untyped]

    how = Config(
        signature_version="s3v4",
        connect_timeout=_CONNECT_S,
        read_timeout=_CONNECT_S,
        retries={"total_max_attempts": _TRIES},
    )
    return Session().client("s3", config=how)


def _object(artifact: Artifact) -> HttpResponse:
    url = _signed_by_account(artifact) or _signed_by_environment(artifact)
    return HttpResponseRedirect(url)


def _signed_by_account(artifact: Artifact) -> str | None:
    """With the keys of the account of export.config whose files go there; None: there is none."""
    for account in settings.MTDATA.export.cake:
        name = artifact.place.removeprefix(f"{account.output}/")
        if name != artifact.place:
            with closing(exporting.cake_output(account)) as output:
                return output.link(name, _disposition(artifact), SIGNED_S)
    return None


def _signed_by_environment(artifact: Artifact) -> str:
    from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]

    bucket, _, key = artifact.place.partition("://")[2].partition("/")
    asked = {"Bucket": bucket, "Key": key, "ResponseContentDisposition": _disposition(artifact)}
    try:
        with _OPENING:  # boto3 makes clients in one thread only
            client = _client()
        url: str = client.generate_presigned_url("get_object", Params=asked, ExpiresIn=SIGNED_S)
    except (BotoCoreError, ValueError) as error:
        raise StorageError(
            "no way to the object can be signed; are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
            f"set for the web page? ({type(error).__name__})"
        ) from error
    return url


_PLACES: dict[str, Callable[[Artifact], HttpResponse]] = {"": _file, "s3": _object}
