"""What the receipts of one scale's round say together; it carries nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from mtdata.study.model.receipt import Backup, Receipt, Rows, Verified
from mtdata.study.model.scale import Scale
from mtdata.study.pool import Pool, ScaleRun

R = TypeVar("R", bound=Receipt)


@dataclass(slots=True)
class ScaleReport:
    """One scale in one round: its run, sums over the receipts so far, and what is yet to be told.

    `received`, `fresh`, `appended` and `deleted` count entries of the whole round; the others count
    since `clear`.
    """

    run: ScaleRun
    came: int = 0  # bytes of the package, while it is received
    received: int = 0
    fresh: int = 0
    appended: int = 0
    deleted: int = 0
    newly_held: int = 0
    opened: Counter[str] = field(default_factory=Counter)  # sealed values, by name of the key
    unopened: int = 0
    notices: dict[str, str] = field(default_factory=dict)  # the newest detail, by kind
    # told of each piece that comes, and of each batch that is safe
    heard: Callable[[ScaleReport], None] = lambda report: None

    @classmethod
    def begin(cls, pool: Pool, scale: Scale, *, drift_holds: bool = False) -> ScaleReport:
        """Begin the report of a scale that is looked at from now on."""
        return cls(ScaleRun(scale, pool, pool.clock.now(), drift_holds))

    def arriving(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Let the pieces of a package pass, and tell how much of it has come."""
        for piece in pieces:
            self.came += len(piece)
            self.heard(self)
            yield piece

    def noting(self, receipts: Iterable[R]) -> Iterator[R]:
        """Let receipts pass from one step to the next, each taken into account as it is made."""
        for receipt in receipts:
            self.take(receipt)
            yield receipt

    def take(self, receipt: Receipt) -> None:
        """Take one receipt into account."""
        self.notices.update((notice.kind.value, notice.detail) for notice in receipt.notices)
        if isinstance(receipt, Backup):
            self.received += receipt.received
            self.fresh += receipt.fresh
            self.newly_held += receipt.held
            self.heard(self)
        elif isinstance(receipt, Rows):
            self.newly_held += len(receipt.held)
            self.opened.update(receipt.opened)
            self.unopened += receipt.unopened
        elif isinstance(receipt, Verified) and receipt.sheet.is_new:
            self.appended += len(receipt.sheet.lines)

    def as_json(self, held: int, owed: int) -> dict[str, int]:
        """The form that `--json` prints; `held` and `owed` tell how the scale stands now."""
        return {
            "received": self.received,
            "fresh": self.fresh,
            "appended": self.appended,
            "held": held,
            "deleted": self.deleted,
            "owed": owed,
        }

    def clear(self) -> None:
        """Forget what was told, so that it is told once."""
        self.newly_held = self.unopened = 0
        self.opened, self.notices = Counter(), {}
