"""What Django is told of a database, and what each new connection is told; it asks for no row.

Limits are set behind the log-in and never within it: poolers such as PgBouncer refuse it then.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.utils import Error

from mtdata.config.database import DatabaseAddress
from mtdata.core.journal import is_unshared, leave_wal, settle
from mtdata.jobs.records.silence import end_silence

BUSY_S, CONNECT_S, READ_S, BEHIND_S = 20, 5, 60, 10
# who stands still in the middle of a commit must not keep the others waiting for ever
LIMITS = {
    "lock_timeout": BUSY_S,
    "statement_timeout": READ_S,
    "idle_in_transaction_session_timeout": READ_S,
}
"""Of PostgreSQL, in seconds."""
MODES = (
    "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
    "NO_ENGINE_SUBSTITUTION"
)
"""Of MySQL and MariaDB, whatever their server has: a text that does not fit is refused, not cut."""
_SSLMODES = {"off": "disable", "require": "require", "verify": "verify-full"}
"""To prefer it is libpq's own default, and PGSSLMODE may ask for more."""


def described(address: DatabaseAddress) -> dict[str, Any]:
    """The entry of Django's DATABASES for an address."""
    if address.engine == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": address.name,
            "OPTIONS": {
                "timeout": BUSY_S,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA synchronous=FULL;",
            },
        }
    postgres = address.engine == "postgres"
    return {
        "ENGINE": f"django.db.backends.{'postgresql' if postgres else 'mysql'}",
        "OPTIONS": _postgres(address) if postgres else _mysql(address),
        "NAME": address.name,
        "HOST": address.host,
        "PORT": address.port,
        "USER": address.user,
        "PASSWORD": address.password,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,  # they end with the transaction at a pooler
    }


def _postgres(address: DatabaseAddress) -> dict[str, Any]:
    tls = {"sslmode": _SSLMODES[address.tls]} if address.tls in _SSLMODES else {}
    if address.tls == "verify":
        tls["sslrootcert"] = address.ca
    return {"connect_timeout": CONNECT_S, **tls}


def _mysql(address: DatabaseAddress) -> dict[str, Any]:
    tls: dict[str, dict[str, Any]] = {
        "off": {"ssl_disabled": True},
        "require": {"ssl": {"check_hostname": False}},  # without a CA its name proves nothing
        "verify": {"ssl_ca": address.ca, "ssl_verify_cert": True, "ssl_verify_identity": True},
    }
    return {
        "connect_timeout": CONNECT_S,
        "read_timeout": READ_S,
        "write_timeout": READ_S,
        "charset": "utf8mb4",
        "isolation_level": "read committed",
        "init_command": f"SET time_zone='+00:00', innodb_lock_wait_timeout={BUSY_S}, "
        f"sql_mode='{MODES}', default_storage_engine=InnoDB",
        **tls.get(address.tls, {}),
    }


def _limit(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Give a new connection its limits; one that does not take them is closed again."""
    if connection.vendor != "postgresql":
        return
    end_silence(connection.connection, READ_S + BEHIND_S)  # behind the server's own limits
    calls = [f"set_config('{name}', '{limit}s', false)" for name, limit in LIMITS.items()]
    calls.append("set_config('jit', 'off', false)")  # to compile a claim takes ten times its own
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(calls)}")
    except Error:
        connection.close()
        raise


def _settle(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Give the file of a new connection the journal that it can have."""
    if connection.vendor != "sqlite":
        return
    path = Path(connection.settings_dict["NAME"])
    try:
        settle(connection.connection, path)
    except sqlite3.Error as error:
        connection.close()
        if not is_unshared(error):
            raise
        leave_wal(path)
        connection.connect()


connection_created.connect(_limit)
connection_created.connect(_settle)
