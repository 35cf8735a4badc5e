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
STUDY_PLACES = frozenset({("tasklog", "study"), ("study", "id")})
"""Scale and field that hold the number of a person's own study, which their row in PEOPLE tells."""
LONGEST_CELL = 1 << 16


class PersonUnknown(MTDataError):
    """Nothing of the person who is to be erased is in the pool; nothing was made or changed."""

    exit_code = 65


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """A person by the value that the site knows them by; 17 and "17" are one, "017" another.

    `fields` are looked at beside the usual ones, or with `only` instead of them.  `studies` are the
    numbers of the person's own study, where the site tells them.
    """

    value: str
    fields: tuple[str, ...] = ()
    only: bool = False
    studies: frozenset[str] = frozenset()
    names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Work out the names of all fields that may name the person."""
        usual = () if self.only else FIELDS
        sealed = (name for name in (*usual, *self.fields) if not name.endswith(SEALED))
        named = {*usual, *self.fields, *(f"{name}{SEALED}" for name in sealed)}
        object.__setattr__(self, "names", frozenset(named))

    def fields_of(self, scale: str, columns: Sequence[str]) -> list[str]:
        """Which of these columns name the person of a row of that scale."""
        return [name for name in columns if self._is_named_by(scale, name)]

    def _is_named_by(self, scale: str, name: str) -> bool:
        if name in self.names:
            return True
        is_people = is_of_people(scale) and name == "id"
        return not self.only and (is_people or self._is_study(scale, name))

    def _is_study(self, scale: str, name: str) -> bool:
        is_place = (scale.casefold(), name) in STUDY_PLACES
        return is_place and bool(self.studies) and name not in self.names

    @property
    def trace(self) -> bytes:
        """Bytes without which no row of a sheet names the person; b"" where there are none."""
        return b"" if '"' in self.value or self.studies else self.value.encode()

    def is_in(self, scale: str, values: Mapping[str, Any]) -> bool:
        """Whether a field of the entry that is not sealed names the person."""
        return any(self._names(scale, n, values[n]) for n in self.fields_of(scale, list(values)))

    def _names(self, scale: str, name: str, value: Any) -> bool:
        if self._is_study(scale, name):
            return text_of(value) in self.studies
        return self.is_meant(value)

    def sealed_in(self, values: Mapping[str, Any]) -> list[Any]:
        """What stands in the sealed fields that may name the person."""
        names = (name for name in values if name in self.names and name.endswith(SEALED))
        return [values[name] for name in names if values[name] is not None]

    def is_meant(self, value: Any) -> bool:
        """Whether a value of an entry is this person's."""
        return text_of(value) == self.value

    def is_cell(self, scale: str, name: str, cell: str) -> bool:
        """Whether a cell of a sheet names the person."""
        return self._names(scale, name, value_of(cell))

    def commitment(self, token: str) -> str:
        """What a certificate shows: only who has token and value can work it out."""
        return hmac.digest(token.encode(), self.value.encode(), "sha256").hex()


def is_of_people(scale: str) -> bool:
    """Whether the rows of the scale are the people themselves."""
    return scale.casefold() == PEOPLE.casefold()


def text_of(value: Any) -> str:
    """A number or a text as text, of an object its id; '' for whatever names nobody."""
    if type(value) is dict:
        value = value.get("id")
    is_number = type(value) is int or type(value) is Digits
    return str(value) if is_number or type(value) is str else ""


def value_of(cell: str) -> Any:
    """What a cell of a sheet shows: an object stands there as JSON."""
    if cell[:1] != "{" or len(cell) > LONGEST_CELL:
        return cell
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell
