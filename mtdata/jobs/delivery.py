"""What a job made on its way into an output, and out of it again; it makes no file."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

from mtdata.core.output import FileFacts, Output
from mtdata.jobs.kind import Work

log = logging.getLogger(__name__)


class FileFate(NamedTuple):
    """What became of a file that was taken back: how loudly, and how it is told of one and many."""

    level: str
    one: str
    many: str


REMOVED = FileFate("INFO", "is removed", "are removed")
STRANGE = FileFate(
    "WARNING",
    "stays: it is not what this job put there",
    "stay: they are not what this job put there",
)


class OutputDelivery:
    """Puts files of one part of a job into an output; the caller closes that."""

    def __init__(self, work: Work, output: Output) -> None:
        self._work, self._output = work, output

    def put(self, name: str, written: Path, facts: FileFacts, stands: int | None = None) -> None:
        """Bring a whole file there and enter it; `stands` is the length of what is replaced.

        OutputError where it does not get there; Fenced, and nothing has the name, when the part is
        this attempt's no more.
        """
        tag = f"{self._work.job[:8]}-{self._work.attempt}"
        staged = self._output.stage(name, written, facts, tag)
        with self._work.fenced() as part:  # a stop finds the file, should we be killed behind it
            part.checkpoint = {"sha256": facts.sha256}
            part.save(update_fields=["checkpoint"])
        with self._work.fenced():
            place = self._output.publish(staged)
        if stands is not None:
            told = f"{name}: whole, it took the place of one of {stands:,} bytes"
            self._work.say("INFO", told)
        self._work.add_artifact(name, place, rows=facts.rows, size=facts.size, sha256=facts.sha256)

    def take_back(self, *names: str, finished: bool) -> None:
        """Leave nothing that was begun; `finished`: nor the files, but those of other jobs too.

        The job's log gets a line for each fate, not for each file: a report of a year has
        thousands, which would hide all else.  OutputError where the output cannot be reached.
        """
        from mtdata.jobs.records import queries

        own = queries.digests_of(self._work.job) if finished else set()
        fates: dict[FileFate, list[str]] = {}
        try:
            for name in names:
                self._work.stop_token.check()
                self._output.drop(name)
                if finished and (fate := self._remove(name, own)) is not None:
                    log.debug("%s %s", name, fate.one)
                    fates.setdefault(fate, []).append(name)
        finally:
            for fate, found in fates.items():
                self._work.say(fate.level, _fate_words(found, fate))

    def _remove(self, name: str, own: set[str]) -> FileFate | None:
        """Remove what is this job's alone; None where there is no such file."""
        from mtdata.jobs.records import queries

        known = self._output.sha256(name)
        if known not in own:
            return STRANGE if known else None
        if other := queries.other_maker_of(f"{self._output.place}/{name}", known, self._work.job):
            same = f"{other} made the same"
            return FileFate("INFO", f"stays: {same} file", f"stay: {same} files")
        self._output.remove(name)
        return REMOVED


def _fate_words(names: list[str], fate: FileFate) -> str:
    if len(names) == 1:
        return f"{names[0]} {fate.one}"
    return f"{len(names):,} files {fate.many}, from {names[0]} to {names[-1]}"
