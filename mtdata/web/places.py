"""Where what jobs made lies, and how it is handed out: a file by us, an object by its store.

Memory does not grow with the size: a file goes out in pieces, of an object only the way is told.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import closing
from functools import lru_cache
from typing import BinaryIO

from django.conf import settings
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.utils.http import content_disposition_header

from mtdata import exporting
from mtdata.adapters.s3 import Fault, S3Access, S3Bucket, Told, Words
from mtdata.config.export import CakeConfig
from mtdata.errors import StorageError
from mtdata.records.models import Artifact

SIGNED_S, MOST_BUCKETS = 300, 32
CHANGED = "the file was changed since the job made it"
GONE = "the file is not there any more, or cannot be read"
_WAIT_S = 5.0
"""So long a store is waited for that has to tell where its bucket is."""


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


def saved_as(name: str) -> str:
    """The name for the one who saves it: the last part, and no control character."""
    last = name.rstrip("/").rpartition("/")[2]
    return "".join(one if one.isprintable() else "_" for one in last) or "download"


def disposition(name: str) -> str:
    """The header Content-Disposition of what is to be saved under that name."""
    found = content_disposition_header(as_attachment=True, filename=saved_as(name))
    return found or "attachment"


def opened(artifact: Artifact) -> BinaryIO:
    """A file of this machine, open.  Lost when it is gone, or its length was changed."""
    # NONBLOCK: a pipe that stands there in its place must not hold us up
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        file = os.fdopen(os.open(artifact.place, flags), "rb")
    except (OSError, ValueError) as error:
        raise Lost(GONE) from error
    facts = os.fstat(file.fileno())
    if not stat.S_ISREG(facts.st_mode) or artifact.size not in (None, facts.st_size):
        file.close()
        raise Lost(CHANGED)
    return file


def _file(artifact: Artifact) -> HttpResponse:
    return FileResponse(opened(artifact), as_attachment=True, filename=saved_as(artifact.name))


@lru_cache(MOST_BUCKETS)
def _client(bucket: str) -> S3Bucket:
    """A bucket of no account, by the keys of the page's own environment."""
    access = S3Access(timeout_s=_WAIT_S, connect_timeout_s=_WAIT_S, machine_endpoint=True)
    return S3Bucket(access, bucket, Words(_refused, _failed))


def _refused(told: Told) -> StorageError:
    return StorageError(f"no way to the object can be signed: its store answered {told.status}")


def _failed(fault: Fault) -> StorageError:
    return StorageError(
        "no way to the object can be signed; are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set "
        f"for the web page? ({fault.kind})"
    )


def _object(artifact: Artifact) -> HttpResponse:
    url = _signed_by_account(artifact) or _signed_by_environment(artifact)
    return HttpResponseRedirect(url)


def account_of(place: str) -> tuple[CakeConfig, str] | None:
    """The account of export.config whose files go there, and the name that this one has with it."""
    for account in settings.MTDATA.export.cake:
        name = place.removeprefix(f"{account.output}/")
        if name != place:
            return account, name
    return None


def _signed_by_account(artifact: Artifact) -> str | None:
    """With the keys of the account whose files go there; None: there is none."""
    known = account_of(artifact.place)
    if known is None:
        return None
    with closing(exporting.cake_output(known[0], _WAIT_S)) as output:
        return output.link(known[1], disposition(artifact.name), SIGNED_S)


def _signed_by_environment(artifact: Artifact) -> str:
    bucket, _, key = artifact.place.partition("://")[2].partition("/")
    return _client(bucket).signed(key, disposition(artifact.name), SIGNED_S)


_PLACES: dict[str, Callable[[Artifact], HttpResponse]] = {"": _file, "s3": _object}
