"""Whose rows are meant: the value that names a person, and the fields it stands in; pure."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mtdata.core.errors import MTDataError
from mtdata.study.model.row import SEALED, Digits

FIELDS = ("participant", "participantId")
"""Fields that name the person of a row (facts: the study website), each also sealed."""
PEOPLE = "Participant"
"""The scale whose rows are the people themselves: there the field id names them."""
LONGEST_CELL = 1 << 16


class PersonUnknown(MTDataError):
    """Nothing of the person who is to be erased is in the pool; nothing was made or changed."""

    exit_code = 65


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """A person by the value that the site knows them by; 17 and "17" are one, "017" another.

    `fields` are looked at beside the usual ones, or with `only` instead of them.
    """

    value: str
    fields: tuple[str, ...] = ()
    only: bool = False
    names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Work out the names of all fields that may name the person."""
        usual = () if self.only else FIELDS
        sealed = (name for name in (*usual, *self.fields) if not name.endswith(SEALED))
        named = {*usual, *self.fields, *(f"{name}{SEALED}" for name in sealed)}
        object.__setattr__(self, "names", frozenset(named))

    def fields_of(self, scale: str, columns: Sequence[str]) -> list[str]:
        """Which of these columns name the person of a row of that scale."""
        named = [name for name in columns if name in self.names]
        is_people = scale.casefold() == PEOPLE.casefold() and not self.only
        return [*named, "id"] if is_people and "id" in columns else named

    @property
    def trace(self) -> bytes:
        """Bytes without which no row of a sheet names the person; b"" where there are none."""
        return b"" if '"' in self.value else self.value.encode()

    def is_in(self, scale: str, values: Mapping[str, Any]) -> bool:
        """Whether a field of the entry that is not sealed names the person."""
        return any(self.is_meant(values[name]) for name in self.fields_of(scale, list(values)))

    def sealed_in(self, values: Mapping[str, Any]) -> list[Any]:
        """What stands in the sealed fields that may name the person."""
        names = (name for name in values if name in self.names and name.endswith(SEALED))
        return [values[name] for name in names if values[name] is not None]

    def is_meant(self, value: Any) -> bool:
        """Whether a value of an entry, or of a cell, is this person's."""
        if type(value) is dict:
            return self.is_meant(value.get("id"))
        is_number = type(value) is int or type(value) is Digits
        return (type(value) is str or is_number) and str(value) == self.value

    def is_cell(self, cell: str) -> bool:
        """Whether a cell of a sheet is this person's; an object stands there as JSON."""
        if cell == self.value:
            return True
        try:
            return cell[:1] == "{" and len(cell) < LONGEST_CELL and self.is_meant(json.loads(cell))
        except (ValueError, RecursionError):
            return False

    def commitment(self, token: str) -> str:
        """What a certificate shows: only who has token and value can work it out."""
        return hmac.digest(token.encode(), self.value.encode(), "sha256").hex()
