"""Whether a database can hold what the records are made of, and be written; it changes nothing.

A database of latin1 keeps `?` or nothing of most names, and a pooler that shares its connections
keeps no limit and no turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from uuid import UUID

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.utils import OperationalError

from mtdata.core.errors import RecordsError
from mtdata.jobs.records.asking import asking, where
from mtdata.jobs.records.connecting import BUSY_S

_TABLES = """
SELECT table_name FROM information_schema.columns
WHERE table_schema = DATABASE() AND character_set_name NOT IN ('utf8mb4', 'ascii', 'binary')
AND table_name IN ({names}) GROUP BY table_name ORDER BY table_name
"""
_DEFAULT = """
SELECT default_character_set_name FROM information_schema.schemata WHERE schema_name = DATABASE()
"""


def refuse_narrow_texts() -> None:
    """RecordsError, with the lines that mend it, where a name could not be kept as it is."""
    with asking():
        if connection.vendor == "postgresql":
            _refuse_encoding(str(_first_column("SHOW server_encoding")[0]))
        elif connection.vendor == "mysql":
            _refuse_charset(str(_first_column(_DEFAULT)[0]), _narrow_tables())


def _first_column(question: str, *given: str) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(question, given)
        return [row[0] for row in cursor.fetchall()]


def _narrow_tables() -> list[str]:
    ours = [model._meta.db_table for model in apps.get_models(include_auto_created=True)]
    names = [*ours, "django_migrations"]
    question = _TABLES.format(names=", ".join(["%s"] * len(names)))
    return [str(name) for name in _first_column(question, *names)]


def _refuse_encoding(encoding: str) -> None:
    if encoding.upper() in ("UTF8", "UTF-8"):
        return
    raise RecordsError(
        f"{where()}: its encoding is {encoding}, which does not keep every name; nothing was "
        "changed. Make another by `createdb -T template0 -E UTF8 NAME`, bring the rows over by "
        "pg_dump, and name it in DATABASE"
    )


def _refuse_charset(charset: str, narrow: list[str]) -> None:
    lines = []
    if charset != "utf8mb4":
        lines.append(f"ALTER DATABASE `{connection.settings_dict['NAME']}` CHARACTER SET utf8mb4;")
    if narrow:
        lines.append("SET foreign_key_checks=0;")
        lines += [f"ALTER TABLE `{name}` CONVERT TO CHARACTER SET utf8mb4;" for name in narrow]
    if lines:
        sort = f"{len(narrow)} tables of it are"
        if charset != "utf8mb4":
            sort = f"it is in {charset} and"
        raise RecordsError(
            f"{where()}: {sort} not in utf8mb4, so it does not keep every name; nothing was "
            "changed. Stop what uses it, make a backup, and let its admin do: " + " ".join(lines)
        )


def refuse_unwritable() -> None:
    """RecordsError where nothing can be written now: a standby, a database or file set read-only.

    Tried by a change of no row, for what servers tell of themselves is not the whole of it.
    """
    from mtdata.jobs.records.models import Runner

    with asking(), without_waiting():
        if Runner._meta.db_table not in connection.introspection.table_names():
            return  # made when somebody first orders a job
        Runner.objects.filter(pk=UUID(int=0)).update(engine="")


@contextmanager
def without_waiting() -> Iterator[None]:
    """SQLite alone: whoever is writing this very moment shows that it can be written."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        except OperationalError as error:
            if getattr(error.__cause__, "sqlite_errorname", "").partition("_")[2] != "BUSY":
                raise
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {1000 * BUSY_S}")


def is_shared_out() -> bool:
    """Whether a pooler gives one connection of the server to several of ours in turns.

    A pooler tells its clients numbers of its own, and not those of the server's connections.
    """
    if connection.vendor != "postgresql":
        return False
    with asking():
        [first] = _first_column("SELECT pg_backend_pid()")
        if connection.connection.info.backend_pid == first:
            return False
        with closing(connections.create_connection(DEFAULT_DB_ALIAS)) as other:
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                second = cursor.fetchone()[0]
            return bool(second == first or _first_column("SELECT pg_backend_pid()") != [first])
