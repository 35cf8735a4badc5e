"""The command that imports a file: it checks, makes the job, carries it to its end, and says so."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from stat import S_ISREG
from tempfile import TemporaryFile
from typing import Any, BinaryIO, NamedTuple

from mtdata.cli.programme_carrying import carry, queued
from mtdata.cli.sites import Result, recorded, with_records
from mtdata.cli.tables import counted, measuring, note, say, table
from mtdata.cli.words import STREAM
from mtdata.config import Settings
from mtdata.core.errors import JobError, UsageError
from mtdata.core.words import size
from mtdata.duties import KINDS
from mtdata.jobs.states import Status
from mtdata.programme.jobs import ROWS, SORTS, ImportSort, refusal_of
from mtdata.programme.row_check import FileCheck, check_file

PIECE = 1 << 18
COUNTED = tuple(f"{part}: " for part in (ROWS, "all", "unfinished"))
"""How lines of a job's log begin that tell what became of its rows."""
YES = {False: "no", True: "yes"}


def import_file(options: argparse.Namespace, sort: str) -> Result:
    """Bring in the rows of a file, or only check them, or queue it.

    UsageError where the file cannot be read, JobError where its rows are wrong or it was imported.
    """
    settings = recorded(options)
    with _opened(options, settings) as file:
        found = _checked(file, settings, SORTS[sort], str(options.file))
        if options.dry_run or (found.check.bad and not options.good_rows):
            return _show_check(options, found)
        return _imported(options, settings, SORTS[sort], file, found)


class CheckedFile(NamedTuple):
    """A file whose every row was read."""

    check: FileCheck
    sha256: str


@contextmanager
def _opened(options: argparse.Namespace, settings: Settings) -> Iterator[BinaryIO]:
    """The file, which can be read twice; what cannot is copied first."""
    most = settings.programme.upload_max
    with ExitStack() as stack:
        try:
            source: Any = sys.stdin.buffer
            if options.file != STREAM:
                source = stack.enter_context(open(options.file, "rb"))
            known = os.fstat(source.fileno())
            if not S_ISREG(known.st_mode) or options.file == STREAM:
                copied = stack.enter_context(TemporaryFile())
                _copy(source, copied, most)
                source = copied
            elif known.st_size > most:
                raise _too_large(most)
        except OSError as error:
            raise UsageError(f"{options.file}: cannot be read: {error.strerror}") from error
        yield source


def _copy(source: BinaryIO, target: Any, most: int) -> None:
    while piece := source.read(PIECE):
        target.write(piece)
        if target.tell() > most:
            raise _too_large(most)


def _too_large(most: int) -> JobError:
    return JobError(f"the file is larger than UPLOAD_MAX, {size(most)}; nothing was written")


def _pieces(file: BinaryIO, name: str) -> Iterator[bytes]:
    """All of it, a piece at a time.  UsageError where it cannot be read."""
    try:
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece
    except OSError as error:
        raise UsageError(f"{name}: cannot be read: {error.strerror}") from error


def _checked(file: BinaryIO, settings: Settings, sort: ImportSort, name: str) -> CheckedFile:
    digest = sha256()
    with measuring(f"checking {name}", os.fstat(file.fileno()).st_size) as move:

        def digested() -> Iterator[bytes]:
            for piece in _pieces(file, name):
                digest.update(piece)
                move(len(piece))
                yield piece

        check = check_file(digested(), sort.columns, settings.programme.timezone)
    return CheckedFile(check, digest.hexdigest())


def _show_check(options: argparse.Namespace, found: CheckedFile) -> Result:
    check, code = found.check, JobError.exit_code if found.check.bad else 0
    shown = {
        "file": str(options.file),
        "sha256": found.sha256,
        "rows": check.rows,
        "good": check.good,
        "bad": check.bad,
        "faults": [one._asdict() for one in check.faults],
        "not_taken": list(check.layout.unknown),
    }
    if check.bad and not options.dry_run:
        shown["error"] = {"kind": "JobError", "message": refusal_of(check), "exit": code}
    if not options.json:
        rows = [(one.line, one.column, one.reason) for one in check.faults]
        table("what is wrong", ("line", "column", "why"), rows)
        more = check.bad - len({one.line for one in check.faults})
        if more > 0:
            say(f"and {counted(more, 'row')} more")
        for name in check.layout.unknown:
            say(f"the column {name!a} is not taken")
        say(f"{counted(check.rows, 'row')}, {check.bad:,} of them wrong; nothing was written")
        if check.bad and not options.dry_run:
            note("mtdata: mend the file, or let the good rows go on: --good-rows")
    return code, shown


def _imported(
    options: argparse.Namespace,
    settings: Settings,
    sort: ImportSort,
    file: BinaryIO,
    found: CheckedFile,
) -> Result:
    with_records(settings)
    from mtdata.jobs.records import setting  # Django

    setting.open_migrated(settings.database)
    from mtdata.jobs import queue
    from mtdata.jobs.records import queries
    from mtdata.programme import uploads

    job = None if options.again else queries.standing_of_key(sort.kind, sort.key_of(found.sha256))
    if job is None:
        most = settings.programme.upload_max
        name = options.file.name if options.file != STREAM else "standard_input.csv"
        pieces = _pieces(file, str(options.file))
        upload = uploads.store(pieces, most, name=name, sort=sort.name)
        if upload.sha256 != found.sha256:
            uploads.forget(upload)
            raise JobError("the file changed while it was read; nothing was written")
        given = {"file": str(upload.pk), **_wishes(options)}
        job = queue.add(settings, KINDS, sort.kind, given)
    elif job.status == Status.SUCCESS:
        told = f"the same file was imported as {job.name}; nothing was written"
        raise JobError(f"{told}. --again imports it once more")
    elif job.status == Status.STOPPING:
        told = f"the same file is taken back this moment, as {job.name}; nothing was written"
        raise JobError(f"{told}. Try it again when that is Stopped")
    else:
        note(f"mtdata: the same file is {job.status} as {job.name}; this goes on with that")
    if options.queue:
        return queued(options, job)
    return carry(options, settings, job, found.check.rows, _counts)


def _wishes(options: argparse.Namespace) -> dict[str, str]:
    wishes = {"good_rows": YES[options.good_rows], "again": YES[options.again]}
    if hasattr(options, "duplicates"):
        wishes["duplicates"] = options.duplicates
    return wishes


def _counts(shown: dict[str, Any]) -> list[str]:
    told = [event["text"] for event in shown["events"]]
    return [text.partition(": ")[2] for text in told if text.startswith(COUNTED)]
