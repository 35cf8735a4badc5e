"""A task's signs of life, and how it learns that it should end; it does no work itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from typing import Any

from mtdata.core.errors import Stopped
from mtdata.study.ports import Site

ENDED = "asked to end; what was not committed is undone by the next round"


class Pulse:
    """Counts the steps of a task; the next step after `stopping` is set raises Stopped, once.

    Only once: what is put in order on the way out touches the world as well.
    """

    def __init__(self, stopping: Event | None = None) -> None:
        self._stopping = stopping
        self.beats = 0

    def beat(self) -> None:
        """One more step; raises Stopped when the task should end."""
        self.beats += 1
        if self._stopping is not None and self._stopping.is_set():
            self._stopping = None
            raise Stopped(ENDED)


class AttendedSite:
    """Port Site: one that beats with every answer and piece of it."""

    def __init__(self, site: Site, pulse: Pulse) -> None:
        self._site = site
        self._pulse = pulse
        # what was asked to go is asked to its end: the next step beats
        self.delete, self.close = site.delete, site.close

    def listing(self) -> list[Mapping[str, Any]]:
        """Port: Site.listing."""
        self._pulse.beat()
        return self._site.listing()

    @contextmanager
    def fetch(self, scale: str) -> Iterator[Iterator[bytes]]:
        """Port: Site.fetch."""
        self._pulse.beat()
        with self._site.fetch(scale) as pieces:
            yield self._attended(pieces)

    def _attended(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._pulse.beat()
            yield piece
