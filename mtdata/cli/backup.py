"""Commands that keep a copy of everything elsewhere, and put one back: backup, restore."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtdata.cli.sites import Result, recorded, settings_of
from mtdata.cli.tables import counted, measuring, say, table
from mtdata.cli.words import filled, number, path_of
from mtdata.core.errors import StorageError
from mtdata.duties import DUTIES

if TYPE_CHECKING:  # with all that opens pools and stores
    from datetime import datetime

    from mtdata.core.backups.place import BackupPlace, FinishedBackup

BACKUP = """examples:
  mtdata backup /mnt/backup/mtdata           state, records (SQLite) and every pool, to a folder
  mtdata backup s3://bucket/prefix --keep 30     to a bucket; of earlier backups the newest 30 stay
  mtdata backup /mnt/backup/mtdata --with-config --with-keys     all that another machine needs
  mtdata backup /mnt/backup/mtdata --dry-run     what would be sent; nothing is

Rounds go on meanwhile.  A file that is there already is not sent again; one that was cut off goes
on where it was.  Give each home a place of its own, and guard it as the pool: sheets lie there in
clear.  Keys of a bucket are those that the machine is given (AWS_ACCESS_KEY_ID, AWS_PROFILE, ...).
"""
RESTORE = """examples:
  mtdata restore /mnt/backup/mtdata /srv/mtdata     the newest backup, into a new home
  mtdata restore s3://bucket/prefix          where the config says: each pool to its PATH
  mtdata restore /mnt/backup/mtdata --site mysite   the pool of one site alone
  mtdata restore /mnt/backup/mtdata --list   which backups there are

Every file is proven by its digest before anything gets its name, and nothing that is there is
written over.  Nothing is deleted on a site before `mtdata verify` found the restored pool well.
"""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's commands."""
    backup = commands.add_parser(
        "backup", parents=[shared], help="a copy of everything, elsewhere", epilog=BACKUP
    )
    backup.add_argument("place", type=filled, help="a folder, or s3://bucket/prefix")
    backup.add_argument("--with-config", action="store_true", help="the config too (passwords!)")
    backup.add_argument("--with-keys", action="store_true", help="private keys and secrets too")
    backup.add_argument("--keep", type=number, default=0, metavar="N",
        help="forget all but the newest N backups, this one among them")  # fmt: skip
    _add_store(backup)
    backup.add_argument("--dry-run", action="store_true", help="send nothing, tell what would be")
    backup.set_defaults(run=_backup)
    restore = commands.add_parser(
        "restore", parents=[shared], help="put a backup back", epilog=RESTORE
    )
    restore.add_argument("place", type=filled, help="a folder, or s3://bucket/prefix")
    restore.add_argument("home", nargs="?", type=path_of, metavar="DIR",
        help="a new home, without any config; default: where the config says")  # fmt: skip
    restore.add_argument("--site", action="append", type=filled, default=[], metavar="NAME",
        help="the pool of that site alone; again for further ones")  # fmt: skip
    restore.add_argument("--backup", type=filled, metavar="NAME",
        help="another one than the newest, as --list names it")  # fmt: skip
    restore.add_argument("--list", action="store_true", help="which backups there are")
    _add_store(restore)
    restore.add_argument("--dry-run", action="store_true", help="write nothing, tell what would be")
    restore.set_defaults(run=_restore)


def _add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--endpoint", type=filled, metavar="URL",
        help="of a store that is not Amazon's")  # fmt: skip
    parser.add_argument("--region", type=filled, metavar="NAME", help="of the bucket")


@contextmanager
def _opened(options: argparse.Namespace) -> Iterator[BackupPlace]:
    from mtdata.core.backups.bucket import BackupBucket
    from mtdata.core.backups.place import BackupPlace
    from mtdata.core.output import open_output
    from mtdata.core.s3 import S3Access

    access = S3Access(options.endpoint or "", options.region or "", machine_endpoint=True)
    place, output = options.place, None
    if place.startswith("s3://"):
        output = BackupBucket(place, access, "PLACE")
    elif "://" not in place:
        place = os.path.abspath(Path(place).expanduser())
    with closing(BackupPlace(output or open_output(place, access, named="PLACE"))) as opened:
        yield opened


def _backup(options: argparse.Namespace) -> Result:
    from mtdata.core.clock import SystemClock
    from mtdata.study.operations.backing_up import BackupOrder, make_backup

    settings = recorded(options)
    order = BackupOrder(
        with_config=options.with_config,
        with_keys=options.with_keys,
        is_dry=options.dry_run,
        keep=options.keep,
    )
    with _opened(options) as place:
        shown = make_backup(
            settings, place, order, SystemClock().now(), lambda total: measuring("backup", total)
        )
    if not options.json:
        _show(shown, "part")
        sent = shown["sent"]
        would = "would be sent" if options.dry_run else "were sent"
        say(f"{counted(sent['files'], 'file')} with {sent['size']:,} bytes {would}")
        if shown["backup"]:
            say(f"the backup {shown['backup']} is whole: {shown['place']}")
    odd = any(one["told"] for one in shown["parts"])
    return (1 if odd else 0), _with_fault(shown, odd=odd)


def _with_fault(shown: dict[str, Any], *, odd: bool) -> dict[str, Any]:
    if not odd:
        return shown
    told = "; ".join(told for one in shown["parts"] for told in one["told"])
    return {**shown, "error": {"kind": "PartFailed", "message": told, "exit": 1}}


def _show(shown: dict[str, Any], *columns: str) -> None:
    names = (*columns, "files", "size")
    table("", ("what", *names[1:]), [tuple(one[c] for c in names) for one in shown["parts"]])
    for told in shown["told"]:
        say(told)


def _restore(options: argparse.Namespace) -> Result:
    with _opened(options) as place:
        if options.list:
            return _list(place, as_json=options.json)
        return _put_back(options, place, place.chosen(options.backup or ""))


def _list(place: BackupPlace, *, as_json: bool) -> Result:
    backups = place.backups()
    if not as_json:
        columns = ("backup", "made_at", "program", "files", "size")
        rows = [tuple(getattr(one, c) for c in columns) for one in backups]
        table(place.place, columns, rows, empty=f"{place.place}: no finished backup")
    return 0, {"place": place.place, "backups": [one._asdict() for one in backups]}


def _mark_state(state: Path, told: str, now: datetime) -> None:
    for duty in DUTIES:
        duty.put_back(state, told, now)


def _put_back(options: argparse.Namespace, place: BackupPlace, chosen: FinishedBackup) -> Result:
    from mtdata.core.clock import SystemClock
    from mtdata.study.operations.restore_targets import targets_in, targets_of
    from mtdata.study.operations.restore_words import next_steps, restored_json
    from mtdata.study.operations.restoring import Restore

    manifest = place.manifest(chosen)
    settings = None if options.home else settings_of(options)
    if settings is None:
        home = Path(os.path.abspath(options.home))
        targets = targets_in(manifest, home, options.site)
    else:
        home = settings.home
        targets = targets_of(manifest, settings, options.site)
    restore = Restore(place, chosen, SystemClock().now(), _mark_state)
    left = restore.refuse(targets)
    if options.dry_run:
        shown = restored_json(chosen, left, restore.lacking(left))
    else:
        restore.play(left, lambda total: measuring("restore", total))
        shown = restored_json(chosen, left, [*next_steps(manifest, left, home, settings)])
    if not options.json:
        _show(shown, "part", "folder")
    if options.dry_run and shown["told"]:
        message = f"the place lacks the bytes of {len(shown['told'])} files"
        code = StorageError.exit_code
        return code, {**shown, "error": {"kind": "BackupFault", "message": message, "exit": code}}
    return 0, shown
