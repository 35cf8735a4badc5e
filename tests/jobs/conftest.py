"""A home whose records lie in SQLite, PostgreSQL or MariaDB, each in a database of its own.

A place is named by its database, and behind it by the broker that rings: `mysql`, `mysql-sqs`.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mtdata import logs
from mtdata.jobs.celery import ring
from mtdata.jobs.records import setting
from tests.jobs.brokers import RABBIT_PORT, Moto, Rabbit, Sqs, is_there
from tests.jobs.place import Place

SERVERS = {"postgres": 5432, "mysql": 3306}
ENGINES = ("sqlite", "postgres", "mysql")
BROKERS = ("rabbitmq", "sqs")


def connected(engine: str, name: str = "") -> Any:
    """A session of who may make databases."""
    if engine == "postgres":
        import psycopg

        return psycopg.connect(
            host="127.0.0.1", port=5432, user="postgres", dbname=name or "test", autocommit=True
        )
    import pymysql

    return pymysql.connect(
        host="127.0.0.1", port=3306, user="root", database=name or None, autocommit=True
    )


def ask(engine: str, words: str) -> None:
    """Do it as who may make databases."""
    with closing(connected(engine)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(words)


def no_server(engine: str) -> str:
    """Why a test is skipped, and what mends it."""
    return (
        f"no {engine} server at 127.0.0.1:{SERVERS[engine]}; "
        "/etc/init.d/postgresql start or /etc/init.d/mariadb start"
    )


@pytest.fixture(scope="session")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The URL of each database that is there; dropped in the end."""
    name = f"mtdata_test_{os.getpid()}_{secrets.token_hex(3)}"
    file = tmp_path_factory.mktemp("records") / "programme.sqlite3"
    found = {"sqlite": f"sqlite:///{file}"}
    users = {"postgres": "postgres", "mysql": "root"}
    for engine, port in SERVERS.items():
        if is_there(port):
            ask(engine, f"CREATE DATABASE {name}")
            found[engine] = f"{engine}://{users[engine]}@127.0.0.1:{port}/{name}"
    yield found
    setting.close_records()
    for engine in found.keys() - {"sqlite"}:
        force = " WITH (FORCE)" if engine == "postgres" else ""
        ask(engine, f"DROP DATABASE {name}{force}")


@pytest.fixture
def empty(place: Place) -> Iterator[str]:
    """The URL of a database without tables beside the place's own."""
    url, _, name = place.url.rpartition("/")
    ask(place.settings.database.engine, f"CREATE DATABASE {name}_empty")
    yield f"{url}/{name}_empty"
    setting.close_records()
    ask(place.settings.database.engine, f"DROP DATABASE {name}_empty")


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """A server that speaks as SQS does."""
    made = Moto()
    made.start()
    yield made
    made.kill()


def broker_of(name: str, request: pytest.FixtureRequest) -> Rabbit | Sqs:
    """A queue of its own at that broker."""
    if name == "sqs":
        return Sqs(request.getfixturevalue("moto").port)
    if not is_there(RABBIT_PORT):
        pytest.skip(f"no RabbitMQ at 127.0.0.1:{RABBIT_PORT}; rabbitmq-server -detached starts it")
    return Rabbit()


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, urls: dict[str, str], tmp_path: Path) -> Iterator[Place]:
    """Every kind of database in its turn, embedded unless a broker is named behind it."""
    engine, _, broker = request.param.partition("-")
    if engine not in urls:
        pytest.skip(no_server(engine))
    queue = broker_of(broker, request) if broker else None
    made = Place(tmp_path, urls[engine], queue)
    yield made
    made.close()
    if queue is not None:
        queue.remove()


@pytest.fixture(autouse=True)
def counted(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What repeats is counted in `caplog` too, as wherever the log is written."""
    caplog.handler.addFilter(logs.REPEATS)
    yield
    logs.REPEATS.finish()
    caplog.handler.removeFilter(logs.REPEATS)


@pytest.fixture
def plain(urls: dict[str, str], tmp_path: Path) -> Iterator[Place]:
    """SQLite alone, for what does not differ."""
    made = Place(tmp_path, urls["sqlite"])
    yield made
    made.close()


@pytest.fixture
def nobody() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return int(closed.getsockname()[1])


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker may take its time, as on a machine that does much else."""
    monkeypatch.setattr(ring, "TRYING_S", 60.0)
    monkeypatch.setattr(ring, "WITHIN_S", 60.0)
