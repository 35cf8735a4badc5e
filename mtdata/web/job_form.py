"""The form of a new job, made from what its kind declares; it knows no kind, and queues nothing.

Where a kind takes ranges, the form has a row for each of several: the first has the parameters' own
names, the next ones `from_2`, `to_2` and on.  Each range is a job with all other fields alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any, NamedTuple

from django import forms
from django.utils.text import capfirst

from mtdata.config import Settings
from mtdata.core.errors import MTDataError
from mtdata.jobs.kind import FIRST_DAY, REQUIRED, Kind, Parameter, Parameters, day
from mtdata.jobs.parameters import MOST_VALUE, Reading, default_of, validate

EVERY, ROWS, MOST_ROWS = ".", "ranges", 20


class FormRow(NamedTuple):
    """The two fields of one range, as they are shown."""

    number: int
    fields: list[forms.BoundField]


def rows_in(given: Mapping[str, str]) -> int:
    """How many ranges a form that was sent has room for."""
    word = given.get(ROWS, "")
    return int(word) if re.fullmatch("[0-9]{1,3}", word) else 1


def without_row(kind: Kind, given: Mapping[str, str], number: int) -> dict[str, str]:
    """What a form was filled with, without that row: those behind it move up."""
    left = {name: given[name] for name in given}
    rows = min(rows_in(given), MOST_ROWS)
    for row in range(max(1, number), rows + 1):
        for name in kind.ranges or ():
            left[_field_name(name, row)] = left.pop(_field_name(name, row + 1), "")
    return left


def with_days(kind: Kind, ours: Settings, given: Mapping[str, str]) -> dict[str, str]:
    """What was sent, each day that can be read as a field of a browser has it."""
    held = dict(given)
    for parameter in kind.parameters:
        for number in range(1, MOST_ROWS + 1) if parameter.read is day else ():
            name = _field_name(parameter.name, number)
            with suppress(ValueError):
                held |= {name: day(ours, held[name])} if name in held else {}
    return held


def with_span(kind: Kind, given: Mapping[str, str], first: date, last: date) -> dict[str, str]:
    """What was sent, with these days in the first row that is empty, else in the last."""
    names, rows = kind.ranges or (), min(max(rows_in(given), 1), MOST_ROWS)
    empty = (row for row in range(1, rows + 1)
             if not any(given.get(_field_name(name, row)) for name in names))  # fmt: skip
    row = next(empty, rows)
    days = {
        _field_name(name, row): day.isoformat()
        for name, day in zip(names, (first, last), strict=True)
    }
    return {**given, **days}


def cut_at(kind: Kind, given: Mapping[str, str], last: date) -> dict[str, str]:
    """What was sent, with no range that goes beyond that day."""
    names = [
        _field_name(name, row) for name in kind.ranges or () for row in range(1, MOST_ROWS + 1)
    ]
    most = last.isoformat()
    return {**given, **{name: min(given[name], most) for name in names if given.get(name)}}


class JobForm(forms.Form):
    """A field a parameter; what is wrong is found by the kind itself, and told at the field."""

    def __init__(
        self,
        kind: Kind,
        ours: Settings,
        *args: Any,
        rows: int = 1,
        turned: bool = False,
        **how: Any,
    ) -> None:
        """`ours` is what it may tell of; `rows` ranges are asked for, the last new (`turned`)."""
        super().__init__(*args, **how)
        self._kind, self._settings = kind, ours
        self._pair = [one for one in kind.parameters if one.name in (kind.ranges or ())]
        self.readings: list[Reading] = []
        self.rows = min(max(rows, 1), MOST_ROWS) if kind.ranges else 1
        for parameter in kind.parameters:
            if parameter.name not in (kind.ranges or ()):
                examples = self._examples(parameter)
                self.fields[parameter.name] = _field(parameter, ours, examples=examples)
        for number in range(1, self.rows + 1) if kind.ranges else ():
            for parameter in self._pair:
                self.fields[_field_name(parameter.name, number)] = _field(parameter, ours, number)
        for name in self._unasked():
            self.fields[name].widget = forms.HiddenInput()
        if turned and kind.ranges:
            begins = self.fields[_field_name(kind.ranges[0], self.rows)]
            begins.widget.attrs["autofocus"] = True

    def _examples(self, parameter: Parameter) -> Sequence[str]:
        today = self._kind.today(self._settings, {})
        days = [(today - timedelta(days=many)).isoformat() for many in parameter.days_ago]
        return [*parameter.examples, *days]

    def _unasked(self) -> list[str]:
        """What is no question: the account where there is but one, and what a note asks for."""
        accounts = [one for one in self._kind.parameters if one.name == self._kind.account]
        single = [one.name for one in accounts
                  if one.choices and len(one.choices(self._settings)) == 1]  # fmt: skip
        return [*single, *filter(None, [self._kind.settling])]

    # as it is shown

    @property
    def shared(self) -> list[forms.BoundField]:
        """The fields of no range."""
        in_rows = {field.name for row in self.ranges() for field in row.fields}
        return [field for field in self if field.name not in in_rows and not field.is_hidden]

    def ranges(self) -> Iterator[FormRow]:
        """The rows of ranges; none where the kind has no ranges."""
        for number in range(1, self.rows + 1) if self._kind.ranges else ():
            yield FormRow(number, [self[_field_name(one.name, number)] for one in self._pair])

    @property
    def may_grow(self) -> bool:
        """Whether there may be one range more."""
        return bool(self._kind.ranges) and self.rows < MOST_ROWS

    # as it was sent

    def _numbered(self) -> Iterator[tuple[int, dict[str, str]]]:
        """What was filled in for each job, by the number of its row.

        An empty field is left to its default; an empty row counts only where no other is filled.
        """
        words = {name: word for name, word in self.cleaned_data.items() if word != ""}
        names = self._kind.ranges or ()
        shared = {one.name: words[one.name] for one in self._kind.parameters
                  if one.name not in names and one.name in words}  # fmt: skip
        filled = [number for number in range(1, self.rows + 1)
                  if any(_field_name(name, number) in words for name in names)]  # fmt: skip
        for number in filled or [1]:
            at = {name: words.get(_field_name(name, number), "") for name in names}
            yield number, shared | {name: word for name, word in at.items() if word}

    def clean(self) -> None:
        """Every fault of every field at once; what was read is what will be queued."""
        taken: list[tuple[int, Parameters]] = []
        for number, given in self._numbered():
            found = validate(self._kind, self._settings, given)
            self.readings.append(found)
            for name, why in found.faults.items():
                self._tell(name, number, why)
            if not found.faults and self._kind.ranges:
                self._look_for_overlap(taken, number, found.parameters)
                taken.append((number, found.parameters))

    def _tell(self, name: str, number: int, why: str) -> None:
        ranges = self._kind.ranges or ()
        if ranges and not name:
            name = ranges[0]  # a fault of the range as a whole
        at = _field_name(name, number) if name in ranges else name
        if at in self.fields and self.fields[at].widget.is_hidden:
            at, why = "", f"{name}: {why}"
        if at not in self.errors:
            self.add_error(at or None, f"{capfirst(why)}.")

    def _look_for_overlap(
        self, taken: list[tuple[int, Parameters]], number: int, asked: Parameters
    ) -> None:
        """A day that two ranges have would be taken twice."""
        first, last = self._kind.ranges or ("", "")
        for other, known in taken:
            if asked[first] <= known[last] and known[first] <= asked[last]:
                day = max(asked[first], known[first])
                self._tell(first, number, f"{day} is in range {other} already")
                return


def _field_name(name: str, number: int) -> str:
    return name if number == 1 else f"{name}_{number}"


def _field(
    parameter: Parameter, ours: Settings, number: int = 1, examples: Sequence[str] = ()
) -> forms.Field:
    needed, initial = parameter.default is REQUIRED, ""
    if not needed:
        with suppress(MTDataError):  # the form says so when it is sent
            initial = form_text(default_of(parameter, ours))
    field = forms.CharField(
        required=False,  # the kind says it in its own words
        label=capfirst(parameter.name.replace("_", " ")),
        help_text=f"Allowed: {parameter.allowed}.",
        initial=initial,
    )
    # a row behind the first may be left empty as a whole
    field.is_needed, field.examples = needed, examples
    must = {"required": True} if needed and number == 1 else {}
    attributes = {"autocomplete": "off"} | must
    if parameter.choices is not None:
        choices = parameter.choices(ours)
        offered = [(one, f"{one} (every one)" if one == EVERY else one) for one in choices]
        field.widget = forms.Select(attributes, [] if not needed else [("", "choose")])
        field.widget.choices += offered
        why = parameter.allowed.partition(": ")[2]  # what may be chosen is seen
        field.help_text = f"{capfirst(why)}." if why else ""
        return field
    kind = "date" if parameter.read is day else "text"
    if kind == "date":
        field.help_text = f"Where there is no calendar to choose from: {parameter.allowed}."
        attributes |= {"min": FIRST_DAY.isoformat()}
    more = {"list": f"examples_{parameter.name}"} if examples else {}
    field.widget = forms.TextInput(
        attributes | more | {"type": kind} | ({"maxlength": MOST_VALUE} if kind == "text" else {})
    )
    return field


def form_text(value: Any) -> str:
    """A kept value as it may be given again."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)
