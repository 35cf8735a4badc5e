"""A day's imported logs into one archive of the push bucket; what lies there is never lost by it.

An archive is put in the place of another only while each log of that one can still be read, and is
in the new one with all its bytes.  Otherwise what is new goes into a further archive beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import TypeVar

from mtdata.core.errors import OutputError, OutputRefused
from mtdata.core.output import Output, digest_of
from mtdata.weblogs.archive import MemberPiece, member_name, zipped
from mtdata.weblogs.manifest import ArchivedLog, Manifest, manifest_from, written
from mtdata.weblogs.source import LogObject, LogSource
from mtdata.weblogs.source_errors import ChangedLog, LogReplaced, UnreadableLog
from mtdata.weblogs.unpacking import LogLimits, plain_pieces

T = TypeVar("T")

MOST_ARCHIVES = 1_000
"""Of one site and day."""


@dataclass(frozen=True, slots=True)
class ImportedLog:
    """A log that was imported to its end; `end` and `digest` are those of its last Block."""

    listed: LogObject
    lines: int
    hits: int
    end: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class PushedDay:
    """How a day's archive stands: `archives` are names in the output, `is_new` when one was put.

    `files` and `size` (bytes) are of all of them.
    """

    archives: tuple[str, ...]
    files: int
    size: int
    is_new: bool


def archive_name(site: str, day: date, number: int = 1) -> str:
    """The name of a day's archive below the site's place, without its suffix; it sorts by day."""
    further = f"-{number:03d}" if number > 1 else ""
    return f"{day:%Y/%m/%d}/{site}-{day.isoformat()}{further}"


class DayArchive:
    """The archives of one site and day, in the output of WeblogSite.push_place."""

    def __init__(
        self,
        output: Output,
        site: str,
        day: date,
        tag: str = "push",
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """`tag` sets apart attempts at one name, as Output.stage wants it.

        `check` is called with each piece that is read or written, and ends it when it raises.
        """
        self._output, self._site, self._day, self._tag = output, site, day, tag
        self._check = check

    def push(
        self, source: LogSource, imported: Sequence[ImportedLog], limits: LogLimits | None = None
    ) -> PushedDay | None:
        """See to it that all of these are archived; None when there is none of them.

        ChangedLog when a log is no longer what was imported, LogReplaced when it is gone; errors of
        the source and of the output as they are.  What was archived before stands then still.
        """
        if not imported:
            return None
        wanted = sorted(imported, key=lambda one: one.listed.key.encode())
        known = self.manifests()
        left = [one for one in wanted if not any(_has(manifest, one) for manifest in known)]
        if not left:
            return _pushed(known, is_new=False)
        number = self._next_number()
        if number == 2 and self._may_replace(source, wanted):
            number, known = 1, []
        logs = _DayLogs(source, left if number > 1 else wanted, limits)
        known.append(self._put(number, logs))
        return _pushed(known, is_new=True)

    def manifests(self) -> list[Manifest]:
        """Those of the day whose archives stand there byte for byte, as reading them back shows.

        OutputError where one cannot be read.
        """
        found = []
        for number in range(1, self._next_number()):
            manifest = self._manifest(number)
            if manifest is not None and self._stands(manifest):
                found.append(manifest)
        return found

    def _next_number(self) -> int:
        for number in range(1, MOST_ARCHIVES):
            if self._output.size(self._name(number, "json")) is None:
                return number
        raise OutputError(f"{self._output.place}: {self._site} has too many archives of one day")

    def _manifest(self, number: int) -> Manifest | None:
        name = self._name(number, "json")
        if self._output.size(name) is None:
            return None
        try:
            return manifest_from(self._output.pieces(name))
        except OutputRefused as error:
            raise OutputRefused(f"{self._output.place}/{name}: {error}") from None

    def _stands(self, manifest: Manifest) -> bool:
        if self._output.size(manifest.archive) != manifest.size:
            return False
        return digest_of(self._checked(self._output.pieces(manifest.archive))) == manifest.sha256

    def _may_replace(self, source: LogSource, wanted: Sequence[ImportedLog]) -> bool:
        """Whether each log of the only archive can be read still, and is wanted again."""
        now = {one.listed.key: one for one in wanted}
        manifest = self._manifest(1)
        return manifest is None or all(
            one.key in now and _has_grown(source, now[one.key], one) for one in manifest.files
        )

    def _put(self, number: int, logs: _DayLogs) -> Manifest:
        name = self._name(number, "zip")
        staged = self._output.stage_pieces(name, zipped(self._checked(logs.pieces())), self._tag)
        self._output.publish(staged)
        facts = staged.facts
        files = tuple(logs.archived)
        manifest = Manifest(self._site, self._day, name, facts.size, facts.sha256, files)
        content = [written(manifest)]
        staged = self._output.stage_pieces(self._name(number, "json"), content, self._tag)
        self._output.publish(staged)
        return manifest

    def _checked(self, pieces: Iterable[T]) -> Iterator[T]:
        for piece in pieces:
            self._check()
            yield piece

    def _name(self, number: int, suffix: str) -> str:
        return f"{archive_name(self._site, self._day, number)}.{suffix}"


class _DayLogs:
    """The logs of an archive on their way; behind the last piece `archived` tells of each."""

    def __init__(
        self, source: LogSource, wanted: Sequence[ImportedLog], limits: LogLimits | None
    ) -> None:
        self.archived: list[ArchivedLog] = []
        self._source, self._wanted, self._limits = source, wanted, limits

    def pieces(self) -> Iterator[MemberPiece]:
        """Every log's plain bytes under the names of their members."""
        for number, one in enumerate(self._wanted, 1):
            members: list[str] = []
            try:
                for piece in self._log(number, one):
                    if not members or members[-1] != piece.name:
                        members.append(piece.name)
                    yield piece
            except UnreadableLog as error:
                raise type(error)(f"{one.listed.key}: {error}") from None
            self.archived.append(_archived(one, tuple(members)))

    def _log(self, number: int, one: ImportedLog) -> Iterator[MemberPiece]:
        digest, length = sha256(), 0
        yield MemberPiece(member_name(number, one.listed, 0), b"")
        with self._source.open(one.listed) as raw:
            for member, content in plain_pieces(raw, self._limits):
                digest.update(content)
                length += len(content)
                if length > one.end:
                    break
                yield MemberPiece(member_name(number, one.listed, member), content)
        if (length, digest.digest()) != (one.end, one.digest):
            raise ChangedLog("its bytes are not those that were imported")


def _has_grown(source: LogSource, now: ImportedLog, before: ArchivedLog) -> bool:
    """Whether a log begins with all that was archived of it, and stands there still."""
    if now.end <= before.bytes:
        is_same = (now.end, now.digest.hex()) == (before.bytes, before.sha256)
        return is_same and source.is_there(now.listed)
    digest, left = sha256(), before.bytes
    try:
        with source.open(now.listed) as raw:
            for _, content in plain_pieces(raw):
                digest.update(content[:left])
                left -= min(left, len(content))
                if not left:
                    break
    except LogReplaced:
        return False
    return not left and digest.hexdigest() == before.sha256


def _archived(one: ImportedLog, members: tuple[str, ...]) -> ArchivedLog:
    listed = one.listed
    return ArchivedLog(
        key=listed.key,
        etag=listed.etag,
        size=listed.size,
        modified=listed.modified.isoformat(),
        lines=one.lines,
        hits=one.hits,
        bytes=one.end,
        sha256=one.digest.hex(),
        members=members,
    )


def _has(manifest: Manifest, one: ImportedLog) -> bool:
    return manifest.holds(one.listed.key, one.digest.hex())


def _pushed(manifests: Sequence[Manifest], *, is_new: bool) -> PushedDay:
    return PushedDay(
        archives=tuple(one.archive for one in manifests),
        files=sum(len(one.files) for one in manifests),
        size=sum(one.size for one in manifests),
        is_new=is_new,
    )
