"""The stand-in for CAKE in a process of its own, which is told by a pipe what goes wrong in it.

With `keeps` it sends each answer again as it was made the first time: what is measured beside it
then waits for no row to be worked out.
"""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from multiprocessing.connection import Connection
from time import process_time
from types import TracebackType
from typing import Any, NamedTuple, Self

from mtdata.demo.cake.calls import Asked
from mtdata.demo.cake.forms import Form
from mtdata.demo.cake.site import CakeSite
from mtdata.demo.wire import WireAnswer

FAR_S = 60


class Told(NamedTuple):
    """Since the last time: calls for rows, other calls, calls that a fault struck, CPU."""

    calls: int
    others: int
    struck: int
    cpu_s: float


class Keeping(CakeSite):
    """Makes each answer once and keeps it whole."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self._kept: dict[Any, WireAnswer] = {}

    def _served(self, asked: Asked, form: Form) -> WireAnswer:
        key = (*asked[:3], *sorted(asked.given.items()))
        if key not in self._kept:
            answer = super()._served(asked, form)
            body = answer.body()
            self._kept[key] = replace(answer, pieces=(body,), length=len(body))
        return self._kept[key]


class Kitchen:
    """The instance at `domain` while the `with` lasts; `how` goes to CakeSite."""

    def __init__(self, *, keeps: bool = False, **how: Any) -> None:
        self._keeps, self._how = keeps, how
        self.domain = ""

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        arguments = theirs, self._keeps, self._how
        self._served = context.Process(target=_serve, args=arguments, daemon=True)
        self._served.start()
        self.domain = self._pipe.recv()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pipe.close()
        self._served.join(5)
        self._served.kill()

    def fault(self, kind: str, **how: Any) -> None:
        """As CakeSite.fault."""
        self._told_after("fault", kind, how)

    def heal(self) -> None:
        """As CakeSite.heal."""
        self._told_after("heal")

    def told(self) -> Told:
        """What was asked since the last call of this."""
        found: Told = self._told_after("told")
        return found

    def _told_after(self, *order: Any) -> Any:
        self._pipe.send(order)
        if not self._pipe.poll(FAR_S):
            raise RuntimeError("the stand-in for CAKE does not answer")
        return self._pipe.recv()


def _serve(pipe: Connection, keeps: bool, how: dict[str, Any]) -> None:
    with (Keeping if keeps else CakeSite)(**how) as site:
        pipe.send(site.domain)
        seen, struck, used = 0, 0, process_time()
        while True:
            try:
                word, *more = pipe.recv()
            except EOFError:
                return
            told = None
            if word == "fault":
                site.fault(more[0], **more[1])
            elif word == "heal":
                site.heal()
            else:
                calls = site.calls[seen:]
                rows = sum(one.operation != "Currencies" for one in calls)
                so_far = sum(fault.seen // fault.every for fault in site._faults._on)
                told = Told(rows, len(calls) - rows, so_far - struck, process_time() - used)
                seen, struck, used = seen + len(calls), so_far, process_time()
            pipe.send(told)
