"""What each step proved; every receipt holds the one before, so no two steps can be swapped.

    Package > Backup > Rows > Sheet > Verified > Deleted

Only `pipeline.verify` makes a Verified, and only what a Verified calls deletable is deleted.
What a step met and has to tell stands in the `notices` of its receipt.
None of them shows its contents when printed: they hold answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, NamedTuple

from mtdata.study.model.scale import Scale

KEY_PRINT = " sha256:"
"""Between the name of a key's file and the SHA-256 of its public half."""


class StepNoticeKind(StrEnum):
    """The kinds of incident that a step can speak of, by their names in `incident.KINDS`."""

    IDS_ANEW = "ids_anew"
    DRIFT = "drift"
    RAW_CHANGED = "raw_changed"
    SHEET_CHANGED = "sheet_changed"
    DELETE_FAILED = "delete_failed"


class StepNotice(NamedTuple):
    """One thing that a step met; `detail` is a sentence for people and holds no answer."""

    kind: StepNoticeKind
    detail: str


@dataclass(frozen=True, slots=True, repr=False)
class Package:
    """The raw answer for one scale, whole on disk; `path` is relative to the pool."""

    scale: Scale
    path: str
    length: int
    digest: bytes


class Span(NamedTuple):
    """Where bytes stand: a file of the pool (its number in the ledger), first byte, length."""

    file: int
    start: int
    length: int


NOWHERE = Span(0, 0, 0)
"""Of what is no more asked where it stands."""


class Kept(NamedTuple):
    """An entry whose raw bytes were fsynced, read back and matched; `seq` is its ledger number."""

    seq: int
    id: int | None
    digest: bytes
    span: Span
    values: dict[str, Any]

    def __repr__(self) -> str:
        return f"Kept(seq={self.seq}, id={self.id})"


@dataclass(frozen=True, slots=True, repr=False)
class Backup:
    """A batch of entries that are safe as raw bytes and still want a row, maybe none of it."""

    scale: Scale
    entries: tuple[Kept, ...]
    received: int = 0  # entries of the package that the batch was made of
    fresh: int = 0  # those that the ledger had not
    held: int = 0  # those that are held from now on, and get no row yet
    notices: tuple[StepNotice, ...] = ()


class Row(NamedTuple):
    """One line to be: the entry it comes from, its cells and their digest.

    `keys` are those that opened what is sealed in it, each by its name and fingerprint.
    """

    entry: Kept
    columns: tuple[str, ...]
    cells: list[str]
    digest: bytes
    keys: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Row(seq={self.entry.seq})"


class HeldBack(NamedTuple):
    """An entry that cannot become a row yet: `kind` is one of states.HELD_KINDS."""

    entry: Kept
    kind: str
    reason: str

    def __repr__(self) -> str:
        return f"HeldBack(seq={self.entry.seq}, {self.kind}: {self.reason})"


@dataclass(frozen=True, slots=True, repr=False)
class Rows:
    """A batch made readable; what could not be is in `held`."""

    backup: Backup
    rows: tuple[Row, ...]
    held: tuple[HeldBack, ...]
    opened: Counter[str] = field(default_factory=Counter)  # values unpadded, by name of the key
    unopened: int = 0  # values that no key unpads and another key may
    notices: tuple[StepNotice, ...] = ()


class Placed(NamedTuple):
    """A row and where its line stands; `keys` as those of the Row, none where nobody knows."""

    entry: Kept
    digest: bytes
    span: Span
    keys: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Placed(seq={self.entry.seq})"


def by_keys(lines: Iterable[Placed]) -> dict[tuple[str, ...], list[Placed]]:
    """Lines by the keys that opened them; those of a usual batch have all the same."""
    opened: dict[tuple[str, ...], list[Placed]] = {}
    for line in lines:
        opened.setdefault(line.keys, []).append(line)
    return opened


@dataclass(frozen=True, slots=True, repr=False)
class Sheet:
    """A batch of lines that stand in a sheet, fsynced; whether they can be read back comes next."""

    rows: Rows
    file: int
    columns: tuple[str, ...]
    lines: tuple[Placed, ...]
    is_new: bool = True  # False for lines of an earlier round, named by the ledger
    notices: tuple[StepNotice, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Verified:
    """A batch whose lines were read back and matched: by bytes when just written, else by cells.

    `copied` has the seq of each entry whose raw bytes every replica has confirmed; it is asked
    only of lines that are to be deleted, so nothing of a batch just written can be.
    """

    sheet: Sheet
    copied: frozenset[int]
    notices: tuple[StepNotice, ...] = ()

    @property
    def deletable(self) -> list[Placed]:
        """What may be deleted on the site."""
        lines = (line for line in self.sheet.lines if line.entry.seq in self.copied)
        return [line for line in lines if line.entry.id is not None]


class Outcome(Enum):
    """What the site said to a DELETE.  None of them proves anything; a later listing does."""

    DONE = "done"
    ABSENT = "absent"
    FAILED = "failed"
    REFUSED = "refused"


class DeleteAnswer(NamedTuple):
    """The site's word on one DELETE; REFUSED holds for the whole scale, FAILED for this try."""

    id: int
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class Deleted:
    """A batch for which deletes went out, with the answers."""

    verified: Verified
    answers: tuple[DeleteAnswer, ...]

    @property
    def notices(self) -> tuple[StepNotice, ...]:
        """Whether a delete of the batch was not done, and why."""
        bad = [a for a in self.answers if a.outcome in (Outcome.FAILED, Outcome.REFUSED)]
        if not bad:
            return ()
        detail = f"{len(bad)} deletes were not done: {bad[0].reason}"
        return (StepNotice(StepNoticeKind.DELETE_FAILED, detail),)


Receipt = Backup | Rows | Sheet | Verified | Deleted
"""What of a scale's round is done a batch at a time."""
