"""A codebook as a Frictionless Table Schema (version 2, https://datapackage.org); pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mtdata.toolbox.codebook.labels import as_code
from mtdata.toolbox.codebook.model import Codebook, Variable
from mtdata.toolbox.codebook.site_columns import SITE_COLUMNS, variable_of

PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"
_TYPES = {
    "text": "string",
    "multiple": "array",
    "date": "any",  # as the site writes it: no pattern of the standard holds for every site
    "flag": "boolean",
    "integer": "integer",
    "number": "number",
}


def table_schema(codebook: Codebook | None, columns: Iterable[str] | None = None) -> dict[str, Any]:
    """Fields for these columns in their order; a column that nobody describes is a string.

    Without `columns`: every variable of the codebook, and what every scale may have besides.
    """
    schema: dict[str, Any] = {"$schema": PROFILE}
    if columns is None:
        own = codebook.variables if codebook else {}
        columns = dict.fromkeys([*SITE_COLUMNS, *own])
        schema["fieldsMatch"] = "partial"  # a sheet has not all of what every scale may have
    fields = [_field(column, variable_of(codebook, column)) for column in columns]
    return schema | {"fields": fields, "missingValues": [""]}


def _field(name: str, variable: Variable | None) -> dict[str, Any]:
    if variable is None:
        return {"name": name, "type": "string"}
    kind = _type_of(variable)
    field: dict[str, Any] = {"name": name, "type": kind}
    if variable.wording:
        field["title"] = variable.wording
    notes = [f"in {variable.unit}" if variable.unit else "", variable.note]
    if any(notes):
        field["description"] = "; ".join(note for note in notes if note)
    if kind == "boolean":
        field |= {"trueValues": ["True", "true"], "falseValues": ["False", "false"]}
    if variable.no_answer:
        field["missingValues"] = ["", *variable.no_answer]
    return field | _limits(variable, kind)


def _type_of(variable: Variable) -> str:
    if variable.type != "choice":
        return _TYPES[variable.type]
    if not variable.is_numeric:
        return "string"
    return "integer" if all(code == int(code) for code in variable.codes) else "number"


def _limits(variable: Variable, kind: str) -> dict[str, Any]:
    """What may stand: of a choice each value and its label, of a number its ends."""
    if variable.type == "choice":
        refused = set(variable.no_answer)
        values = {word: label for word, label in variable.values.items() if word not in refused}
        shown = [
            {"value": _value(word, kind), **({"label": label} if label else {})}
            for word, label in values.items()
        ]
        limits: dict[str, Any] = {"constraints": {"enum": [one["value"] for one in shown]}}
        return limits | ({"categories": shown} if kind != "number" else {})
    ends = {"minimum": variable.lowest, "maximum": variable.highest}
    known = {key: as_code(end) for key, end in ends.items() if end is not None}
    return {"constraints": known} if known else {}


def _value(word: str, kind: str) -> int | float | str:
    return word if kind == "string" else as_code(float(word))
