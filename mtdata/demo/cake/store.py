"""A store that speaks as S3 does, on this machine and in memory: moto's; for `mtdata demo cake`.

moto comes with the extra `demo`; nothing of it is loaded before a store is wanted.
"""

from __future__ import annotations

import importlib.util
import secrets
import threading
from types import TracebackType
from typing import Any, Self

from mtdata.core.errors import ConfigError
from mtdata.core.s3 import S3Access, open_client

BUCKET, REGION = "demo", "us-east-1"
_NEEDS = ("moto", "flask", "flask_cors", "werkzeug", "py_partiql_parser")


def need_store() -> None:
    """ConfigError that says what to install, when it is not there."""
    if not all(map(importlib.util.find_spec, _NEEDS)):
        raise ConfigError(
            "`mtdata demo cake` needs a local S3, which is not installed; `pip install "
            "mtdata[demo]` brings it (in a checkout `bin/mtdata demo cake` does by itself)"
        )


class LocalStore:
    """One empty bucket at `url` while the `with` lasts; its keys are made for the occasion."""

    def __init__(self) -> None:
        self.access_key, self.secret_key = "DEMO" + secrets.token_hex(8), secrets.token_hex(20)

    def __enter__(self) -> Self:
        from moto.moto_server.werkzeug_app import (
            DomainDispatcherApplication,
            create_backend_app,
        )
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Silent(WSGIRequestHandler):
            """Says nothing of what it is asked."""

            def log_request(self, *of: Any) -> None:
                """Log no request."""

        app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        access = S3Access(self.url, REGION, self.access_key, self.secret_key)
        self._client = open_client(access).client
        self._client.create_bucket(Bucket=BUCKET)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def names(self) -> set[str]:
        """The names of every object of the bucket."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return {one["Key"] for page in pages for one in page.get("Contents", [])}
