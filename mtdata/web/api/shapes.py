"""What comes out of the API, typed and described; it decides nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import ConfigDict, Field

from mtdata.jobs.states import Stage, Status


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
    name: str = Field(description="The name that was sent, such as `parameters.from`.")


class AbsentShape(Schema):
    """What stands for something that was never made; `absent` says why."""

    model_config = ConfigDict(extra="forbid")

    absent: str


class FaultyShape(Schema):
    """What stands for something that cannot be read; `fault` says why."""

    model_config = ConfigDict(extra="forbid")

    fault: str


class Paging(Schema):
    """Which page it is of how many, and how many there are on all of them."""

    total: int
    page: int
    pages: int
    next: str | None = Field(None, description="The cursor to go on with; null: that was all.")


class BoundedPaging(Paging):
    """A page of rows that are counted to a bound."""

    is_least: bool = Field(
        default=False,
        description="There are more than `total`, which are the most that are counted; `next` "
        "goes on behind them.",
    )


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


class Kinds(Paging):
    """A page of kinds."""

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


class Jobs(BoundedPaging):
    """A page of jobs."""

    jobs: list[JobLine]


class ArtifactShape(Schema):
    """What a job made: a file (`path`) or an object in a store (`url`)."""

    number: int
    name: str
    path: str | None = None
    url: str | None = None
    rows: int | None
    size: int | None
    sha256: str
    download: str | None = Field(
        description="Its address here, for a token of an operator; null: it opens nothing."
    )
    open_until: datetime | None = Field(description="Until when that is open; it can be renewed.")
    closed: str = Field(description="Why it opens nothing; empty when it does.")


class Artifacts(Schema):
    """What a job made."""

    artifacts: list[ArtifactShape]


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
    zip: str | None = Field(description="The address of all of these as one; null: there is none.")
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


class Parts(BoundedPaging):
    """A page of parts."""

    parts: list[PartShape]
