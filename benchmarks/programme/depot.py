"""A database with the tables of programme data, and jobs that are carried in this process."""

from __future__ import annotations

import csv
import io
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from benchmarks.bench import Bench, NotMeasured
from mtdata.config import load
from mtdata.core.errors import Stopped
from mtdata.duties import KINDS

SERVERS = {"postgres": ("postgres", 5432), "mysql": ("root", 3306)}


class NoPipe:
    """Nobody hears what is told."""

    def say(self, **message: Any) -> None:
        """Nothing."""


class Depot:
    """Files are brought here, and imported by one part after the other."""

    def __init__(self, settings: Any, engine: str) -> None:
        self.settings, self.engine = settings, engine

    def order(self, content: bytes) -> str:
        """Queue an import of these teams, whose rows are checked as well; its id."""
        from mtdata.jobs import queue
        from mtdata.programme import uploads

        file = uploads.store([content], len(content), name="teams.csv", sort="teams")
        given = {"file": str(file.pk), "again": "yes"}
        job = str(queue.add(self.settings, KINDS, "teams.import", given).pk)
        self.step(job)
        return job

    def step(self, job: str) -> None:
        """Carry the next part of a job, without a child."""
        from mtdata.jobs.child import carry
        from mtdata.jobs.child_work import ChildWork
        from mtdata.jobs.records import claims, runners

        runner = runners.register("bench", 1)
        claimed = claims.claim(runner, 3600.0, KINDS.keys(), job)
        if claimed is None:
            raise RuntimeError(f"nothing of job {job} can be carried")
        try:
            carry(ChildWork(self.settings, claimed, NoPipe()), KINDS)  # type: ignore[arg-type]
        except Stopped:
            claims.mark_stopped(claimed)

    def count(self) -> int:
        """How many teams there are."""
        from mtdata.programme.records.models import Team

        return Team.objects.count()

    def clear(self) -> None:
        """No team is left."""
        from mtdata.programme.records.models import Team

        Team.objects.all().delete()


def teams(count: int) -> list[tuple[str, str, str, str]]:
    """Rows as a small programme has them."""
    about = "meets on the first Monday of each month in the hall"
    return [
        (f"Team {number} {secrets.token_hex(4)}", about, f"m{number % 100}", "Ann, Bob, Carol")
        for number in range(count)
    ]


def csv_of(rows: list[tuple[str, str, str, str]]) -> bytes:
    """A file of these."""
    text = io.StringIO()
    csv.writer(text).writerows([("name", "description", "manager", "members"), *rows])
    return text.getvalue().encode()


def server(engine: str, name: str = "") -> Any:
    """A session of who may make databases.  NotMeasured where there is no such server."""
    user, port = SERVERS[engine]
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
    except OSError:
        raise NotMeasured(f"no {engine} at 127.0.0.1:{port}") from None
    if engine == "postgres":
        import psycopg

        return psycopg.connect(
            host="127.0.0.1", port=port, user=user, dbname=name or user, autocommit=not name
        )
    import pymysql

    return pymysql.connect(host="127.0.0.1", port=port, user=user, database=name or None,
                           local_infile=True)  # fmt: skip


def _ask(engine: str, words: str) -> None:
    with closing(server(engine)) as session, closing(session.cursor()) as cursor:
        cursor.execute(words)


@contextmanager
def depot(bench: Bench, engine: str) -> Iterator[Depot]:
    """A database of its own, gone afterwards."""
    from mtdata.jobs.records import setting

    name = f"mtdata_bench_{secrets.token_hex(4)}"
    with bench.home({}) as home:
        config = home.folder / "config"
        url = f"sqlite:///{home.folder}/programme.sqlite3"
        if engine != "sqlite":
            user, port = SERVERS[engine]
            _ask(engine, f"CREATE DATABASE {name}")
            url = f"{engine}://{user}@127.0.0.1:{port}/{name}"
        (config / "programme.config").write_text(f"DATABASE: {url}\nUPLOAD_MAX: 1 GB\n")
        try:
            settings = load(config, os.environ)
            setting.open_records(settings.database)
            setting.migrate()
            yield Depot(settings, engine)
        finally:
            setting.close_records()
            if engine != "sqlite":
                with suppress(Exception):
                    _ask(engine, f"DROP DATABASE {name}")
