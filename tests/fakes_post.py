"""A destination in memory: port Post without a wire; nothing of it outlives the test."""

from __future__ import annotations

from mtdata.alerts.message import Message
from mtdata.core.errors import PostError


class MemoryPost:
    """Port Post over a list; `fault` is raised instead of taking, `odd` is what is odd."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.fault: PostError | None = None
        self.odd = ""

    def deliver(self, message: Message) -> str:
        if self.fault:
            raise self.fault
        self.taken.append(message)
        return self.odd
