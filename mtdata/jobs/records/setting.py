"""Django made ready for one database, without a settings module; it makes no table by itself.

Everything that loads a model loads this first.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connection, connections
from filelock import FileLock, Timeout

from mtdata.config.database import DatabaseAddress
from mtdata.core.disk import make_folder
from mtdata.core.errors import ConfigError, RecordsError
from mtdata.core.installing import install
from mtdata.core.trust import why_unusable
from mtdata.jobs.records.asking import asking
from mtdata.jobs.records.connecting import BUSY_S, described
from mtdata.jobs.records.faults import RecordsBusy, RecordsNewer
from mtdata.jobs.records.fitness import refuse_narrow_texts
from mtdata.jobs.records.inside_django import (
    describe_databases,
    drop_connection,
    give_session,
    take_session,
)
from mtdata.jobs.records.ready import prepare
from mtdata.jobs.records.sessions import answers, close_session, is_wiped

FILE_MODE = 0o600
_DRIVERS = {"mysql": "PyMySQL", "postgres": "psycopg"}


_opened: DatabaseAddress | None = None
_session: Any = None
"""One of PostgreSQL that was wiped, for who opens the same records next."""


def is_open(address: DatabaseAddress) -> bool:
    """Whether this process has turned to that database last."""
    return _opened == address


def open_records(address: DatabaseAddress) -> None:
    """Make Django ready for this database; a second call turns to another one.

    ConfigError when its driver is not installed, or DATABASE_CA is no certificate.
    """
    global _opened  # Django's own settings are the process's as well
    prepare()
    if address.is_shared and address.ca and (why := why_unusable(address.ca)):
        raise ConfigError(f"programme.config: DATABASE_CA: the file that it names {why}")
    if not address.is_shared:
        _make_file(Path(address.name))
    try:
        if address.engine == "mysql":
            import_module("pymysql").install_as_MySQLdb()
        _turn_to({DEFAULT_DB_ALIAS: described(address)})
        _ = connection.vendor  # loads the driver
        _opened = address
    except (ImportError, ImproperlyConfigured) as error:
        raise ConfigError(
            f"programme.config: DATABASE: {_DRIVERS[address.engine]} is not installed; "
            f"`{install(address.engine)}` brings it"
        ) from error


def open_anew(address: DatabaseAddress) -> None:
    """As `open_records`, on the session that `rest` kept, where it is of that database.

    ConfigError as of that.
    """
    global _session
    kept = None
    if _opened == address:
        kept, _session = _session, None
    open_records(address)
    if kept is not None:
        give_session(kept, partial(answers, kept))


def rest() -> str:
    """Keep nothing of this thread's connection but its session, wiped; the number of its file.

    To begin a session costs PostgreSQL as much as the work of a small job.  Of other databases, of
    which none can be wiped whole, nothing is kept: ''.
    """
    global _session
    session = take_session() if connection.vendor == "postgresql" else None
    forget_records()
    if session is None or not is_wiped(session):
        return ""
    _session = session
    return str(session.fileno())


def _make_file(path: Path) -> None:
    """A file that only its owner reads, before SQLite makes one that others read.

    One that is there is not opened: to close it would take away the locks that connections of
    this process have on it, and whoever closes the last one elsewhere would remove the WAL.
    """
    make_folder(path.parent)
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE))
        if not path.is_file():
            raise OSError(errno.EINVAL, "it is no regular file")
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise RecordsError(f"{path}: cannot be written: {error.strerror}") from error


def _turn_to(described: dict[str, dict[str, Any]]) -> None:
    forget_records()
    describe_databases(described)


def migrate() -> int:
    """Make or change the tables as this version has them; how many steps that took.

    RecordsError, and nothing is changed, where the database could not keep every name.
    """
    from django.core.management import call_command  # a child never needs it

    refuse_narrow_texts()
    with asking():
        steps = len(_missing())
        if steps:
            call_command("migrate", verbosity=0, interactive=False)
        return steps


def open_migrated(address: DatabaseAddress) -> None:
    """Open the records with tables as this version needs them; SQLite's are made by themselves.

    RecordsError for another database whose tables are missing or older.
    """
    if address.is_shared:
        open_existing(address)
        return
    open_records(address)
    with _alone(f"{address.name}.migrating"):
        migrate()


@contextmanager
def _alone(path: str) -> Iterator[None]:
    """RecordsError, which says why, where somebody else holds the lock or it cannot be tried."""
    lock = FileLock(path, mode=FILE_MODE, timeout=BUSY_S, fallback_to_soft=False)
    try:
        held = lock.acquire()
    except Timeout:
        told = f"another process has been making the tables for {BUSY_S} s; nothing was changed"
        raise RecordsBusy(f"{path}: {told}") from None
    except OSError as error:
        told = f"cannot lock: {error.strerror}; nothing was changed"
        raise RecordsError(f"{path}: {told}") from error
    with held:
        yield


def open_existing(address: DatabaseAddress) -> None:
    """Open the records as they are, changing nothing; tables are looked for in a shared database.

    RecordsError when it cannot be reached, or they are missing or older.
    """
    open_records(address)
    with asking():
        missing = _missing()
    if missing and address.is_shared:
        raise RecordsError(
            f"{address.redacted()}: its tables are missing or older than this program; "
            "`mtdata migrate` makes them"
        )


def is_older() -> bool:
    """Whether tables of the records are missing, or of an older program.

    RecordsNewer where they are of a newer one.
    """
    with asking():
        return bool(_missing())


def _missing() -> list[Any]:
    """The steps that the tables lack; RecordsNewer where they have some that nobody here knows."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    loader = executor.loader
    known = loader.disk_migrations or {}
    newer = [
        f"{app} {name}"
        for app, name in loader.applied_migrations
        if app in loader.migrated_apps and (app, name) not in known
    ]
    if newer:
        raise RecordsNewer(
            f"the records are those of a newer program ({', '.join(sorted(newer)[:3])}): use that, "
            "or restore a backup of before it. Nothing was changed"
        )
    return list(executor.migration_plan(loader.graph.leaf_nodes()))


def forget_records() -> None:
    """Close this thread's connection, and keep nothing of it; a next one begins as the first."""
    global _session
    kept, _session = _session, None
    if kept is not None:
        close_session(kept)
    drop_connection()


def close_records() -> None:
    """Close this thread's connection; none is open where no records were ever told to Django."""
    if settings.configured:
        connections.close_all()
