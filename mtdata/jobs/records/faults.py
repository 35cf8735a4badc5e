"""Why a database did not do what it was asked, in words; it never quotes the database's own.

The reason is that of the SQLSTATE (PostgreSQL), of the number (MySQL, MariaDB) or of the name
(SQLite).  PostgreSQL and its poolers refuse a log-in without one: there the first line is read.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator

from mtdata.core.errors import RecordsError

ROLE = "the role (user) in DATABASE or its password is not accepted"
NO_ROLE = "the server knows no such role (user) as DATABASE names"
DATABASE = "the server has no such database"
NOT_OURS = "the role in DATABASE may not use this database, or not from this machine"
RIGHTS = "the role in DATABASE lacks the right to do this"
HOST = "the host in DATABASE is not known to this machine"
PORT = "nobody listens at the host and port in DATABASE"
SILENT = "no answer in time from the host in DATABASE, or a pooler there has no server behind it"
BROKEN = "the connection broke, or what listens there is no such database"
OTHER = "what answers at that port is no such database"
POOLER = "the pooler in front of the server refuses, or has no server behind it"
CERTIFICATE = "TLS: the server's certificate is not vouched for by DATABASE_CA, or for another host"
NO_TLS = "TLS: the server offers none, and DATABASE_TLS asks for it"
TLS = "TLS: the server takes no connection in clear, or encryption failed (DATABASE_TLS)"
IN_CLEAR = "the server lets this role in from here not at all, or not in clear (DATABASE_TLS)"
REFUSED = "the server refuses role, password, database or machine; its own log says which"
FULL = "too many connections; it goes on when some are free"
STARTING = "the server is starting up or shutting down"
READ_ONLY = "the server is read-only: a standby, or set so; DATABASE must name the primary"
SLOW = "it took longer than the time limit"
LOCKED = "another stood in its way for too long"
DISK = "its disk is full"
TABLES = "its tables are missing or older than this program; `mtdata migrate` makes them"
TEXT = "it cannot hold such a text; `mtdata check` says how to mend that"
BLOCKED = "the server has shut this machine out after failed log-ins; its admin lets it in again"
EXPIRED = "the account in DATABASE is locked, or its password has expired"
OLD = "the server is older than this program can use"
DAMAGED = "the file is damaged, or is no database"


class RecordsBusy(RecordsError):
    """Somebody else holds a lock of the records for longer than one waits; nothing was changed."""

    exit_code = 75


class RecordsNewer(RecordsError):
    """The tables are those of a newer program, which alone can go on with them."""

    again = False
    exit_code = 74


_STATES = {
    "28": ROLE,
    "3D": DATABASE,
    "08P01": POOLER,
    "08": BROKEN,
    "57P03": STARTING,
    "57P05": BROKEN,
    "57P": STARTING,
    "53300": FULL,
    "53100": DISK,
    "25006": READ_ONLY,
    "25P03": SLOW,
    "42501": RIGHTS,
    "42P01": TABLES,
    "42703": TABLES,
    "57014": SLOW,
    "55P03": LOCKED,
    "40": LOCKED,
    "22P05": TEXT,
    "22021": TEXT,
}
"""By the beginning of a SQLSTATE; the longest that fits holds."""
_NUMBERS = {
    ROLE: (1045, 1698, 1251, 2059, 2061),
    NOT_OURS: (1044, 1130),
    DATABASE: (1049,),
    RIGHTS: (1142, 1143, 1227, 1370),
    SILENT: (2002, 2003, 9001),
    BROKEN: (0, 1927, 2006, 2013, 2014, 2055, 4031, 1152, 1158, 1159, 1160, 1161),
    NO_TLS: (2026,),
    TLS: (3159, 4165),
    FULL: (1040, 1203, 1226),
    STARTING: (1047, 1053, 1077, 1079),
    BLOCKED: (1129,),
    EXPIRED: (1820, 1862, 3118, 4151),
    READ_ONLY: (1290, 1792, 1836, 3100),
    SLOW: (1317, 1969, 3024, 1907),
    LOCKED: (1205, 1213),
    DISK: (1021, 1114),
    TABLES: (1054, 1146),
    TEXT: (1366, 1267, 3988),
    OTHER: (1043, 2007, 2012, 2027),
}
_BY_NUMBER = {number: words for words, numbers in _NUMBERS.items() for number in numbers}
_OF_SOCKET = (
    (ssl.SSLCertVerificationError, CERTIFICATE),
    (ssl.SSLError, TLS),
    (socket.gaierror, HOST),
    (ConnectionRefusedError, PORT),
    (OSError, SILENT),
)
"""Why PyMySQL's own socket did not come through (the first that fits): it calls each 2003."""
_SQLITE = {
    "SQLITE_BUSY": LOCKED,
    "SQLITE_LOCKED": LOCKED,
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
    "SQLITE_READONLY": "the file may not be written by this user, or its disk is read-only",
    "SQLITE_CANTOPEN": "the file cannot be opened by this user",
    "SQLITE_PERM": "the file may not be read by this user",
    "SQLITE_FULL": DISK,
    "SQLITE_IOERR": "the disk refuses",
}
_LOG_INS = (
    (r"no pg_hba\.conf entry .*SSL (on|encryption)|permission denied for database", NOT_OURS),
    (r"no pg_hba\.conf entry|SSL (connection is )?required", IN_CLEAR),
    (r"does not support SSL|SSL was required", NO_TLS),
    (r"certificate verify failed|root certificate|server certificate for|unknown ca", CERTIFICATE),
    (r"SSL SYSCALL error|SSL connection has been closed", BROKEN),
    (r"invalid response to SSL negotiation|expected authentication request", OTHER),
    (r"role .* does not exist|no such user|user not found|no credentials for the role", NO_ROLE),
    (r"password authentication failed|fe_sendauth|SASL|no password supplied|authentication failed"
     r"|auth failed|not permitted to log in", ROLE),
    (r"database .* does not exist|no such database", DATABASE),
    (r"too many (clients|connections)|connection slots|no more connections|max_client_conn"
     r"|connection limit exceeded|max client", FULL),
    (r"starting up|shutting down|recovery mode|not accepting connections|terminating", STARTING),
    (r"session is not read-write|read-only", READ_ONLY),
    (r"startup parameter|command-line options|bouncer|pooler|proxy|servers are down|route for"
     r"|login failed|login has been failing|query_wait_timeout|client_login_timeout"
     r"|(database|pool).* is (disabled|paused)", POOLER),
    (r"failed to resolve|could not translate host|Name or service|nodename|name resolution", HOST),
    (r"Connection refused", PORT),
    (r"SSL|TLS", TLS),
    (r"timeout expired|timed out|No route|unreachable", SILENT),
    (r"closed the connection|reset by peer|Broken pipe|connection (is|was) (lost|closed)", BROKEN),
)  # fmt: skip
_QUOTED = re.compile(r"""\"[^"]*"|'[^']*'""")
"""Names of databases, roles and hosts: whatever somebody calls them is no reason."""


def reason(error: BaseException) -> str:
    """Why, with the sign that it is known by: "its disk is full (53100)"; a type where unknown."""
    for cause in reversed(list(_causes(error))):
        if told := _by_sign(cause):
            return told
    return _with_sign(_by_message(error), type(error).__name__)


def is_locked(error: BaseException) -> bool:
    """Whether somebody held a lock for the whole of the time that one waits for it.

    Two that stand in each other's way (a deadlock, a snapshot) are none: another try helps there.
    """
    for cause in _causes(error):
        number = cause.args[0] if cause.args and type(cause.args[0]) is int else None
        name, state = (getattr(cause, sign, "") for sign in ("sqlite_errorname", "sqlstate"))
        if name in ("SQLITE_BUSY", "SQLITE_LOCKED") or state == "55P03" or number == 1205:
            return True
    return False


def is_undone(error: BaseException) -> bool:
    """Whether two stood in each other's way, so that nothing of the transaction was done.

    Another try helps.  A connection that broke is none: it may have broken behind the commit.
    """
    for cause in _causes(error):
        number = cause.args[0] if cause.args and type(cause.args[0]) is int else None
        if number == 1213 or getattr(cause, "sqlstate", "") in ("40001", "40P01"):
            return True
    return is_locked(error)


def _by_sign(cause: BaseException) -> str:
    number = cause.args[0] if cause.args else None
    if type(number) is int and number in _BY_NUMBER:
        socket_error = getattr(cause, "original_exception", None)
        told = (words for sort, words in _OF_SOCKET if isinstance(socket_error, sort))
        return _with_sign(next(told, _BY_NUMBER[number]), str(number))
    if state := getattr(cause, "sqlstate", None):
        return _with_sign(_by_state(str(state)), str(state))
    if name := getattr(cause, "sqlite_errorname", None):
        return _with_sign(_SQLITE.get("_".join(str(name).split("_")[:2]), ""), str(name))
    return str(number) if type(number) is int else ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _with_sign(words: str, sign: str) -> str:
    return f"{words} ({sign})" if words else sign


def _by_state(state: str) -> str:
    fits = [start for start in _STATES if state.startswith(start)]
    return _STATES[max(fits, key=len)] if fits else ""


def _by_message(error: BaseException) -> str:
    said = _QUOTED.sub('""', str(error))
    if type(error).__name__ == "NotSupportedError":
        return OLD
    if type(error.__cause__).__name__ == "ConnectionTimeout":
        return SILENT
    for words, meaning in _LOG_INS:
        if re.search(words, said, re.IGNORECASE | re.DOTALL):
            return meaning
    # a server that speaks another language is understood so far
    pgconn = getattr(error.__cause__, "pgconn", None)
    if pgconn is None:
        return ""
    return ROLE if pgconn.used_password else REFUSED
