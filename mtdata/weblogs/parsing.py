"""Blocks of logs made into hits by worker processes, in order; or here until they have begun."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple, TypeVar

from mtdata.core.worker_pool import WorkerPool
from mtdata.weblogs.reader import Header, Hits, LogReader, Rules

W = TypeVar("W")
UNREAD = "unread"
"""Why lines of a block are left out that ends each process that reads it."""


class Text(NamedTuple):
    """Whole lines of a log, and what has to be known to read them."""

    header: Header
    first_line: int
    data: bytes


class ParsePool:
    """Makes hits of texts with so many worker processes; close it behind the last."""

    def __init__(self, rules: Rules, workers: int) -> None:
        self._pool: WorkerPool[Text, Hits | None] = WorkerPool(
            partial(_reading, rules), count=workers, lost=None, here_below=0, chunk=64
        )

    def each(self, work: Iterable[tuple[W, list[Text]]]) -> Iterator[tuple[W, list[Hits]]]:
        """The hits of each list of texts, in order; some lists are read ahead."""
        texts: dict[int, list[Text]] = {}

        def noted() -> Iterator[tuple[tuple[int, W], list[Text]]]:
            for number, (what, some) in enumerate(work):
                texts[number] = some
                yield (number, what), some

        for (number, what), found in self._pool.each(noted()):
            asked = texts.pop(number)
            yield what, [hits or _left_out(text) for hits, text in zip(found, asked, strict=True)]

    def close(self) -> None:
        """End the workers."""
        self._pool.close()


def _reading(rules: Rules) -> Callable[[list[Text]], list[Hits | None]]:
    reader = LogReader(rules)

    def read(texts: list[Text]) -> list[Hits | None]:
        found: list[Hits | None] = []
        for text in texts:
            reader.header = text.header
            found.append(reader.read(text.data, text.first_line))
        return found

    return read


def _left_out(text: Text) -> Hits:
    lines = text.data.count(b"\n") + (not text.data.endswith(b"\n"))
    return Hits(array("Q"), b"", [], {UNREAD: lines})
