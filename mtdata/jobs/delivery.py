"""What a job made on its way into an output, and out of it again; it makes no file."""

from __future__ import annotations

from pathlib import Path

from mtdata.core.output import FileFacts, Output
from mtdata.jobs.kind import Work


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

    def take_back(self, name: str, *, finished: bool) -> None:
        """Leave nothing that was begun; `finished`: nor the file, unless it is another job's too.

        OutputError where it cannot be reached.
        """
        from mtdata.jobs.records import queries

        self._output.drop(name)
        if not finished:
            return
        known = self._output.sha256(name)
        if known not in queries.digests_of(self._work.job):
            if known:
                self._work.say("WARNING", f"{name} stays: it is not what this job put there")
            return
        if other := queries.other_maker_of(f"{self._output.place}/{name}", known, self._work.job):
            self._work.say("INFO", f"{name} stays: {other} made the same file")
            return
        self._output.remove(name)
        self._work.say("INFO", f"{name} is removed")
