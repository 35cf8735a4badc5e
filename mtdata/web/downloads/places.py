"""Where what jobs made lies, and under which name it is saved; it hands nothing out itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from django.utils.http import content_disposition_header

from mtdata.core.errors import MTDataError, OutputError
from mtdata.core.output.bucket import ARCHIVED
from mtdata.core.s3 import S3Access, S3Bucket, StoreFault, StoreRefusal, Words
from mtdata.web.downloads.proof import GONE, Lost

MOST_BUCKETS = 32
_CONNECT_S, _READ_S = 5.0, 30.0
_KEYS = "are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set for the web page, may they read it?"


def saved_as(name: str) -> str:
    """The name for the one who saves it: the last part, and no control character."""
    last = name.rstrip("/").rpartition("/")[2]
    return "".join(one if one.isprintable() else "_" for one in last) or "download"


def disposition(name: str) -> str:
    """The header Content-Disposition of what is to be saved under that name."""
    found = content_disposition_header(as_attachment=True, filename=saved_as(name))
    return found or "attachment"


@lru_cache(MOST_BUCKETS)
def _bucket(name: str) -> S3Bucket:
    """A bucket of no account, by the keys of the page's own environment."""
    access = S3Access(timeout_s=_READ_S, connect_timeout_s=_CONNECT_S, machine_endpoint=True)
    return S3Bucket(access, name, Words(_refused, _failed))


class StoreOfEnvironment:
    """Objects of no account, by the keys that the environment of the web page has.

    A name here is bucket/key.
    """

    def size(self, name: str) -> int | None:
        """Promised by Store."""
        bucket, _, key = name.partition("/")
        found = _bucket(bucket).look(key)
        return None if found is None else int(found.get("ContentLength", -1))

    def pieces(self, name: str) -> Iterator[bytes]:
        """Promised by Store."""
        bucket, _, key = name.partition("/")
        store = _bucket(bucket)
        yield from store.pieces(store.ask("get_object", Key=key))


def _refused(told: StoreRefusal) -> MTDataError:
    if told.missing:
        return Lost(GONE)
    why = ARCHIVED if told.code == "InvalidObjectState" else _KEYS
    return OutputError(f"its store answered {told.status} ({told.code_text}): {why}")


def _failed(fault: StoreFault) -> OutputError:
    return OutputError(f"its store cannot be asked ({fault.kind}): {_KEYS}")
