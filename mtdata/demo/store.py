"""A store that speaks as S3 does, on this machine and in memory: moto's; for demos.

moto comes with the extra `demo`; nothing of it is loaded before a store is wanted.
"""

from __future__ import annotations

import importlib.util
import logging
from typing import Self

from mtdata.core.errors import ConfigError
from mtdata.core.installing import install

BUCKET, REGION = "demo", "us-east-1"
_NEEDS = ("moto", "flask", "flask_cors", "werkzeug", "py_partiql_parser")


def need_store(demo: str) -> None:
    """ConfigError that says what to install for `mtdata demo DEMO`, when it is not there."""
    if not all(map(importlib.util.find_spec, _NEEDS)):
        raise ConfigError(
            f"`mtdata demo {demo}` needs a local S3, which is not installed; "
            f"`{install('demo')}` brings it (in a checkout `bin/mtdata demo {demo}` does by itself)"
        )


class LocalStore:
    """One empty bucket at `url` while the `with` lasts; its keys are made for the occasion."""

    def __init__(self) -> None:
        import secrets  # with all of hashing

        self.access_key, self.secret_key = "DEMO" + secrets.token_hex(8), secrets.token_hex(20)

    def __enter__(self) -> Self:
        from moto.server import ThreadedMotoServer

        from mtdata.core.s3 import S3Access, open_client

        logging.getLogger("werkzeug").setLevel(logging.WARNING)  # it would tell of each request
        self._server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
        self._server.start()
        self.url = "http://{}:{}".format(*self._server.get_host_and_port())
        access = S3Access(self.url, REGION, self.access_key, self.secret_key)
        opened = open_client(access)
        self._client, self._begin = opened.client, opened.wire.begin
        self._client.create_bucket(Bucket=BUCKET)
        return self

    def __exit__(self, *raised: object) -> None:
        self._client.close()
        self._server.stop()

    def put(self, name: str, content: bytes) -> None:
        """An object of that name."""
        self._begin()
        self._client.put_object(Bucket=BUCKET, Key=name, Body=content)

    def names(self) -> set[str]:
        """The names of every object of the bucket."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return {one["Key"] for page in pages for one in page.get("Contents", [])}
