"""What the web shows of one duty alone, as the table of duties names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from mtdata.alerts.incident import Incident
from mtdata.config import Settings
from mtdata.jobs.duty import Duties
from mtdata.jobs.records.models import Job
from mtdata.web.api.operation import Operation
from mtdata.web.route import Route


class Need(NamedTuple):
    """Something that somebody has to see to, and where that is done."""

    level: str  # bad or warn
    title: str
    told: str
    to: str
    action: str


class Card(NamedTuple):
    """What the overview shows of a duty: a template, and what it is given as `card.shown`."""

    template: str
    shown: dict[str, Any]
    needs: Sequence[Need] = ()


class JobSubject(NamedTuple):
    """What a job is about, in words, and the page of it."""

    words: str
    to: str


class JobCard(NamedTuple):
    """What the page of a job shows of its kind alone; `left` rows would be taken back.

    `left` is None where that is told by the rows of its parts.
    """

    template: str
    shown: dict[str, Any]
    left: int | None = None


KnownIncidents = Callable[[Settings], Mapping[str, Sequence[Incident]]]


def _no_cards(settings: Settings) -> list[Card]:
    return []


def _no_subject(settings: Settings, kind: str, parameters: Mapping[str, Any]) -> None:
    return None


class WebRoom(NamedTuple):
    """The pages, operations of the API and cards of a duty."""

    routes: tuple[Route, ...] = ()
    nav: tuple[tuple[str, str], ...] = ()  # words in the header, and the name of their route
    operations: tuple[Operation, ...] = ()
    cards: Callable[[Settings], list[Card]] = _no_cards
    job_card: Callable[[Job], JobCard | None] = lambda job: None
    # open ones by site, as far as a look of a moment ago found them: no ledger is opened twice
    known_incidents: KnownIncidents = lambda settings: {}
    forget: Callable[[], None] = lambda: None  # something was changed here: look anew
    is_used: Callable[[Settings], bool] = lambda settings: True  # else no word in the header
    # the page of what a job of that kind and these parameters is about; None: not one of ours
    job_subject: Callable[[Settings, str, Mapping[str, Any]], JobSubject | None] = _no_subject


def subject_of(
    duties: Duties, settings: Settings, kind: str, parameters: Mapping[str, Any]
) -> JobSubject | None:
    """The page of what a job is about, of whatever duty that is."""
    found = (room.job_subject(settings, kind, parameters) for room in rooms_of(duties))
    return next((one for one in found if one), None)


def rooms_of(duties: Duties) -> list[WebRoom]:
    """Those of the duties that have one, in the order of the table."""
    return [import_module(f"mtdata.web.{duty.pages}.room").ROOM for duty in duties if duty.pages]
