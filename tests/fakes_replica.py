"""A replica in memory: port Replica without a disk or a wire, with faults set as attributes."""

from __future__ import annotations

from hashlib import sha256

from mtdata.core.errors import ReplicaError, ReplicaRefused, ReplicaWrong
from mtdata.study.model.copy import checked_copy_name


class MemoryReplica:
    """Port Replica over a dictionary of names; `puts` has every put that was carried out."""

    def __init__(self, place: str = "memory://1") -> None:
        self.address = place
        self.copies: dict[str, bytes] = {}
        self.puts: list[str] = []
        self.asked: list[str] = []
        self.fault: ReplicaError | None = None
        self.garbles = False

    # what can go wrong, by name

    def go_down(self) -> None:
        self.fault = ReplicaError(f"{self.address}: it cannot be reached")

    def refuse(self) -> None:
        self.fault = ReplicaRefused(f"{self.address}: its keys are not accepted")

    def change(self, name: str, content: bytes) -> None:
        self.copies[name] = content

    def lose(self, name: str) -> None:
        del self.copies[name]

    def names(self) -> list[str]:
        return sorted(self.copies)

    @property
    def replica(self) -> MemoryReplica:
        """This replica, where a suite asks a world for one."""
        return self

    # the port

    def meet(self, *, first: bool) -> None:
        self._strike()

    def put(self, name: str, content: bytes, digest: bytes) -> None:
        self._strike()
        if sha256(content).digest() != digest:
            raise ReplicaWrong(f"{self.address}: it worked out another checksum")
        self.copies[checked_copy_name(name)] = content[:-1] if self.garbles else content
        self.puts.append(name)

    def confirm(self, name: str, length: int, digest: bytes) -> bool:
        self._strike()
        self.asked.append(name)
        content = self.copies.get(checked_copy_name(name))
        return content is not None and sha256(content).digest() == digest

    def read(self, name: str, length: int) -> bytes | None:
        self._strike()
        content = self.copies.get(checked_copy_name(name))
        return None if content is None else content[: length + 1]

    def close(self) -> None:
        self.fault = None

    def _strike(self) -> None:
        if self.fault is not None:
            raise self.fault
