"""What a duty brings to the program: one entry of the table in `mtdata.duties`; it carries nothing.

Each duty fills in a `Duty` in a folder of its own; commands, daemon, pages and checks read the
table and know none by name.  An entry is loaded with every command, `--help` among them, so
whatever works is imported by its functions when they are called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Protocol

from mtdata.core.checks import PROGRAM, Finding
from mtdata.core.errors import ConfigError, UsageError
from mtdata.core.words import did_you_mean

if TYPE_CHECKING:  # what carries something loads them
    from datetime import datetime
    from pathlib import Path

    from mtdata.alerts.ledgers import IncidentLedger, IncidentLedgers
    from mtdata.config import Settings
    from mtdata.core.keeping import Growing
    from mtdata.core.metrics import MetricsPage
    from mtdata.core.output import Output
    from mtdata.core.plugins import PluginTable
    from mtdata.jobs.daily_reports import DailyReports
    from mtdata.jobs.kind import Kind, Kinds
    from mtdata.jobs.rounds import Rounds

LINK_S = 3600
"""So long a signed link gives its file to whoever has it."""
KIND_NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}\.[a-z][a-z0-9_-]{0,31}", re.ASCII)


class LookAtOne(Protocol):
    """Looks at one of those that a duty has, asking it too."""

    def __call__(self, settings: Settings, name: str, *, is_named: bool) -> list[Finding]:
        """Findings about one name; `is_named`: somebody asked for it."""
        ...


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
    # what the config alone says of these names: no file is opened, nobody is asked
    offline: Callable[[Settings, Sequence[str]], list[Finding]] = lambda settings, names: []
    # whose folders are, and what is due; both ask nobody
    folders: Callable[[Settings], list[Finding]] = lambda settings: []
    plans: Callable[[Settings], list[Finding]] = lambda settings: []


class IsAccepted(Protocol):
    """Whether an instance that the config has accounts at lets somebody in."""

    def __call__(
        self, settings: Settings, domain: str, email: str, password: str, *, known: bool
    ) -> bool:
        """MTDataError when it cannot be asked; whom it is `known` to let in has turns apart."""
        ...


class ForeignLogIn(NamedTuple):
    """Log-in by an account of somebody else's service, for guests of the web page.

    Such a guest gets at the jobs of the accounts that the config has at one instance of it.
    `title` is what people call the service; `accounts` are those of the config, by name.
    """

    title: str
    accounts: Callable[[Settings], Sequence[str]]
    narrowed: Callable[[Settings, str], Settings]  # with the accounts at that domain alone
    is_accepted: IsAccepted

    def accounts_at(self, settings: Settings, domain: str) -> Sequence[str]:
        """The accounts at the instance of that domain; none for one that is not configured."""
        return self.accounts(self.narrowed(settings, domain))


class PlacedFile(NamedTuple):
    """A file by its `name` in the output of an account, which `open` opens with its keys."""

    account: str
    name: str
    open: Callable[[], Output]


def signed_link(file: PlacedFile) -> str | None:
    """An address that gives the file to anybody for LINK_S; None where none can be made.

    Nobody proves what the store then gives: the page does that (`web/downloads/fetching.py`).
    """
    with closing(file.open()) as output:
        return output.link(file.name, "attachment", LINK_S)


def no_ledgers(settings: Settings) -> IncidentLedgers:
    """Of a duty that has no sites with incidents of their own."""
    return {}


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty; the first word of its kinds' names (`word.verb`) is no other duty's."""

    name: str
    kinds: Callable[[], Kinds]
    config_files: tuple[str, ...]
    checks: Checks
    about: str = ""  # what it does, in a line for who never saw it
    to_edit: str = ""  # of its first config file, before the first example can be called
    examples: tuple[tuple[str, str], ...] = ()  # commands, and what each does; the first is first
    # rooms of mtdata/cli with the commands of this duty alone: those that carry, those that look
    commands: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    demo: str = ""  # the room of mtdata/demo whose DEMO shows it, '' for none
    incident_ledgers: Callable[[Settings], IncidentLedgers] = no_ledgers
    rounds: Callable[[], Rounds[Any]] | None = None
    daily: Callable[[], DailyReports] | None = None
    log_in: ForeignLogIn | None = None
    metrics: Callable[[Settings, MetricsPage], None] = lambda settings, page: None
    pages: str = ""  # the room of mtdata/web whose ROOM has what only this duty shows
    # a file at that place, if one of the duty's accounts has its output there
    placed_file: Callable[[Settings, str], PlacedFile | None] = lambda settings, place: None
    # enters in its ledgers that the state folder there, unnamed yet, is put back from a backup
    put_back: Callable[[Path, str, datetime], None] = lambda state, told, now: None
    # what of it grows with time, beside jobs and incidents; and in the records, once they are open
    growing: Callable[[Settings], Iterable[Growing]] = lambda settings: ()
    growing_records: Callable[[Settings], Iterable[Growing]] = lambda settings: ()
    # its tables that plug-ins of somebody else may add to
    plugins: Callable[[], Sequence[PluginTable[Any]]] = tuple


Duties = Sequence[Duty]


class KindsOf(Mapping[str, "Kind"]):
    """The kinds of jobs of all duties, loaded when somebody first asks for one.

    `others` are those that plug-ins of somebody else bring, by the group "mtdata.job_kinds": a
    name and a Kind of that name, whose first word is no duty's of ours.
    """

    def __init__(self, duties: Duties) -> None:
        self._duties = duties

    @cached_property
    def others(self) -> PluginTable[Kind]:
        """Those of plug-ins."""
        from mtdata.core.plugins import PluginTable  # only those need it who have jobs

        what, refusal = "kind of job", _kind_refusal
        return PluginTable("mtdata.job_kinds", what, KIND_NAME, self._has_own_word, refusal)

    @cached_property
    def _own_kinds(self) -> dict[str, Kind]:
        return {name: kind for duty in self._duties for name, kind in duty.kinds().items()}

    def _has_own_word(self, name: str) -> bool:
        words = {one.partition(".")[0] for one in self._own_kinds}
        words |= {duty.name for duty in self._duties}
        return name.partition(".")[0] in words

    @cached_property
    def _loaded(self) -> dict[str, Kind]:
        return {**self._own_kinds, **self.others.load_all()}

    def __getitem__(self, name: str) -> Kind:
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded)

    def __len__(self) -> int:
        return len(self._loaded)


def _kind_refusal(name: str, made: object) -> str:
    """What is wrong with a kind that a plug-in brings; '' for nothing."""
    from mtdata.jobs.kind import Kind, Parameter  # whoever looks for a kind loads it all the same

    if not isinstance(made, Kind):
        return "what it leads to is no mtdata.jobs.kind.Kind"
    if made.name != name:
        return "the Kind there has another name"
    if made.page:
        return "it names a page, and only duties of mtdata have pages of their own"
    acts = [made.split, made.run, made.base, made.check, made.key]
    acts += [act for act in (made.undo, made.close) if act is not None]
    is_sound = all(isinstance(one, Parameter) for one in made.parameters)
    if is_sound and all(map(callable, acts)):
        return ""
    return "the Kind there has parameters or functions that are none"


_TWICE = "another duty has a site called {} as well; give each a name of its own"


def check_site_names(duties: Duties, settings: Settings) -> list[Finding]:
    """A finding for each name that sites of two duties have: their incidents would be one."""
    known: set[str] = set()
    found = []
    for duty in duties:
        names = set(() if duty.incident_ledgers is no_ledgers else duty.checks.names(settings))
        files, code = ", ".join(duty.config_files), ConfigError.exit_code
        twice = sorted(known & names)
        found += [Finding(one, files, "bad", _TWICE.format(one), code) for one in twice]
        known |= names
    return found


def refuse_shared_names(duties: Duties, settings: Settings) -> None:
    """ConfigError where sites of two duties have one name: rounds and news would mix them up."""
    for one in check_site_names(duties, settings):
        raise ConfigError(f"{one.what}: {one.told}")


def refuse_unknown(word: str, known: Iterable[str]) -> NoReturn:
    """UsageError for a name that no duty has; `known` are those that there are."""
    names = list(known)
    raise UsageError(
        f"the config has no site named {ascii(word)[:80]}; it has {', '.join(names) or 'none'}."
        f"{did_you_mean(word, names)}"
    )


def ledgers_of(duties: Duties, settings: Settings) -> IncidentLedgers:
    """The ledger of incidents of every site.  ConfigError for a name of two sites."""
    found: dict[str, IncidentLedger] = {}
    for duty in duties:
        ledgers = duty.incident_ledgers(settings)
        if twice := sorted(found.keys() & ledgers.keys()):
            raise ConfigError(f"{', '.join(duty.config_files)}: {_TWICE.format(twice[0])}")
        found |= ledgers
    return found


def all_ledgers(duties: Duties, settings: Settings) -> IncidentLedgers:
    """The ledger of every site, and that of the program last."""
    from mtdata.alerts.notify import ProgramLedger  # with all that sends news

    return {**ledgers_of(duties, settings), PROGRAM: ProgramLedger(settings)}


def daily_of(duties: Duties) -> list[DailyReports]:
    """What is queued every day."""
    return [duty.daily() for duty in duties if duty.daily]


def placed_file(duties: Duties, settings: Settings, place: str) -> PlacedFile | None:
    """The file at that place, of whatever duty's output that is; the inner one of two."""
    found = [one for duty in duties if (one := duty.placed_file(settings, place))]
    return min(found, key=lambda one: len(one.name), default=None)
