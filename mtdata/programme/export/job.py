"""The kind of job that gives form responses out: a file, written here and then put into OUTPUT."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from mtdata.config import Settings
from mtdata.core.border import Border
from mtdata.core.disk import FILE_MODE, FolderDisk, make_folder
from mtdata.core.errors import JobError, StorageError
from mtdata.core.guarding import guarded_pieces
from mtdata.core.output import FileFacts
from mtdata.jobs.delivery import OutputDelivery
from mtdata.jobs.kind import Guard, Kind, Kinds, Parameters, Work
from mtdata.jobs.spooling import spool_file, sweep_up
from mtdata.programme.export import output
from mtdata.programme.export.as_csv import write_copied
from mtdata.programme.export.formats import FORMATS, FormFile
from mtdata.programme.export.parameters import (
    EMAIL,
    FORMAT,
    FROM,
    TO,
    check_order,
    title_words,
)

FORMS_EXPORT, PART = "forms.export", "file"
LIMIT_S = 6 * 3600.0
Row = TypeVar("Row")
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


def _format(parameters: Parameters) -> str:
    with Border(JobError, "format: it is none that a file can have"):
        word = str(parameters[FORMAT.name])
        _ = FORMATS[word]
        return word


def _name(work: Work) -> str:
    return f"FormResponse_{work.job}.{_format(work.parameters)}"


def _split(work: Work) -> list[str]:
    FORMATS[_format(work.parameters)].writer()  # or a library is not there
    sweep_up(work)
    return [PART]


def _run(work: Work) -> None:
    spool = _spool(work)
    facts = FileFacts(0, "", _write(work, spool))
    facts = _counted(spool, facts)
    with closing(output.open_forms_output(work.settings.programme)) as place:
        OutputDelivery(work, place).put(_name(work), spool, facts)
    _remove(work)
    work.progress(facts.rows, facts.rows)
    work.say("INFO", f"{facts.rows:,} rows")


def _spool(work: Work) -> Path:
    return spool_file(work, f"forms.{_format(work.parameters)}")


def _write(work: Work, spool: Path) -> int:
    """Write the file on this machine; how many rows it has."""
    from mtdata.programme.export.reading import can_copy, copied, pages, snapshot

    sort = FORMATS[_format(work.parameters)]
    write, zone = sort.writer(), work.settings.programme.timezone
    span = span_of(work.parameters)
    with _spool_opened(spool) as file, snapshot():
        count = span.rows.count()
        if sort.most_rows is not None and count > sort.most_rows:
            raise JobError(
                f"{count:,} rows are more than the {sort.most_rows:,} that a sheet can have; "
                "nothing was written. Ask for a shorter time, or for csv or parquet"
            )
        target = FormFile(file, _scratch(spool), zone)
        if sort.takes_texts and can_copy():
            write_copied(target, _reported(work, copied(span), count))
        else:
            write(target, _reported(work, pages(span, as_text=sort.takes_texts), count))
    return int(count)


def span_of(parameters: Parameters) -> Any:
    """From when to when (`reading.MomentSpan`)."""
    from mtdata.programme.export.reading import MomentSpan  # with Django

    return MomentSpan(_moment(parameters, FROM.name), _moment(parameters, TO.name))


def _moment(parameters: Parameters, name: str) -> datetime | None:
    word = parameters.get(name)
    with Border(JobError, f"{name}: it is no moment"):
        return datetime.fromisoformat(word).astimezone(UTC) if word else None


def _scratch(spool: Path) -> Path:
    return spool.with_name(f"{spool.name}.parts")


def _reported(work: Work, pages: Iterator[list[Row]], expected: int) -> Iterator[list[Row]]:
    done = 0
    work.progress(done, expected)
    for page in pages:
        work.stop_token.check()
        yield page
        done += len(page)
        work.progress(done, expected)


@contextmanager
def _spool_opened(path: Path) -> Iterator[BinaryIO]:
    """A file that its owner alone reads.  StorageError where the disk does not take it."""
    make_folder(path.parent)
    try:
        with os.fdopen(os.open(path, _FLAGS, FILE_MODE), "wb") as file:
            yield file
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}") from error


def _counted(path: Path, facts: FileFacts) -> FileFacts:
    digest, size = sha256(), 0
    for piece in FolderDisk(path.parent).stream(path.name):
        digest.update(piece)
        size += len(piece)
    return facts._replace(size=size, sha256=digest.hexdigest())


def _remove(work: Work) -> None:
    spool = _spool(work)
    disk = FolderDisk(spool.parent)
    disk.remove(spool.name)
    disk.clear(_scratch(spool).name)


def _undo(work: Work, parts: Sequence[str] | None) -> None:
    """The file has the job's name, so it is no other's: whatever is undone, it goes."""
    _remove(work)
    with closing(output.open_forms_output(work.settings.programme)) as place:
        OutputDelivery(work, place).take_back(_name(work), finished=True)


def _guard(settings: Settings, parameters: Parameters) -> Guard | None:
    """A spreadsheet that opens CSV calculates what looks like a formula; of others it is text."""
    return guarded_pieces if parameters.get(FORMAT.name) == "csv" else None


EXPORT = Kind(
    name=FORMS_EXPORT,
    parameters=(FROM, TO, FORMAT, EMAIL),
    split=_split,
    run=_run,
    undo=_undo,
    base=lambda parameters: f"forms_{parameters.get(FORMAT.name, 'csv')}",
    check=check_order,
    limit_s=LIMIT_S,
    title="Form responses export",
    about="Form responses of a span of time as one file, in the order of their times",
    told=title_words,
    guard=_guard,
    mailed=EMAIL.name,
)
KINDS: Kinds = {EXPORT.name: EXPORT}
