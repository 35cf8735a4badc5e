"""The database of the records goes away and comes back: everybody is told, and of no fault."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.jobs.cable import Cable
from tests.jobs.place import SITE, until
from tests.web.programs import program
from tests.web.site import WebSite

PORT = 5432


def _is_there() -> bool:
    try:
        with socket.create_connection(("127.0.0.1", PORT), 2):
            return True
    except OSError:
        return False


def _ask(words: str) -> None:
    import psycopg

    where = {"host": "127.0.0.1", "port": PORT, "user": "postgres", "dbname": "test"}
    with psycopg.connect(**where, autocommit=True) as connection:  # type: ignore[arg-type]
        connection.execute(words)  # type: ignore[call-overload]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    """A database of its own, with tables."""
    if not _is_there():
        pytest.skip(f"no postgres server at 127.0.0.1:{PORT}; /etc/init.d/postgresql start")
    name = f"mtdata_web_{os.getpid()}_{secrets.token_hex(3)}"
    _ask(f"CREATE DATABASE {name}")
    config = tmp_path / "first"
    config.mkdir()
    (config / "server.config").write_text(json.dumps({"study": SITE}))
    url = f"postgres://postgres@127.0.0.1:{PORT}/{name}"
    (config / "programme.config").write_text(json.dumps({"DATABASE": url}))
    words = ["-P", "-m", "mtdata", "--config", str(config), "migrate"]
    subprocess.run([sys.executable, *words], check=True, capture_output=True, timeout=120)
    yield name
    _ask(f"DROP DATABASE {name} WITH (FORCE)")


def test_while_the_records_are_away_everybody_is_told(tmp_path: Path, database: str) -> None:
    with closing(Cable(PORT)) as cable:
        url = f"postgres://postgres@127.0.0.1:{cable.port}/{database}"
        with closing(WebSite(tmp_path, url)) as site:
            _follow(site, cable)


def _follow(site: WebSite, cable: Cable) -> None:
    known, asking = site.visitor("operator"), program(site)
    mark = {"X-CSRFToken": known.mark_of("/account/")}
    assert asking.get("/api/v1/jobs").status_code == 200
    cable.cut()
    for answer in (
        asking.get("/api/v1/jobs"),
        asking.post("/api/v1/jobs", json={"kind": "rows"}),
        asking.get("/metrics"),
        known.get("/api/v1/jobs"),
        known.post("/api/v1/jobs", json={"kind": "rows"}, headers=mark),
    ):
        assert (answer.status_code, answer.headers["Content-Type"]) == (
            503,
            "application/problem+json",
        )
        assert "try later" in answer.json()["detail"]
    for path in ("/", "/jobs/", "/account/", "/admin/"):
        page = known.get(path)
        assert page.status_code == 503, path
        assert "try later" in page.text
    assert known.get("/healthz").status_code == 503
    cable.mend()
    until(lambda: asking.get("/api/v1/jobs").status_code == 200, "the records are back")
    assert asking.get("/api/v1/jobs").json()["total"] == 0
