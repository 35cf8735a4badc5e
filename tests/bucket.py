"""A store that speaks as S3 does, on this machine: moto's server behind faults that tests set.

No test ever speaks to AWS; the environment that could lead there is emptied in conftest.
"""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import unquote

import boto3
from botocore.config import Config
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

KEYS = ("AKIAINVENTED", "an invented secret key")
Start = Callable[..., Any]
_NUMBERS = count(1)


class Fault(NamedTuple):
    """What happens to requests of these methods instead of what should."""

    kind: str
    methods: tuple[str, ...]
    code: int = 0
    reason: str = ""
    query: str = ""  # strikes only requests with these words behind the ?


class Store:
    """moto's S3 on a loopback port, every request noted and every fault carried out."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._over = threading.Event()
        self.faults: list[Fault] = []
        self.region = ""  # what is signed for another is refused, where there is one
        self.victim: subprocess.Popen[str] | None = None
        self.cut_at, self.cut_after = 0, False  # kills the victim at that request from now
        self.requests: list[tuple[str, str]] = []
        self.signers: list[str] = []  # by which key each request was signed
        self.at_once = self.most_at_once = 0  # requests that are in hand, where that is counted
        self._parts = threading.Condition()
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True,
                                   request_handler=_Quiet)  # fmt: skip
        self._server.daemon_threads = True  # one that hangs must not keep the tests from ending
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.client = boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=KEYS[0],
            aws_secret_access_key=KEYS[1],
            region_name="us-east-1",
            config=Config(proxies={}, request_checksum_calculation="when_required"),
        )

    def close(self) -> None:
        self.heal()
        self.client.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def fault(
        self, kind: str, *methods: str, code: int = 0, reason: str = "", query: str = ""
    ) -> None:
        """Strike requests of these methods from now on (none named = all)."""
        self.faults.insert(0, Fault(kind, methods or ("PUT", "GET", "HEAD"), code, reason, query))

    def heal(self) -> None:
        """No faults any more; what hangs is let go."""
        self.faults.clear()
        self.region = ""
        self.cut_at, self.victim = 0, None
        self._over.set()
        self._over = threading.Event()

    def _cut(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if self.cut_after:
            list(self._moto(environ, _nobody_hears))
        assert self.victim is not None
        self.victim.kill()
        start("503 x", [])
        return []

    def _elsewhere(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """What S3 says to who signs for another region than that of the bucket."""
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        head = [("Content-Type", "application/xml"), ("x-amz-bucket-region", self.region)]
        start("400 x", head)
        code = "AuthorizationHeaderMalformed"
        body = f"<Error><Code>{code}</Code><Region>{self.region}</Region></Error>".encode()
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.requests.append((method, path))
        self.signers.append(_signed(environ).partition("Credential=")[2].partition("/")[0])
        if self.cut_at and len(self.requests) >= self.cut_at:
            return self._cut(environ, start)
        asked = environ.get("QUERY_STRING", "")
        if self.region and f"/{self.region}/s3/aws4_request" not in _signed(environ):
            return self._elsewhere(environ, start)
        if self.region:
            start = _with_header(start, "x-amz-bucket-region", self.region)
        fault = next(
            (one for one in self.faults if method in one.methods and one.query in asked), None
        )
        if fault is None or (fault.kind == "no checksums" and not _has_checksum(environ)):
            return self._moto(environ, start)
        if fault.kind == "hang":
            self._over.wait(60)
        elif fault.kind == "forget":  # a store that knows nothing of checksums
            environ.pop("HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM", None)
            environ.pop("HTTP_X_AMZ_CHECKSUM_SHA256", None)
            return self._moto(environ, start)
        elif fault.kind == "capitals":
            return self._moto(environ, _with_metadata(start, str.title))
        elif fault.kind == "no metadata":
            return self._moto(environ, _with_metadata(start, "x-lost-{}".format))
        elif fault.kind == "slow parts":
            with self._parts:
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                self._parts.wait_for(lambda: self.most_at_once >= fault.code, 10)
            try:
                return list(self._moto(environ, start))
            finally:
                with self._parts:
                    self.at_once -= 1
                    self._parts.notify_all()
        elif fault.kind == "other checksum":
            other = "A" * 43 + "="
            return self._moto(environ, _with_header(start, "x-amz-checksum-sha256", other))
        elif fault.kind == "garble":  # the last byte gets lost on the disk of the store
            length = int(environ["CONTENT_LENGTH"]) - 1
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(length + 1)[:length])
            environ["CONTENT_LENGTH"] = environ["HTTP_CONTENT_LENGTH"] = str(length)
            environ.pop("HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM", None)
            environ.pop("HTTP_X_AMZ_CHECKSUM_SHA256", None)
            return self._moto(environ, start)
        elif fault.kind in ("cut", "deaf"):  # in the middle of the body, or when all is done
            if fault.kind == "deaf":
                list(self._moto(environ, _nobody_hears))
            else:
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0) // 2)
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return []
        elif fault.kind == "babble":  # an answer, and none that S3 gives
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            odd = [("Last-Modified", "when the cows come home")] if method == "HEAD" else []
            start(f"{fault.code or 200} x", [("Content-Type", "application/xml"), *odd])
            return [] if method == "HEAD" else [fault.reason.encode()]
        body = f"<Error><Code>{fault.reason}</Code><Message>no</Message></Error>".encode()
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start(f"{fault.code or 503} x", [("Content-Type", "application/xml")])
        return [] if method == "HEAD" else [body]


def _has_checksum(environ: dict[str, Any]) -> bool:
    words = ("HTTP_X_AMZ_CHECKSUM", "HTTP_X_AMZ_SDK_CHECKSUM", "HTTP_X_AMZ_TRAILER")
    return any(name.startswith(words) for name in environ)


def _signed(environ: dict[str, Any]) -> str:
    """By which key, for which day and region a request is signed."""
    head, query = environ.get("HTTP_AUTHORIZATION", ""), environ.get("QUERY_STRING", "")
    return str(head) + unquote(str(query))


def _nobody_hears(*said: Any) -> None:
    """The answer to somebody who is dead."""


def _with_header(start: Start, name: str, value: str) -> Start:
    """Another value of a header, where moto gives one."""

    def doctored(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        other = [(k, value if k.lower() == name else v) for k, v in headers]
        return start(status, other, *rest)

    return doctored


def _with_metadata(start: Start, name_of: Callable[[str], str]) -> Start:
    """Other names of what was put beside an object."""

    def doctored(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        other = [(name_of(k) if k.lower().startswith("x-amz-meta-") else k, v) for k, v in headers]
        return start(status, other, *rest)

    return doctored


class _Quiet(WSGIRequestHandler):
    def log_request(self, *args: Any) -> None:
        """Tests print nothing."""


class Bucket:
    """One bucket of the store, under a name of its own."""

    def __init__(self, store: Store) -> None:
        self.store, self.name = store, f"bucket-{next(_NUMBERS)}"
        store.client.create_bucket(Bucket=self.name)
        store.requests.clear()

    def config(self, prefix: str = "pool", **more: str) -> dict[str, str]:
        """An item of REPLICAS for it."""
        keys = {"ACCESS_KEY": KEYS[0], "SECRET_KEY": KEYS[1], "REGION": "us-east-1"}
        return {"URL": f"s3://{self.name}/{prefix}", "ENDPOINT": self.store.url, **keys} | more

    @property
    def place(self) -> str:
        """How the program calls it."""
        return f"s3://{self.name}/pool at {self.store.url}"

    def names(self) -> list[str]:
        """Keys of all objects."""
        found = self.store.client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return sorted(one["Key"] for one in found)

    def read(self, name: str) -> bytes:
        """The bytes of an object."""
        with self.store.client.get_object(Bucket=self.name, Key=name)["Body"] as body:
            content: bytes = body.read()
            return content

    def change(self, name: str, content: bytes) -> None:
        """Put other bytes there, as somebody else would."""
        self.store.client.put_object(Bucket=self.name, Key=name, Body=content)

    def lose(self, name: str) -> None:
        """Remove an object."""
        self.store.client.delete_object(Bucket=self.name, Key=name)

    def puts(self) -> list[str]:
        """Keys that were put, in order, by whomever."""
        of = f"/{self.name}/"
        return [path.removeprefix(of) for method, path in self.store.requests
                if method == "PUT" and path.startswith(of)]  # fmt: skip


@contextmanager
def store_started() -> Iterator[Store]:
    """A store that is there."""
    store = Store()
    try:
        yield store
    finally:
        store.close()
