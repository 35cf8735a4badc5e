"""A session of PostgreSQL that is used again: wiped whole, and asked whether it is there still."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

log = logging.getLogger(__name__)


def is_wiped(session: Any) -> bool:
    """Take back all that was set, locked, prepared or made for the session alone; else close it.

    What it is left with is what a new one has: the server's own defaults.
    """
    return _does(session, "DISCARD ALL")


def answers(session: Any) -> bool:
    """Whether it can be used; if not, it is closed."""
    return _does(session, "SELECT 1")


def close_session(session: Any) -> None:
    """Close it, whatever its server says to that."""
    import psycopg

    with suppress(psycopg.Error):
        session.close()


def _does(session: Any, statement: str) -> bool:
    import psycopg

    try:
        if session.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            session.execute(statement)
            return True
    except psycopg.Error as error:  # it was ended by its server, or by something between
        log.debug("a session of the records is not used again: %s", type(error).__name__)
    close_session(session)
    return False
