"""What of the web page grows with time: a line for each table; it loads nothing of the page.

They are forgotten by the daemon, in whose process the page's models are not: so by their names.
"""

from __future__ import annotations

from typing import NamedTuple

from mtdata.core.keeping import DAY_S, Growing

OF_NO_FILE = "NOT EXISTS (SELECT 1 FROM records_artifact a WHERE a.id = web_link.artifact_id)"


class OldPageRows(NamedTuple):
    """A table of the page: what its rows are, when they are over, how long they are kept then."""

    name: str
    rows: tuple[str, ...]
    keep_s: float | None
    why: str = ""


TABLES = (
    OldPageRows("sessions", ("django_session", "session_key", "expire_date"), 0.0),
    OldPageRows("answers by Idempotency-Key", ("web_keptanswer", "key", "made_at"), DAY_S),
    OldPageRows("tokens", ("web_token", "id", "ends_at"), 90 * DAY_S),
    OldPageRows("tries to log in", ("web_tries", "key", "last_at"), 90 * DAY_S),
    OldPageRows("links to files of forgotten jobs", ("web_link", "id", "until", OF_NO_FILE), 0.0),
    OldPageRows(
        "changes by administrators",
        ("django_admin_log", "id", "action_time"),
        None,
        "for ever, an auditor needs it: who changed what by hand",
    ),
)
"""A row is over at the time in its third word: a token as it ended, an answer as it was given."""


def of_page() -> list[Growing]:
    """Where there is no page yet, none of them has a row."""
    from mtdata.jobs.keeping import of_table
    from mtdata.jobs.records.old_rows import OldRows

    return [of_table(one.name, OldRows(*one.rows), one.keep_s, why=one.why) for one in TABLES]
