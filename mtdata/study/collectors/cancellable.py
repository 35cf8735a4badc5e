"""A site that can be left between any two answers, or pieces of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mtdata.core.stop import StopToken
from mtdata.study.ports import Site


class CancellableSite:
    """Port Site: one whose every answer, and piece of it, is a step that may end the task."""

    def __init__(self, site: Site, stop: StopToken) -> None:
        self._site = site
        self._stop = stop
        # what was asked to go is asked to its end: the next step ends the task
        self.delete, self.close = site.delete, site.close

    def listing(self) -> list[Mapping[str, Any]]:
        """Port: Site.listing."""
        self._stop.check()
        return self._site.listing()

    @contextmanager
    def fetch(self, scale: str) -> Iterator[Iterator[bytes]]:
        """Port: Site.fetch."""
        self._stop.check()
        with self._site.fetch(scale) as pieces:
            yield self._checked(pieces)

    def _checked(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._stop.check()
            yield piece
