"""What a duty brings to the program: one entry of the table in `mtdata.duties`; it does nothing.

Each duty fills in a `Duty` in a folder of its own; commands, daemon, pages and checks read the
table and know none by name.  An entry is loaded with every command, so what is heavy is imported
by its functions when they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from mtdata.config import Settings
from mtdata.core.checks import Finding
from mtdata.core.sqlite import LedgerDatabase
from mtdata.jobs.daily_reports import DailyReports
from mtdata.jobs.foreign import ForeignLogIn
from mtdata.jobs.kind import Kind, Kinds
from mtdata.jobs.outputs import PlacedFile
from mtdata.jobs.rounds import Rounds


class LookAtOne(Protocol):
    """Looks at one of those that a duty has, asking it too."""

    def __call__(self, settings: Settings, name: str, *, is_named: bool) -> list[Finding]:
        """Findings about one name; `is_named`: somebody asked for it."""
        ...


def _no_findings(settings: Settings) -> list[Finding]:
    return []


class Checks(NamedTuple):
    """What `mtdata check` looks at of a duty; nothing of it changes anything.

    `whose`, `example` and `told` are words of its help.
    """

    whose: str
    example: tuple[str, str]  # a command, and what it does
    names: Callable[[Settings], Sequence[str]]  # what a NAME on the command line may mean
    look: LookAtOne
    told: str = ""
    needs_state: bool = False  # its trials leave files in state/, so not where that is another's
    folders: Callable[[Settings], list[Finding]] = _no_findings  # whose they are, asking nobody
    plans: Callable[[Settings], list[Finding]] = _no_findings  # what is due, asking nobody


IncidentLedgers = Mapping[str, Callable[[], LedgerDatabase]]
"""By the name of whose they are; each is opened by being called."""


def _no_ledgers(settings: Settings) -> IncidentLedgers:
    return {}


def _not_placed(settings: Settings, place: str) -> PlacedFile | None:
    return None


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty: its name begins the names of its kinds of jobs (`name.verb`)."""

    name: str
    kinds: Callable[[], Kinds]
    config_files: tuple[str, ...]
    checks: Checks
    # rooms of mtdata/cli with the commands of this duty alone: those that carry, those that look
    commands: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    demo: str = ""  # the room of mtdata/demo whose DEMO shows it, '' for none
    # StorageError where one is hidden from us
    incident_ledgers: Callable[[Settings], IncidentLedgers] = _no_ledgers
    rounds: Rounds[Any] | None = None
    daily: DailyReports | None = None
    log_in: ForeignLogIn | None = None
    pages: tuple[str, ...] = ()  # rooms of mtdata/web/pages with the ROUTES of this duty alone
    # a file at that place, if one of the duty's accounts has its output there
    placed_file: Callable[[Settings, str], PlacedFile | None] = _not_placed


Duties = Sequence[Duty]


class KindsOf(Mapping[str, Kind]):
    """The kinds of jobs of all duties, loaded when somebody first asks for one."""

    def __init__(self, duties: Duties) -> None:
        self._duties = duties
        self._found: dict[str, Kind] | None = None

    def _loaded(self) -> dict[str, Kind]:
        if self._found is None:
            self._found = {name: one for duty in self._duties for name, one in duty.kinds().items()}
        return self._found

    def __getitem__(self, name: str) -> Kind:
        return self._loaded()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded())

    def __len__(self) -> int:
        return len(self._loaded())


def ledgers_of(duties: Duties, settings: Settings) -> IncidentLedgers:
    """Every ledger of incidents that is there.  StorageError where one is hidden from us."""
    found = (duty.incident_ledgers(settings) for duty in duties)
    return {name: opened for ledgers in found for name, opened in ledgers.items()}


def daily_of(duties: Duties) -> list[DailyReports]:
    """What is queued every day."""
    return [duty.daily for duty in duties if duty.daily]


def placed_file(duties: Duties, settings: Settings, place: str) -> PlacedFile | None:
    """The file at that place, of whatever duty's output that is."""
    found = (duty.placed_file(settings, place) for duty in duties)
    return next((one for one in found if one), None)
