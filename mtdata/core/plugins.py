"""What plug-ins of somebody else add to our tables, by their entry points; none runs unasked.

A plug-in that cannot be used, whatever it throws, is named and left out, and the rest goes on.  A
name that is ours, or that two plug-ins bring, is nobody's.  Who trusts a plug-in says so by
installing it beside this program: no path, variable or config file adds one.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from functools import cache, partial
from threading import RLock
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast

from mtdata.core.checks import Finding, of_program
from mtdata.core.errors import ConfigError, Stopped

if TYPE_CHECKING:  # the library takes its time
    from importlib.metadata import Distribution, EntryPoint

log = logging.getLogger(__name__)
Made = TypeVar("Made")
Found = TypeVar("Found")
PREFIX = "mtdata."
"""What the name of each group begins with."""
SCHEME = re.compile(r"[a-z][a-z0-9+-]{0,20}", re.ASCII)
"""A name in a table that goes by the scheme of a URL."""
CHECKED = "plug-ins"
UNREADABLE = "what it brings cannot be read"
_WORD = re.compile(r"[A-Za-z0-9_.+-]{1,80}", re.ASCII)
_ALONE = RLock()  # one plug-in at a time is loaded, and by one thread


class EntryLine(NamedTuple):
    """One entry point: for which table, under which name, and of which plug-in."""

    group: str
    name: str
    plugin: str  # its name and version
    entry: EntryPoint


class LeftOut(NamedTuple):
    """Why something is not used; no word of what it threw, which could quote a secret."""

    why: str


class PluginFinding(NamedTuple):
    """One entry point as `mtdata check` tells of it; `fault` is '' where it can be used."""

    plugin: str
    what: str
    fault: str


class EntryLines(NamedTuple):
    """Every entry point of our groups, and the plug-ins that cannot be read."""

    lines: tuple[EntryLine, ...]
    unreadable: tuple[str, ...]


class PluginTable(Generic[Made]):
    """What other plug-ins add to one table, by name; each is loaded when it is first asked for."""

    def __init__(
        self,
        group: str,
        what: str,
        names: re.Pattern[str],
        is_ours: Callable[[str], bool],
        refusal: Callable[[str, object], str] = lambda name, made: "",
    ) -> None:
        """`what` it is a table of, in words; `names` those allowed there.

        `is_ours` tells of a name whether this program has it; `refusal` what is wrong with a thing
        that was loaded, '' for nothing.
        """
        self.group, self.what = group, what
        self._names, self._is_ours, self._refusal = names, is_ours, refusal
        self._loaded: dict[tuple[EntryLine, ...], Made | LeftOut] = {}

    def names(self) -> list[str]:
        """Those that may be asked for, sorted; nothing is loaded for it."""
        return sorted(name for name, lines in self._lines().items() if not self._is_out(lines))

    def has(self, name: str) -> bool:
        """Whether a plug-in brings that name, to be used or not; nothing is loaded for it."""
        return name in self._lines()

    def load(self, name: str) -> Made:
        """What stands under that name.  ConfigError where there is none, or it is left out."""
        lines = self._lines().get(name)
        if not lines:
            raise ConfigError(f"no plug-in brings a {self.what} {name!a}")
        found = self._loaded_of(lines)
        if isinstance(found, LeftOut):
            raise ConfigError(
                f"the {self.what} {name!a} of {_named(lines)} cannot be used: {found.why}. Mend, "
                "update or uninstall that plug-in; everything else goes on without it"
            )
        return found

    def load_all(self) -> dict[str, Made]:
        """Everything that can be loaded, by name; what cannot is told in the log, once."""
        made = {name: self._loaded_of(lines) for name, lines in sorted(self._lines().items())}
        return {name: one for name, one in made.items() if not isinstance(one, LeftOut)}

    def findings(self) -> Iterator[PluginFinding]:
        """Each entry point of the table, and what is wrong with it; all are loaded for it."""
        for name, lines in sorted(self._lines().items()):
            made = self._loaded_of(lines)
            for line in lines:
                fault = made.why if isinstance(made, LeftOut) else ""
                yield PluginFinding(line.plugin, f"{self.what} {_printable(name)}", fault)

    def _lines(self) -> dict[str, tuple[EntryLine, ...]]:
        found: dict[str, tuple[EntryLine, ...]] = {}
        for line in entry_lines().lines:
            if line.group == self.group:
                found[line.name] = (*found.get(line.name, ()), line)
        return found

    def _is_out(self, lines: tuple[EntryLine, ...]) -> bool:
        return bool(self._unfit(lines)) or isinstance(self._loaded.get(lines), LeftOut)

    def _loaded_of(self, lines: tuple[EntryLine, ...]) -> Made | LeftOut:
        """What they stand for; loaded once in a process, and told once where it is left out."""
        with _ALONE:
            if lines not in self._loaded:
                made = self._loaded[lines] = self._load(lines)
                if isinstance(made, LeftOut):
                    name, plugins = _printable(lines[0].name), _named(lines)
                    log.warning("%s: the %s %s is left out: %s", plugins, self.what, name, made.why)
            return self._loaded[lines]

    def _load(self, lines: tuple[EntryLine, ...]) -> Made | LeftOut:
        if unfit := self._unfit(lines):
            return LeftOut(unfit)
        name, entry = lines[0].name, lines[0].entry
        made = _attempt(entry.load)
        if isinstance(made, LeftOut):
            return LeftOut(f"it cannot be loaded ({made.why})")
        refused = _attempt(partial(self._refusal, name, made))
        why = refused.why if isinstance(refused, LeftOut) else refused
        return LeftOut(why) if why else cast(Made, made)

    def _unfit(self, lines: tuple[EntryLine, ...]) -> str:
        """Why these cannot be used, whatever they lead to; '' for no reason."""
        name = lines[0].name
        if not self._names.fullmatch(name):
            return f"it is no name for a {self.what}"
        if self._is_ours(name):
            return "that name is taken by mtdata itself"
        if len(lines) > 1:
            return "they bring one name: uninstall all but one"
        return ""


def callable_refusal(name: str, made: object) -> str:
    """For tables of things that are opened by a call."""
    return "" if callable(made) else "what it leads to is nothing that can be called"


def entry_lines() -> EntryLines:
    """Every entry point of our groups that is installed; looked up once for one `sys.path`."""
    with _ALONE:
        return _entry_lines(tuple(sys.path))


@cache
def _entry_lines(path: tuple[str, ...]) -> EntryLines:
    from importlib.metadata import distributions

    found: dict[str, tuple[EntryLine, ...]] = {}
    unreadable: list[str] = []
    for one in distributions(path=list(path)):
        lines = _attempt(partial(_lines_of, one))
        if isinstance(lines, LeftOut):
            name = _attempt(partial(_name_of, one))
            unreadable.append("a plug-in without a name" if isinstance(name, LeftOut) else name)
        elif lines:  # of two installations the first is the one that is imported
            found.setdefault(lines[0].plugin.partition(" ")[0].lower(), lines)
    return EntryLines(tuple(one for lines in found.values() for one in lines), tuple(unreadable))


def _lines_of(distribution: Distribution) -> tuple[EntryLine, ...]:
    if PREFIX not in (distribution.read_text("entry_points.txt") or ""):
        return ()
    entries = [one for one in distribution.entry_points if one.group.startswith(PREFIX)]
    if not entries:
        return ()  # its name is not worth the while
    name = _name_of(distribution)
    return tuple(EntryLine(one.group, one.name, name, one) for one in entries)


def _name_of(distribution: Distribution) -> str:
    """Its name and version, as far as they are such."""
    words = (str(distribution.metadata[key] or "?") for key in ("Name", "Version"))
    return " ".join(map(_printable, words))


def _named(lines: Iterable[EntryLine]) -> str:
    return ", ".join(sorted(line.plugin for line in lines))


def _printable(word: str) -> str:
    return word if _WORD.fullmatch(word) else ascii(word[:80])


def _attempt(act: Callable[[], Found]) -> Found | LeftOut:
    """What comes of it, or why nothing does; what it prints is no answer of ours."""
    try:
        with _ALONE, redirect_stdout(sys.stderr):
            return act()
    except (KeyboardInterrupt, Stopped):
        raise
    except BaseException as fault:  # SystemExit as well: it is no word of who called us
        return LeftOut(_fault_words(fault))


def _fault_words(fault: BaseException) -> str:
    """Sort and place of what was thrown, and which module is missing where one is."""
    missing = fault.name if isinstance(fault, ModuleNotFoundError) else None
    lacking = f": there is no module {missing}" if missing and _WORD.fullmatch(missing) else ""
    return f"{type(fault).__name__}{lacking}{_fault_place(fault)}"


def _fault_place(fault: BaseException) -> str:
    place: tuple[Any, Any] = (None, None)
    if isinstance(fault, SyntaxError):
        place = fault.filename, fault.lineno
    else:
        frames = traceback.extract_tb(fault.__traceback__)
        theirs = [one for one in frames if "importlib" not in one.filename]
        theirs = [one for one in theirs if one.filename != __file__]
        if theirs:
            place = theirs[-1].filename, theirs[-1].lineno
    if not place[0]:
        return ""
    return f" at {'/'.join(_printable(part) for part in str(place[0]).split('/')[-2:])}:{place[1]}"


def check_plugins(tables: Iterable[PluginTable[Any]]) -> Iterator[Finding]:
    """What `mtdata check` says of plug-ins that bring something: each thing, and what is wrong."""
    tables = list(tables)
    for table in tables:
        for one in table.findings():
            if one.fault:
                told = f"{one.plugin}: the {one.what} is left out: {one.fault}"
                yield of_program(CHECKED, "bad", told, ConfigError.exit_code)
            else:
                yield of_program(CHECKED, "good", f"{one.plugin}: {one.what}")
    installed, groups = entry_lines(), {table.group for table in tables}
    for line in installed.lines:
        if line.group not in groups:
            known = ", ".join(sorted(groups))
            told = f"the group {_printable(line.group)} is none of ours; there are {known}"
            yield of_program(CHECKED, "odd", f"{line.plugin}: {told}")
    for name in installed.unreadable:
        yield of_program(CHECKED, "odd", f"{name}: {UNREADABLE}, so nothing of it is used")
