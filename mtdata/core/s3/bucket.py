"""One bucket of a store: every request of the program goes through here, and every fault ends here.

Whatever the library raises becomes one of our errors, without a word of the store.  Where a store
takes no checksum it is asked once more without: then `is_plain` tells that bytes have to be read
back to be proven.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from threading import Lock
from traceback import format_tb
from typing import Any, NamedTuple, TypeVar

from mtdata.core.errors import MTDataError
from mtdata.core.s3.access import S3Access
from mtdata.core.s3.answers import EXPIRED, StoreFault, StoreRefusal, region_by
from mtdata.core.s3.opening import CLIENTS, OpenedClient

log = logging.getLogger(__name__)
READ = 1 << 16
READS = ("head_", "get_", "list_")
"""How the names of requests begin that may be made twice."""
Asked = dict[str, Any]
Given = TypeVar("Given")
_REGIONS: dict[tuple[str, str], str] = {}
"""Of buckets whose region no config names, as their stores told it."""


class Unreadable(Exception):
    """An answer came, and the library stumbled over it: the name of what it threw."""


class Words(NamedTuple):
    """What becomes of a refusal, and of a fault on the way there."""

    refused: Callable[[StoreRefusal], Exception]
    failed: Callable[[StoreFault], Exception]


class S3Bucket:
    """A bucket, asked from several threads; `words` makes the errors that all of this raises."""

    def __init__(self, access: S3Access, name: str, words: Words) -> None:
        self.name, self._access, self._words = name, access, words
        self._opening = Lock()
        self._opened: OpenedClient | None = None
        self.is_plain = False

    def ask(self, operation: str, **how: Any) -> Asked:
        """The answer to one request, by boto3's names."""
        with self._border():
            return self._call(operation, **how)

    def find(self, operation: str, **how: Any) -> Asked | None:
        """The answer to one request, or None when there is nothing of that name."""
        with self._border():
            return self._unless_missing(lambda: self._call(operation, **how))

    def look(self, key: str) -> Asked | None:
        """What is known of an object, with its checksum where there is one; None: no object."""
        checks = {"ChecksumMode": "ENABLED"}
        with self._border():
            return self._unless_missing(
                lambda: self._checked("head_object", lambda: {"Key": key}, checks)
            )

    def put(self, key: str, content: bytes, digest: bytes, **how: Any) -> Asked:
        """Put an object, in small pieces so that each has its time limit."""
        return self._sent("put_object", content, digest, Key=key, **how)

    def put_part(self, content: bytes, **how: Any) -> Asked:
        """Put a part of an upload."""
        return self._sent("upload_part", content, sha256(content).digest(), **how)

    def begin(self, **how: Any) -> Asked:
        """Begin an upload in parts."""
        with self._border():
            checks = {"ChecksumAlgorithm": "SHA256"}
            return self._checked("create_multipart_upload", lambda: how, checks)

    def pieces(self, answer: Asked) -> Generator[bytes]:
        """The bytes that an answer brings, piece by piece, and no more than it says."""
        body, left = answer["Body"], answer.get("ContentLength", -1)
        try:
            while piece := self._piece(body):
                left -= len(piece)
                if left < 0:
                    raise self._words.failed(StoreFault("more than its length", is_unreadable=True))
                yield piece
        finally:
            body.close()

    def signed(self, key: str, disposition: str, for_s: int) -> str:
        """An address that gives the object to anybody for so long, for the bucket's own region."""
        how = {"Bucket": self.name, "Key": key, "ResponseContentDisposition": disposition}
        with self._border():
            self._go_home()
            sign = self._s3().client.generate_presigned_url
            link: str = _readable(lambda: sign("get_object", how, ExpiresIn=for_s))
            return link

    def close(self) -> None:
        """Let go of connections that nobody else uses."""
        with self._opening:
            if self._opened is not None:
                CLIENTS.give_back(self._access, self._opened)
                self._opened = None

    # requests

    def _sent(self, operation: str, content: bytes, digest: bytes, **how: Any) -> Asked:
        checks = {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": b64encode(digest).decode()}
        facts = {**how, "ContentLength": len(content)}
        with self._border():
            return self._checked(operation, lambda: {**facts, "Body": BytesIO(content)}, checks)

    def _checked(self, operation: str, how: Callable[[], Asked], checks: Asked) -> Asked:
        """Ask with checks, and once more without them where the store refuses that."""
        from botocore.exceptions import ClientError  # type: ignore[import-untyped]

        if not self.is_plain:
            try:
                return self._call(operation, **how(), **checks)
            except ClientError as error:
                if not StoreRefusal.by(error.response).unwanted:
                    raise
        answer = self._call(operation, **how())
        self.is_plain = True
        return answer

    def _unless_missing(self, ask: Callable[[], Asked]) -> Asked | None:
        from botocore.exceptions import ClientError

        try:
            return ask()
        except ClientError as error:
            if StoreRefusal.by(error.response).missing:
                return None
            raise

    def _call(self, operation: str, **how: Any) -> Asked:
        """One request; what only reads is asked once more where the answer was none."""
        try:
            return self._ask_once(operation, how)
        except Unreadable:
            if not operation.startswith(READS):
                raise
        return self._ask_once(operation, how)

    def _ask_once(self, operation: str, how: Asked) -> Asked:
        from botocore.exceptions import InvalidRegionError

        opened = self._s3()
        opened.wire.begin()
        ask: Callable[..., Asked] = getattr(opened.client, operation)
        try:
            return _readable(lambda: ask(Bucket=self.name, **how))
        except BaseException as error:
            opened.wire.drop()
            if isinstance(error, InvalidRegionError):  # ours was looked at by the opened client
                raise Unreadable(type(error).__name__) from None
            raise

    def _piece(self, body: Any) -> bytes:
        with self._border():
            piece: bytes = _readable(lambda: body.read(READ))
            return piece

    # the client

    def _s3(self) -> OpenedClient:
        with self._opening:
            if self._opened is None:
                self._opened = _readable(lambda: CLIENTS.take(self._access))
            return self._opened

    def _go_home(self) -> None:
        """Where the config names no region, turn to that which the store tells of the bucket."""
        if self._access.region:
            return
        of = (self._access.endpoint, self.name)
        region = _REGIONS.get(of) or self._region()
        if region:
            _REGIONS[of] = region
            self.close()
            self._access = replace(self._access, region=region)

    def _region(self) -> str:
        from botocore.exceptions import ClientError

        for operation in ("head_bucket", "get_bucket_location"):
            try:
                answer = self._call(operation)
            except ClientError as error:
                if StoreRefusal.by(error.response).later:
                    raise
                answer = error.response
            if found := region_by(answer):
                return found
        return ""

    # faults

    @contextmanager
    def _border(self) -> Iterator[None]:
        """Nothing but the library's own calls stands in here."""
        from botocore.exceptions import ClientError

        try:
            yield
        except ClientError as error:
            raise self._words.refused(self._refusal_of(error.response)) from None
        except Unreadable as error:
            raise self._words.failed(StoreFault(str(error), is_unreadable=True)) from None
        except _own_faults() as error:
            raise self._words.failed(StoreFault(type(error).__name__)) from None

    def _refusal_of(self, response: Asked) -> StoreRefusal:
        told = StoreRefusal.by(response, renews=not self._access.access_key)
        if told.code in EXPIRED and told.renews:
            with self._opening:
                if self._opened is not None:  # the next one asks for new keys
                    CLIENTS.renew(self._access, self._opened)
                    self._opened = None
        return told


def _own_faults() -> tuple[type[Exception], ...]:
    """What the library throws by intention, before a whole answer is there."""
    from boto3.exceptions import Boto3Error  # type: ignore[import-untyped]
    from botocore.exceptions import BotoCoreError
    from urllib3.exceptions import HTTPError

    return BotoCoreError, Boto3Error, HTTPError, OSError


def _readable(ask: Callable[[], Given]) -> Given:
    """What it gives; Unreadable for everything that the library throws without meaning to.

    Its readers go by what S3 answers, and there is no list of what they throw over anything else.
    """
    from botocore.exceptions import ClientError

    try:
        return ask()
    except (MTDataError, ClientError, *_own_faults()):
        raise
    except Exception as error:
        places = "".join(format_tb(error.__traceback__))  # its words could repeat a key
        log.info("no answer of a store (%s):\n%s", type(error).__name__, places)
        raise Unreadable(type(error).__name__) from None
