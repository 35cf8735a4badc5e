"""What goes into the API, typed and described; it decides nothing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from mtdata.jobs.parameters import MOST_VALUE
from mtdata.web.api.cursors import MomentCursor, NameCursor, NumberCursor, PairCursor

ANY: Literal["any"] = "any"
MOST_PAGE, MOST_SIZE, MOST_CURSOR, MOST_PARAMETERS = 1_000_000, 200, 2**63 - 1, 64
NO_NUL = r"^[^\x00]*$"
Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]
Value = Annotated[str, StringConstraints(max_length=MOST_VALUE, pattern=NO_NUL)]
Word = Literal["any", "Queued", "In Progress", "Stopping", "Success", "Failed", "Stopped"]


def _example(value: Any) -> dict[str, Any]:
    return {"example": value}


KindWanted = Annotated[
    str, Field(max_length=64, pattern=NO_NUL, json_schema_extra=_example("study.export"))
]
WordsWanted = Annotated[
    str, Field(max_length=128, pattern=NO_NUL, description="A part of the name, in any case.")
]
OwnerWanted = Annotated[
    str,
    Field(
        max_length=150,
        pattern=NO_NUL,
        description="Whose: who asks, or an owner of jobs that they see.",
        json_schema_extra=_example("anna"),
    ),
]


class Wanted(Schema):
    """A page of a list."""

    page: int = Field(1, ge=1, le=MOST_PAGE, json_schema_extra=_example(1))
    size: int = Field(50, ge=1, le=MOST_SIZE, json_schema_extra=_example(50))


class NamesWanted(Wanted):
    """Which of what is listed by name."""

    cursor: NameCursor = ""


class PartsWanted(Wanted):
    """Which parts."""

    cursor: NumberCursor = ""


class IncidentsWanted(Wanted):
    """Which incidents."""

    cursor: PairCursor = ""


class JobsWanted(Wanted):
    """Which jobs."""

    cursor: MomentCursor = ""
    status: Word = Field(ANY, json_schema_extra=_example("Failed"))
    kind: KindWanted = ""
    words: WordsWanted = ""
    owner: OwnerWanted = ""


class These(Schema):
    """Which of the jobs that have not ended."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["any", "Queued", "In Progress"] = Field(
        ANY, json_schema_extra=_example("Queued")
    )
    kind: KindWanted = ""
    words: WordsWanted = ""
    owner: OwnerWanted = ""


class EventsWanted(Schema):
    """Events behind one that is known."""

    cursor: int = Field(
        0, ge=0, le=MOST_CURSOR, description="`next` of the answer before; 0: from the first on."
    )
    size: int = Field(100, ge=1, le=MOST_SIZE)


class OrderShape(Schema):
    """A job to be queued."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"kind": "study.decode", "parameters": {"server": "study"}}]
        },
    )

    kind: Name = Field(description="One of `GET /api/v1/kinds`.")
    parameters: dict[Name, Value] = Field(
        default_factory=dict,
        max_length=MOST_PARAMETERS,
        description="By name; each value as one would write it behind NAME= on the command line.",
    )
