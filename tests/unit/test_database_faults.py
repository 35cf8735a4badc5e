"""Why a database refuses: by SQLSTATE, number or name, by the words of libpq where it has none."""

from __future__ import annotations

import socket
import ssl

import pytest
from django.db import utils

from mtdata.jobs.records import faults

SECRET = "an-invented-secret"


class Cause(Exception):
    """A driver's error, with the signs that a test gives it."""

    def __init__(self, *words: object, **signs: object) -> None:
        super().__init__(*words)
        for name, sign in signs.items():
            setattr(self, name, sign)


class PGConn:
    """What psycopg keeps of a log-in that failed."""

    def __init__(self, *, used_password: bool) -> None:
        self.used_password = used_password


def wrapped(cause: Exception) -> utils.OperationalError:
    """As Django gives it on."""
    error = utils.OperationalError(*cause.args)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("28P01", faults.ROLE),
        ("28000", faults.ROLE),
        ("3D000", faults.DATABASE),
        ("53300", faults.FULL),
        ("57P01", faults.STARTING),
        ("57P03", faults.STARTING),
        ("25006", faults.READ_ONLY),
        ("08006", faults.BROKEN),
        ("08P01", faults.POOLER),
        ("42501", faults.RIGHTS),
        ("57014", faults.SLOW),
        ("40P01", faults.LOCKED),
        ("53100", faults.DISK),
        ("22P05", faults.TEXT),
    ],
)
def test_a_state_says_why(state: str, words: str) -> None:
    assert faults.reason(wrapped(Cause(SECRET, sqlstate=state))) == f"{words} ({state})"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1044, faults.NOT_OURS),
        (1045, faults.ROLE),
        (1049, faults.DATABASE),
        (1040, faults.FULL),
        (1129, faults.BLOCKED),
        (1130, faults.NOT_OURS),
        (1203, faults.FULL),
        (1290, faults.READ_ONLY),
        (1836, faults.READ_ONLY),
        (1053, faults.STARTING),
        (1047, faults.STARTING),
        (2013, faults.BROKEN),
        (2026, faults.NO_TLS),
        (3159, faults.TLS),
        (1366, faults.TEXT),
        (9001, faults.SILENT),
    ],
)
def test_a_number_says_why(number: int, words: str) -> None:
    told = faults.reason(wrapped(Cause(number, SECRET, sqlstate="HY000")))
    assert told == f"{words} ({number})"


@pytest.mark.parametrize(
    ("of_socket", "words"),
    [
        (socket.gaierror(-2, SECRET), faults.HOST),
        (ConnectionRefusedError(111, SECRET), faults.PORT),
        (TimeoutError(SECRET), faults.SILENT),
        (ssl.SSLCertVerificationError(1, SECRET), faults.CERTIFICATE),
        (ssl.SSLError(1, SECRET), faults.TLS),
    ],
)
def test_what_the_socket_said_is_told_apart(of_socket: OSError, words: str) -> None:
    cause = Cause(2003, SECRET, original_exception=of_socket)
    assert faults.reason(wrapped(cause)) == f"{words} (2003)"


FATAL = 'connection failed: connection to server at "10.0.0.1", port 5432 failed: FATAL:  '


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('password authentication failed for user "an-invented-secret"', faults.ROLE),
        ('role "shutting down" does not exist', faults.NO_ROLE),
        ("SASL authentication failed", faults.ROLE),
        ('database "too many clients" does not exist', faults.DATABASE),
        ("no such database: mtdata", faults.DATABASE),
        ("sorry, too many clients already", faults.FULL),
        ("remaining connection slots are reserved for roles with SUPERUSER", faults.FULL),
        ("no more connections allowed (max_client_conn)", faults.FULL),
        ("the database system is starting up", faults.STARTING),
        ("the database system is in recovery mode", faults.STARTING),
        ('no pg_hba.conf entry for host "a", user "b", database "c", SSL off', faults.IN_CLEAR),
        (
            'no pg_hba.conf entry for host "a", user "b", database "c", SSL encryption\n'
            'FATAL:  no pg_hba.conf entry for host "a", user "b", database "c", no encryption',
            faults.NOT_OURS,
        ),
        ("SSL connection is required. Please specify SSL options and retry.", faults.IN_CLEAR),
        ("unsupported startup parameter: options", faults.POOLER),
        ("server login has been failing, try again later (server_login_retry)", faults.POOLER),
        ("query_wait_timeout", faults.POOLER),
        ("bouncer config error", faults.POOLER),
        ("RDS Proxy currently doesn't support command-line options.", faults.POOLER),
        ("This RDS proxy has no credentials for the role x.", faults.NO_ROLE),
        ("Tenant or user not found", faults.NO_ROLE),
        ("MaxClientsInSessionMode: max clients reached", faults.FULL),
        ('too many connections for role "x"', faults.FULL),
        ("SSL SYSCALL error: EOF detected", faults.BROKEN),
    ],
)
def test_a_refused_log_in_is_read_without_the_names_in_it(said: str, words: str) -> None:
    told = faults.reason(wrapped(Cause(FATAL + said)))
    assert told == f"{words} (OperationalError)"


@pytest.mark.parametrize(("used", "words"), [(True, faults.ROLE), (False, faults.REFUSED)])
def test_a_server_of_another_language_is_understood_by_what_it_asked(
    used: bool,
    words: str,
) -> None:
    cause = Cause(
        FATAL + "Passwort-Authentifizierung für Benutzer »x« fehlgeschlagen",
        pgconn=PGConn(used_password=used),
    )
    assert faults.reason(wrapped(cause)) == f"{words} (OperationalError)"


@pytest.mark.parametrize(
    "error",
    [
        wrapped(Cause(SECRET)),
        wrapped(Cause(SECRET, sqlstate="XX999")),
        wrapped(Cause(99999, SECRET)),
        utils.InterfaceError(0, ""),
        utils.DataError(),
    ],
)
def test_what_is_not_known_is_told_by_its_sign_alone(error: Exception) -> None:
    told = faults.reason(error)
    assert told
    assert SECRET not in told


@pytest.mark.parametrize(
    ("cause", "is_undone"),
    [
        (Cause("deadlock", sqlstate="40P01"), True),
        (Cause("serialization", sqlstate="40001"), True),
        (Cause("lock_timeout", sqlstate="55P03"), True),
        (Cause(1213, "Deadlock found"), True),
        (Cause(1205, "Lock wait timeout exceeded"), True),
        (Cause("database is locked", sqlite_errorname="SQLITE_BUSY"), True),
        (Cause("the connection broke", sqlstate="08006"), False),  # perhaps behind the commit
        (Cause(2013, "Lost connection"), False),
        (Cause("disk full", sqlstate="53100"), False),
    ],
)
def test_what_the_database_has_surely_undone_may_be_tried_again(
    cause: Exception, is_undone: bool
) -> None:
    assert faults.is_undone(wrapped(cause)) == is_undone


def test_a_file_that_is_locked_is_told_so() -> None:
    cause = Cause("database is locked", sqlite_errorname="SQLITE_BUSY_SNAPSHOT")
    assert faults.reason(wrapped(cause)) == f"{faults.LOCKED} (SQLITE_BUSY_SNAPSHOT)"
