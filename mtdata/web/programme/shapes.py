"""What comes into and goes out of the API of programme data, typed and described."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, WithJsonSchema

from mtdata.programme.columns import FORM, GENDERS

MOST = 1000
_TEXT, _FLAG, _DEGREES = {"type": "string"}, {"type": "boolean"}, {"type": "number"}
_SORTS: dict[str, dict[str, Any]] = {
    "timestamp": {**_TEXT, "description": "ISO 8601; without an offset it is of TIMEZONE."},
    "user": {**_TEXT, "minLength": 1, "maxLength": 500},
    "name": {**_TEXT, "minLength": 1, "maxLength": 500},
    "gender_of_respondent": {**_TEXT, "enum": list(GENDERS)},
    "reading_books": _FLAG,
    "listening_music": _FLAG,
    "mobile_no": {**_TEXT, "maxLength": 15},
    "record_latitude": {**_DEGREES, "minimum": -90, "maximum": 90, "multipleOf": 1e-6},
    "record_longitude": {**_DEGREES, "minimum": -180, "maximum": 180, "multipleOf": 1e-6},
}
EXAMPLE = {
    "timestamp": "2020-05-15T14:30:00+02:00",
    "user": "anna",
    "name": "A. Nonymous",
    "gender_of_respondent": "Other",
    "reading_books": True,
    "listening_music": False,
    "mobile_no": "",
    "record_latitude": 52.520008,
    "record_longitude": 13.404954,
}
ROW = {
    "type": "object",
    "title": "FormResponse",
    "description": "By the columns of the CSV file; whatever a cell of that may hold is taken too.",
    "properties": _SORTS,
    "required": [column.headers[0] for column in FORM if column.is_needed],
    "additionalProperties": False,
    "example": EXAMPLE,
}
FormRows = Annotated[
    Any,
    WithJsonSchema(
        {"oneOf": [ROW, {"type": "array", "items": ROW, "minItems": 1, "maxItems": MOST}]}
    ),
]
"""One form response or a list of them; `reading` says what is wrong with each."""


class AddedForms(Schema):
    """How many were entered; nothing of what they say."""

    added: int


YesNo = Literal["no", "yes"]


class FormsImportWanted(Schema):
    """How a file of form responses is to be brought in."""

    good_rows: YesNo = Field("no", description="Leave out rows that are wrong.")
    again: YesNo = Field("no", description="Even if this very file was imported.")


class TeamsImportWanted(FormsImportWanted):
    """How a file of teams is to be brought in."""

    duplicates: Literal["skip", "update", "fail"] = Field(
        "skip", description="What to do with a name that is there."
    )
