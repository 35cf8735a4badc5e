"""A site whose every answer, and piece of one, is a sign of life."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mtdata.core.stop import StopToken
from mtdata.study.ports import Site


class CancellableSite:
    """Port Site: one that beats with every answer and piece of it."""

    def __init__(self, site: Site, stop_token: StopToken) -> None:
        self._site = site
        self._stop_token = stop_token
        # what was asked to go is asked to its end: the next step beats
        self.delete, self.close = site.delete, site.close

    def listing(self) -> list[Mapping[str, Any]]:
        """Port: Site.listing."""
        self._stop_token.check()
        return self._site.listing()

    @contextmanager
    def fetch(self, scale: str) -> Iterator[Iterator[bytes]]:
        """Port: Site.fetch."""
        self._stop_token.check()
        with self._site.fetch(scale) as pieces:
            yield self._attended(pieces)

    def _attended(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._stop_token.check()
            yield piece
