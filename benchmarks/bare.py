"""The floor: nothing but `private.decrypt` of the library that the program uses, on every core."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from multiprocessing.connection import Connection
from statistics import median
from time import perf_counter, process_time
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from benchmarks.rows import pem_of

WORKERS, MAIN = "workers (their start included)", "main process"
SPENDERS = {WORKERS: "workers_cpu_s", MAIN: "cpu_s", "stand-in site": "site_cpu_s"}


class BareLoops:
    """One process a core, started and loaded before any time is taken."""

    def __init__(self, key: RSAPrivateKey, values: list[bytes]) -> None:
        self._pem, self._values = pem_of(key), values
        self._spent: list[float] = []
        self._count = len(os.sched_getaffinity(0))

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        self._pipes = []
        for number in range(self._count):
            ours, theirs = context.Pipe()
            share = self._values[number :: self._count]
            context.Process(target=_loop, args=(theirs, self._pem, share), daemon=True).start()
            self._pipes.append(ours)
        for pipe in self._pipes:
            pipe.recv()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pipe in self._pipes:
            pipe.close()

    def rate(self) -> float:
        """Values a second, all cores together."""
        began = perf_counter()
        for pipe in self._pipes:
            pipe.send("go")
        spent = sum(pipe.recv() for pipe in self._pipes)
        self._spent.append(spent / len(self._values))
        return len(self._values) / (perf_counter() - began)

    def processor_s(self) -> float:
        """Processor seconds a value, the median of all runs so far."""
        return median(self._spent)


def _loop(pipe: Connection, pem: bytes, values: list[bytes]) -> None:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, RSAPrivateKey)
    padding, decrypt = PKCS1v15(), key.decrypt
    pipe.send("ready")
    while True:
        try:
            pipe.recv()
        except EOFError:
            return
        began = process_time()
        for value in values:
            decrypt(value, padding)
        pipe.send(process_time() - began)


def shares(rounds: Sequence[dict[str, Any]], count: int, floor_s: float) -> str:
    """Processor time a row of what was carried out, by who spent it: what bounds the figure."""
    spent = {
        name: median(took[who] for took in rounds) / count * 1e6
        for name, who in SPENDERS.items()
        if who in rounds[0]
    }
    told = ", ".join(f"{name} {each:.0f}" for name, each in spent.items())
    ours = spent[WORKERS] + spent[MAIN]
    ratio, told = f"{floor_s * 1e6 / ours:.3f}", f"bare {floor_s * 1e6:.0f}, {told}"
    return f"processor µs a row: {told}; bare ÷ (workers + main) = {ratio}"
