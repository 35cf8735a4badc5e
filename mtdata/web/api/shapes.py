"""What goes in and comes out of the API, typed and described; it decides nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from mtdata.jobs.parameters import MOST_VALUE
from mtdata.jobs.states import Stage, Status

ANY: Literal["any"] = "any"
MOST_PAGE, MOST_SIZE, MOST_CURSOR, MOST_PARAMETERS = 1_000_000, 200, 2**63 - 1, 64
NO_NUL = r"^[^\x00]*$"
Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]
Value = Annotated[str, StringConstraints(max_length=MOST_VALUE, pattern=NO_NUL)]
Word = Literal["any", "Queued", "In Progress", "Stopping", "Success", "Failed", "Stopped"]


def _example(value: Any) -> dict[str, Any]:
    return {"example": value}


class Problem(Schema):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FaultShape] | None = None


class FaultShape(Schema):
    """A field that is not as it has to be; what it held is not told."""

    field: str
    fault: str


# --- what is asked for


class Wanted(Schema):
    """A page of a list."""

    page: int = Field(1, ge=1, le=MOST_PAGE, json_schema_extra=_example(1))
    size: int = Field(50, ge=1, le=MOST_SIZE, json_schema_extra=_example(50))


class JobsWanted(Wanted):
    """Which jobs."""

    status: Word = Field(ANY, json_schema_extra=_example("Failed"))
    kind: str = Field("", max_length=64, pattern=NO_NUL, json_schema_extra=_example("study.export"))
    words: str = Field(
        "", max_length=128, pattern=NO_NUL, description="A part of the name, in any case."
    )
    owner: str = Field("", max_length=150, pattern=NO_NUL, json_schema_extra=_example("anna"))


class These(Schema):
    """Which of the jobs that have not ended."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["any", "Queued", "In Progress"] = Field(
        ANY, json_schema_extra=_example("Queued")
    )
    kind: str = Field("", max_length=64, pattern=NO_NUL, json_schema_extra=_example("study.export"))
    words: str = Field(
        "", max_length=128, pattern=NO_NUL, description="A part of the name, in any case."
    )
    owner: str = Field("", max_length=150, pattern=NO_NUL, json_schema_extra=_example("anna"))


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

    kind: Name = Field(description="One of `GET /api/kinds`.")
    parameters: dict[Name, Value] = Field(
        default_factory=dict,
        max_length=MOST_PARAMETERS,
        description="By name; each value as one would write it behind NAME= on the command line.",
    )


# --- what comes out


class Paging(Schema):
    """Which page it is of how many, and how many there are on all of them."""

    total: int
    page: int
    pages: int


def paging(total: int, wanted: Wanted) -> dict[str, int]:
    """What stands beside a page."""
    return {"total": total, "page": wanted.page, "pages": max(1, -(-total // wanted.size))}


class Me(Schema):
    """Who asks."""

    user: str
    role: str
    scope: str | None


class KindParameter(Schema):
    """A parameter of a kind; `allowed` says in words what it takes, `choices` all there is."""

    name: str
    allowed: str
    required: bool
    default: Any
    choices: list[str] | None
    examples: list[str]


class KindShape(Schema):
    """A kind of job."""

    name: str
    about: str
    parameters: list[KindParameter]
    can_undo: bool


class Kinds(Schema):
    """Every kind."""

    kinds: list[KindShape]


class JobBrief(Schema):
    """A job in one line."""

    id: str
    name: str
    kind: str
    status: Status


class Ordered(JobBrief):
    """A job after an order; the note says when nothing was changed."""

    attempt: int
    note: str


class StoppedJobs(Schema):
    """The jobs that were stopped."""

    stopped: int
    jobs: list[JobBrief]


class Done(Schema):
    """Parts of the work."""

    done: int
    total: int


class JobLine(JobBrief):
    """A job in a list."""

    owner: str
    attempt: int
    reason: str
    created_at: datetime
    not_before: datetime | None = Field(
        None, description="Until when it waits, Queued and holding nothing; `reason` says why."
    )
    started_at: datetime | None
    ended_at: datetime | None
    parts: Done
    rows: int


class Jobs(Paging):
    """A page of jobs."""

    jobs: list[JobLine]


class ArtifactShape(Schema):
    """What a job made: a file (`path`) or an object in a store (`url`)."""

    name: str
    path: str | None = None
    url: str | None = None
    rows: int | None
    size: int | None
    sha256: str


class Happened(Schema):
    """One line of what happened."""

    at: datetime
    level: str
    text: str


class EventShape(Happened):
    """One line of what happened, with its place in the list."""

    cursor: int


class Events(Schema):
    """Events, the oldest first; `next` is the cursor to go on with."""

    events: list[EventShape]
    next: int


class Running(Schema):
    """A part that is carried now, and how long ago it gave a sign of life."""

    number: int
    name: str
    stage: Stage
    rows: int
    expected: int | None
    step: str
    runner: str | None
    silent_s: float | None


class JobShape(JobLine):
    """A job as a whole; how much of it is done (of 1), how fast it goes, what is left in seconds.

    What cannot be known is null.
    """

    parameters: dict[str, Any]
    artifacts: list[ArtifactShape]
    events: list[Happened]
    share: float
    rows_per_s: float | None
    left_s: float | None
    silent_s: float | None
    running: list[Running]


class PartShape(Schema):
    """A part of a job."""

    number: int
    name: str
    stage: Stage
    status: Status
    attempt: int
    lost: int
    rows: int
    expected: int | None
    step: str
    reason: str
    started_at: datetime | None
    ended_at: datetime | None


class Parts(Paging):
    """A page of parts."""

    parts: list[PartShape]
