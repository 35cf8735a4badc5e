"""Where the lines of a site are: in its file or in the records; two ledgers never count at once.

A file whose lines are in the records says so itself, and counts no line from then on.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from mtdata.config import Settings
from mtdata.core.clock import SystemClock
from mtdata.core.errors import ConfigError, StorageError, UsageError
from mtdata.core.reach import is_plain
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.file import LineFile
from mtdata.weblogs.ledger.moving import MovedLines, copied
from mtdata.weblogs.ledger.schema import MENDED_BY

if TYPE_CHECKING:  # the records bring Django along
    from mtdata.weblogs.records.lines import LineTables

RECORDS = "records"


def lines_of(settings: Settings, domain: str, path: Path) -> LineTables | None:
    """The site's lines in the records, None where they are in its file at that path.

    RecordsError when they cannot be had, ConfigError for a new file beside lines in the records.
    """
    if settings.weblogs.ledger == RECORDS:
        return _tables(settings, domain)
    if settings.database.is_shared and not is_plain(path) and _are_elsewhere(settings, domain):
        raise ConfigError(
            f"the lines of {domain} are in the database of the records, so a file here would count "
            "them twice: weblogs.config must say `ledger: records` on every machine"
        )
    return None


def _opened(settings: Settings) -> None:
    from mtdata.jobs.records import setting

    if not setting.is_open(settings.database):
        setting.open_migrated(settings.database)


def _tables(settings: Settings, domain: str) -> LineTables:
    _opened(settings)
    from mtdata.weblogs.records.lines import LineTables

    return LineTables(domain)


def _are_elsewhere(settings: Settings, domain: str) -> bool:
    _opened(settings)
    from mtdata.weblogs.records.lines import has_ledger

    return has_ledger(domain)


def check(ledger: WeblogLedger, domain: str) -> None:
    """ConfigError where lines of the site are not where this ledger has them."""
    file = ledger.file
    if ledger.database is file:
        file.check_here()
        return
    token = file.moved_by()
    if token is None:
        with file.commit():
            if not file.has_lines():  # whoever turns back to the file would begin anew
                if file.moved_by() is None:
                    file.mark_moved("", SystemClock().now())
                return
    elif not token or is_moved_here(token):
        return
    raise _not_moved(domain)


def look(settings: Settings, domain: str, path: Path) -> None:
    """ConfigError where a file at that path has the lines and weblogs.config says otherwise.

    It changes nothing, and asks no database.
    """
    if not is_plain(path):
        return
    with closing(LineFile(path)) as file:
        if settings.weblogs.ledger != RECORDS:
            file.check_here()
        elif file.moved_by() is None and file.has_lines():
            raise _not_moved(domain)


def _not_moved(domain: str) -> ConfigError:
    return ConfigError(
        f"lines of {domain} are still in its file under state/weblogs: `mtdata weblogs ledger "
        f"{domain} --move` brings them into the database of the records; nothing was sent"
    )


def is_moved_here(token: str) -> bool:
    """Whether the lines of the file with that token are in the records."""
    from mtdata.weblogs.records.lines import has_moved

    return has_moved(token)


def move(settings: Settings, domain: str, path: Path) -> MovedLines:
    """Bring the lines of the site's file into the records, all of them in one commit.

    The file counts no more before that begins; who is cut calls it again.  UsageError unless
    weblogs.config has the ledger in the records, ConfigError for a log that both have, StorageError
    for a damaged file.
    """
    if settings.weblogs.ledger != RECORDS:
        raise UsageError("first weblogs.config must say `ledger: records`, on every machine")
    tables = _tables(settings, domain)
    if not is_plain(path):
        return MovedLines(0, 0)
    with closing(LineFile(path)) as file:
        if not file.is_sound():
            raise StorageError(f"{path}: it is damaged, so nothing was moved.{MENDED_BY}")
        with file.commit():
            token = file.moved_by()
            if token is None:
                token = token_hex(32) if file.has_lines() else ""
                file.mark_moved(token, SystemClock().now())
        if not token:
            return MovedLines(0, 0)

        def copy() -> MovedLines:
            with tables.commit():
                if is_moved_here(token):
                    return MovedLines(0, 0)
                moved = copied(file, tables)
                tables.note_move(token, SystemClock().now())
                return moved

        return tables.whole(copy)
