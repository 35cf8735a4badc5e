"""The rules of the house that a machine can hold; it reads the source and runs none of it.

The floors themselves are in .importlinter.  Each rule is a function from one file to the places
that break it, and is first shown something forbidden, so that no rule can go blind unseen.
"""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from mtdata.duties import DUTIES

HOUSE = Path(__file__).resolve().parent.parent / "mtdata"
DURABLE, CLOCK, PIPELINE = "core/disk.py", "core/clock.py", "study/pipeline.py"
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


class Source(NamedTuple):
    """One file of the package; `path` is relative to mtdata/."""

    path: str
    text: str
    tree: ast.Module

    def at(self, node: ast.AST, what: str) -> str:
        return f"mtdata/{self.path}:{getattr(node, 'lineno', 1)}: {what}"

    def is_in(self, *places: str) -> bool:
        return any(self.path == place or self.path.startswith(f"{place}/") for place in places)


def source(path: str, text: str) -> Source:
    return Source(path, text, ast.parse(text))


@cache
def house() -> list[Source]:
    """Read once, and only where the rules are run: every process of the tests loads this file."""
    files = sorted(HOUSE.rglob("*.py"))
    return [source(f.relative_to(HOUSE).as_posix(), f.read_text("utf-8")) for f in files]


def offences(rule: Callable[[Source], Iterator[str]]) -> list[str]:
    return [offence for file in house() for offence in rule(file)]


def shown(advice: str, found: list[str]) -> str:
    return "\n".join([f"{advice}:", *(f"  {line}" for line in found)])


def calls(file: Source) -> Iterator[tuple[ast.Call, str]]:
    """Every call with its dotted name; what is not a plain name before the dot becomes '?'."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"


def imported_names(file: Source) -> Iterator[tuple[ast.ImportFrom, str]]:
    """`from os import fsync` as 'os.fsync': the other way to a forbidden call."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                yield node, f"{node.module}.{alias.name}"


def functions(file: Source) -> Iterator[Function]:
    return (node for node in ast.walk(file.tree) if isinstance(node, Function))


# --- the rules, each one file at a time


def without_docstring(file: Source) -> Iterator[str]:
    if not (ast.get_docstring(file.tree) or "").strip():
        yield file.at(file.tree, "no docstring")


def too_long(file: Source) -> Iterator[str]:
    length = len(file.text.splitlines())
    if length > 300 and "migrations" not in file.path.split("/"):
        yield file.at(file.tree, f"{length} lines")


FORBIDDEN_WORDS = frozenset(
    "data manager managers handler handlers helper helpers util utils common misc process".split()
)


def words(name: str) -> list[str]:
    """The words of a name, in snake_case or CamelCase; MTData is one."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return spaced.replace("MTData", "mtdata").replace("MT_Data", "mtdata").lower().split("_")


def is_forbidden(name: str) -> bool:
    if re.fullmatch("do_[A-Z]+", name):
        return False  # http.server asks for do_GET and the like
    if name in ("process_exception", "process_request"):  # Django asks a middleware by these
        return False
    return name.startswith(("safe_", "do_")) or not FORBIDDEN_WORDS.isdisjoint(words(name))


def with_empty_names(file: Source) -> Iterator[str]:
    if file.path != "demo/study/data.py":
        for part in Path(file.path).with_suffix("").parts:
            if is_forbidden(part):
                yield file.at(file.tree, f"the room {part!r}")
    for node in ast.walk(file.tree):
        if isinstance(node, Definition) and is_forbidden(node.name):
            yield file.at(node, node.name)


VAGUE_WORDS = frozenset(
    "found told made one ones thing things place places anew shown said kept known seen gone done "
    "given taken asked heard begun ended came come way ways own ours mine".split()
)
FILLING_WORDS = frozenset(
    "a again all are as at be been by each every for from had has have here in into is it its "
    "none not of on or other others out so some that the there this to was what which who "
    "with".split()
)
"""A name of such words alone says nothing: of what?  Beside another word they may stand."""


def is_vague(name: str) -> bool:
    if name.startswith("__"):
        return False
    parts = [part for part in words(name) if part]
    return not VAGUE_WORDS.isdisjoint(parts) and VAGUE_WORDS.union(FILLING_WORDS).issuperset(parts)


def with_vague_functions(file: Source) -> Iterator[str]:
    for function in functions(file):
        if is_vague(function.name):
            yield file.at(function, function.name)


LEANING = re.compile("(the same|as above|as before|likewise|ditto)\\b", re.IGNORECASE)


def with_leaning_docstrings(file: Source) -> Iterator[str]:
    """Whoever meets a function by its name does not read the one above it first."""
    for node in ast.walk(file.tree):
        if isinstance(node, Definition) and LEANING.match(ast.get_docstring(node) or ""):
            yield file.at(node, f"{node.name}: {(ast.get_docstring(node) or '').splitlines()[0]}")


OS_TOUCHES = (
    "fsync fdatasync sync rename renames replace unlink remove rmdir removedirs truncate ftruncate"
)
TOUCHES = {f"os.{name}" for name in OS_TOUCHES.split()} | {"shutil.rmtree", "shutil.move"}
METHODS = frozenset({"unlink", "rename", "rmdir", "truncate"})


def with_touches_of_the_disk(file: Source) -> Iterator[str]:
    if file.path == DURABLE:
        return
    for place, name in imported_names(file):
        if name in TOUCHES:
            yield file.at(place, name)
    for call, name in calls(file):
        method = name.rpartition(".")[2] if "." in name else ""
        one_argument = len(call.args) == 1 and not call.keywords
        if name in TOUCHES or method in METHODS or (method == "replace" and one_argument):
            yield file.at(call, f"{name}(...)")  # .replace with one argument is a path's, no text's


def verified_elsewhere(file: Source) -> Iterator[str]:
    allowed: set[ast.AST] = set()
    if file.path == PIPELINE:
        for function in functions(file):
            if function.name == "verify":
                allowed.update(ast.walk(function))
    for call, name in calls(file):
        if name.rpartition(".")[2] == "Verified" and call not in allowed:
            yield file.at(call, "Verified(...)")


def deleting_elsewhere(file: Source) -> Iterator[str]:
    """A site is asked to delete in one function, which takes what a Verified calls deletable."""
    allowed: set[ast.AST] = set()
    if file.path == PIPELINE:
        for function in functions(file):
            if function.name == "_ask":
                allowed.update(ast.walk(function))
    for call, name in calls(file):
        if re.search(r"\b_?(site|client)\.delete$", name) and call not in allowed:
            yield file.at(call, f"{name}(...)")


CATCHING = {
    "core/plugins.py": "a plug-in of somebody else throws what it likes while it is loaded",
    "cli/main.py": "errors of the program end here",
    "alerts/program_fault.py": "what ends one site's turn ends no other's",
    "jobs/celery/listener.py": "the messages of a broker are a stranger's, read by libraries",
    "core/s3/bucket.py": "what boto3's readers throw over an answer is the store's fault",
}
"""Where whatever comes is caught: behind these stands somebody else's code, or nobody."""


def catching_everything(file: Source) -> Iterator[str]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ExceptHandler) and catches_all(node):
            yield file.at(node, "except " + (ast.unparse(node.type) if node.type else ""))
    for call, name in calls(file):
        if name.rpartition(".")[2] == "suppress" and any(map(is_everything, call.args)):
            yield file.at(call, ast.unparse(call))


def catches_all(caught: ast.ExceptHandler) -> bool:
    kinds = caught.type.elts if isinstance(caught.type, ast.Tuple) else [caught.type]
    if not any(kind is None or is_everything(kind) for kind in kinds):
        return False
    last = caught.body[-1]  # undoing and raising on hides nothing
    return not (isinstance(last, ast.Raise) and last.exc is None)


def is_everything(kind: ast.expr) -> bool:
    return dotted(kind).rpartition(".")[2] in ("Exception", "BaseException")


BORDERS = (
    "alerts/messengers.py",  # a messenger of a plug-in
    "study/files/sheet_lines.py",  # a line of a sheet
    "toolbox/dataset_check.py",  # a manifest
    "toolbox/provenance.py",  # a codebook
    "toolbox/rows.py",
    "toolbox/sheets.py",
    "toolbox/table_files.py",  # a value of an answer
    "cli/main.py",  # the words of the command line
    "config/reading.py",  # a config file
    "config/sections.py",
    "config/variables.py",
    "study/model/days.py",  # the name of a file
    "study/model/likeness.py",  # a cell of a sheet
    "study/collectors/http.py",  # the head of an answer to a delete
    "study/model/exact_json.py",  # an entry
    "study/model/row.py",
    "core/csv_lines.py",
    "cake/columns.py",  # an answer of CAKE
    "cake/client/line.py",
    "cake/client/reading_json.py",
    "cake/client/reading_quick.py",
    "cake/client/reading_xml.py",
    "jobs/kind.py",  # an order of a job
    "jobs/supervisor.py",
    "jobs/title.py",  # an order that somebody put into the records
    "programme/export/job.py",
    "programme/imports.py",  # a checkpoint of theirs
    "programme/jobs.py",
    "programme/rollback.py",
    "web/uploads/incoming.py",  # a request of a browser
    "web/wire.py",
    "weblogs/job_parts.py",
    "weblogs/formats/dates.py",  # a line of a web log
    "weblogs/formats/json_lines.py",
    "weblogs/ledger/lines.py",  # a cell of its ledger
    "weblogs/matomo/api.py",  # an answer of Matomo
    "weblogs/matomo/connection.py",
    "weblogs/matomo/verdict.py",
    "weblogs/manifest.py",  # what lies beside an archive
    "weblogs/unpacking.py",  # a packed log
    "weblogs/zip_members.py",
)
"""Where what comes from outside is read: whatever a parser throws there is that border's fault."""


def translating_elsewhere(file: Source) -> Iterator[str]:
    if not file.is_in(*BORDERS):
        for call, name in calls(file):
            if name.rpartition(".")[2] == "Border":
                yield file.at(call, "Border(...)")


def printing(file: Source) -> Iterator[str]:
    if not file.is_in("cli", "demo"):
        for call, name in calls(file):
            if name == "print":
                yield file.at(call, "print(...)")


TIMES = frozenset({"datetime.now", "datetime.utcnow", "datetime.today", "date.today"})
TIMES |= {"time.time", "time.time_ns", "time.localtime", "time.gmtime"}


def asking_the_time(file: Source) -> Iterator[str]:
    if file.path == CLOCK or file.is_in("demo"):
        return
    for place, name in imported_names(file):
        if name in TIMES:
            yield file.at(place, name)
    for call, name in calls(file):
        if ".".join(name.split(".")[-2:]) in TIMES:
            yield file.at(call, f"{name}(...)")


def taking_flags_by_place(file: Source) -> Iterator[str]:
    for function in functions(file):
        for argument in (*function.args.posonlyargs, *function.args.args):
            if argument.annotation and is_flag(argument.annotation):
                yield file.at(argument, f"{function.name}({argument.arg}: bool)")


def is_flag(annotation: ast.expr) -> bool:
    """Is it bool or bool | None?  A value that may also be something else is no flag."""
    named = {part.strip(" '\"") for part in ast.unparse(annotation).split("|")}
    return "bool" in named and named <= {"bool", "None"}


RULES: list[tuple[Callable[[Source], Iterator[str]], str, str]] = [
    (without_docstring, "x.py", "import os\n'too late'"),
    (too_long, "x.py", "pass\n" * 301),
    (with_empty_names, "x.py", "def safe_delete(): ..."),
    (with_empty_names, "x.py", "class SiteManager: ..."),
    (with_empty_names, "x.py", "class RowData: ..."),
    (with_empty_names, "x.py", "def process_rows(): ..."),
    (with_empty_names, "utils/x.py", "pass"),
    (with_vague_functions, "x.py", "def _told(self): ..."),
    (with_vague_functions, "x.py", "class C:\n def is_known(self): ..."),
    (with_vague_functions, "x.py", "def place_of(word): ..."),
    (with_leaning_docstrings, "x.py", 'def f():\n "The same for rows."'),
    (with_touches_of_the_disk, "x.py", "import os\nos.replace(a, b)"),
    (with_touches_of_the_disk, "x.py", "from os import fsync"),
    (with_touches_of_the_disk, "x.py", "(folder / 'x').unlink(missing_ok=True)"),
    (with_touches_of_the_disk, "x.py", "path.replace(other)"),
    (with_touches_of_the_disk, "demo/study/tour.py", "shutil.rmtree(folder)"),
    (verified_elsewhere, "study/round/round.py", "def verify(): return Verified(sheet)"),
    (verified_elsewhere, PIPELINE, "def append(): return receipt.Verified(sheet)"),
    (deleting_elsewhere, "study/round/round.py", "def _ask(self): self._site.delete(name, ids)"),
    (deleting_elsewhere, PIPELINE, "def delete(): site.delete(name, ids)"),
    (catching_everything, "x.py", "try: f()\nexcept: pass"),
    (catching_everything, "x.py", "try: f()\nexcept (OSError, Exception): pass"),
    (catching_everything, "x.py", "with suppress(Exception): f()"),
    (translating_elsewhere, "study/pipeline.py", "with Border(SiteError, 'x'): f()"),
    (printing, "study/pipeline.py", "print(1)"),
    (asking_the_time, "x.py", "datetime.datetime.now(UTC)"),
    (asking_the_time, "x.py", "from time import time"),
    (taking_flags_by_place, "x.py", "def f(a, dry_run: bool = False): ..."),
    (taking_flags_by_place, "x.py", "class C:\n def f(self, b: bool | None): ..."),
]

ALLOWED: list[tuple[Callable[[Source], Iterator[str]], str, str]] = [
    (with_empty_names, "demo/study/site.py", "class MTDataSite:\n def do_GET(self): ..."),
    (with_empty_names, "demo/study/data.py", "class Metadata: ..."),
    (with_vague_functions, "x.py", "def queue_place(): ...\ndef found_rows(): ..."),
    (with_vague_functions, "x.py", "def at(site): ...\ndef __all__(): ..."),
    (with_touches_of_the_disk, DURABLE, "os.replace(a, b)"),
    (with_touches_of_the_disk, "x.py", "text.replace('a', 'b'); moment.replace(tzinfo=UTC)"),
    (with_touches_of_the_disk, "x.py", "disk.remove(path); replace(path, b'')"),
    (verified_elsewhere, PIPELINE, "def verify(): return Verified(sheet)"),
    (deleting_elsewhere, PIPELINE, "def _ask(): site.delete(name, ids)"),
    (deleting_elsewhere, "study/round/round.py", "delete(course, self._site, proven, 10)"),
    (catching_everything, "x.py", "try: f()\nexcept BaseException:\n undo()\n raise"),
    (asking_the_time, CLOCK, "datetime.now(UTC)"),
    (taking_flags_by_place, "x.py", "def f(*, b: bool): ...\ndef g(v: bool | str): ..."),
]


@pytest.mark.parametrize(("rule", "path", "text"), RULES)
def test_each_rule_sees_what_it_forbids(
    rule: Callable[[Source], Iterator[str]], path: str, text: str
) -> None:
    assert list(rule(source(path, text)))


@pytest.mark.parametrize(("rule", "path", "text"), ALLOWED)
def test_each_rule_leaves_the_rest_alone(
    rule: Callable[[Source], Iterator[str]], path: str, text: str
) -> None:
    assert list(rule(source(path, text))) == []


def test_every_file_says_first_what_the_room_is() -> None:
    found = offences(without_docstring)
    assert not found, shown("begin each file with a docstring", found)


def test_no_file_is_longer_than_300_lines() -> None:
    found = offences(too_long)
    assert not found, shown("divide these files", found)


def test_names_say_what_a_thing_is() -> None:
    found = offences(with_empty_names)
    assert not found, shown("these names are empty words; use the glossary's", found)


def test_functions_are_named_by_what_they_give() -> None:
    found = offences(with_vague_functions)
    assert not found, shown("these names are of VAGUE_WORDS alone; say of what", found)


def test_docstrings_begin_without_the_neighbour_above() -> None:
    found = offences(with_leaning_docstrings)
    assert not found, shown("say what it is, not what it is like", found)


def test_a_class_name_is_defined_once() -> None:
    places: dict[str, list[str]] = {}
    for file in house():
        for node in ast.walk(file.tree):
            if isinstance(node, ast.ClassDef) and node.name not in ("Meta", "Migration"):
                places.setdefault(node.name, []).append(file.at(node, node.name))
    twice = [place for found in places.values() if len(found) > 1 for place in found]
    assert not twice, shown("one name, one class: two of these mean different things", twice)


class OwnWord(NamedTuple):
    """What only a duty's own folders, the table and its templates say, and where else it stands."""

    word: str
    places: tuple[str, ...]


OWN_WORDS = {
    "cake": OwnWord(
        "cake",
        (
            "config/export.py",  # its config file
            "web/migrations/0003_guests.py",  # it has run in the field
            "web/templates/web/cake_login.html",
        ),
    ),
    "programme": OwnWord(
        "teams",  # "programme" is the config file that all jobs have in common
        (
            "cli/programme.py",
            "config/collection.py",
            "web/programme/imports.py",
            "web/programme/room.py",
            "web/programme/shapes.py",
        ),
    ),
    "toolbox": OwnWord(
        "toolbox",
        (
            "__init__.py",  # the front of its library
            "cli/toolbox_codebook.py",
            "cli/toolbox_freeze.py",
            "cli/toolbox_quality.py",
            "cli/toolbox_query.py",
            "cli/toolbox_report.py",
            "cli/toolbox_results.py",
            "cli/toolbox_scores.py",
            "web/toolbox/__init__.py",
        ),
    ),
    "weblogs": OwnWord(
        "weblogs",
        (
            "cli/weblogs.py",
            "cli/weblogs_imports.py",
            "cli/weblogs_looks.py",
            "config/folders.py",
            "config/loading.py",
            "config/schema.py",
            "config/settings.py",
            "config/changes.py",
            "config/credentials.py",
            "config/weblog_values.py",
            "config/weblogs.py",
            "config/weblogs_loading.py",
            "web/templates/web/weblogs.html",
            "web/templates/web/weblogs_card.html",
            "web/templates/web/weblogs_day.html",
            "web/templates/web/weblogs_doubts.html",
            "web/templates/web/weblogs_reasons.html",
            "web/templates/web/weblogs_site.html",
            "web/weblogs/__init__.py",
            "web/weblogs/explained.py",
            "web/weblogs/pages.py",
            "web/weblogs/room.py",
            "web/weblogs/shapes.py",
            "web/weblogs/sites.py",
            "web/weblogs/standing.py",
        ),
    ),
}
"""By the folder of the duty.  The study has none: what it is about is everywhere called so."""


def own_word_elsewhere(duty: str, path: str, text: str) -> bool:
    known = OWN_WORDS[duty]
    own_web = [f"web/{room}{duty}/" for room in ("", "templates/", "static/")]
    own = (f"{duty}/", f"demo/{duty}/", *own_web)
    allowed = (*own, "duties.py", "config/samples/", *known.places)
    return known.word in f"{path} {text}".lower() and not path.startswith(allowed)


def test_a_duty_is_known_by_the_table_alone() -> None:
    assert own_word_elsewhere("cake", "web/pages/x.py", "# The log-in of CAKE")
    assert own_word_elsewhere("cake", "web/pages/cake_login.py", "pass")
    assert not own_word_elsewhere("cake", "demo/cake/site.py", "CAKE")
    assert not own_word_elsewhere("cake", "web/cake/room.py", "CAKE")
    duties = {file.path.partition("/")[0] for file in house() if file.path.endswith("/duty.py")}
    assert duties - {"study", "jobs"} == set(OWN_WORDS)
    texts = {
        one.relative_to(HOUSE).as_posix(): one.read_text("utf-8", "replace")
        for one in HOUSE.rglob("*")
        if one.is_file() and "__pycache__" not in one.parts
    }
    found = [
        f"mtdata/{path}: {duty}"
        for path, text in texts.items()
        for duty in OWN_WORDS
        if own_word_elsewhere(duty, path, text)
    ]
    assert not found, shown("say it for any duty, or let the duty bring it (jobs/duty.py)", found)
    left = [place for one in OWN_WORDS.values() for place in one.places if place not in texts]
    left += [
        place
        for one in OWN_WORDS.values()
        for place in one.places
        if place in texts and one.word not in f"{place} {texts[place]}".lower()
    ]
    assert not left, shown("these know the word no more; take them off the list", left)


def duties_imported(file: Source) -> Iterator[tuple[ast.AST, str]]:
    """Each import of a duty's folder, also within a function and for types alone."""
    for node in ast.walk(file.tree):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
        for duty in {name.split(".")[1] for name in names if name.startswith("mtdata.")}:
            if duty in DUTY_FOLDERS:
                yield node, duty


DUTY_FOLDERS = {one.name for one in DUTIES}
READERS = {"toolbox/": {"study"}, "__init__.py": {"toolbox"}}
"""The toolbox reads pools; the front of the package is its library."""


def importing_another_duty(file: Source) -> Iterator[str]:
    """Imports of a duty where only the table may know it: not its folders, its rooms or readers."""
    own = {
        one.name: (
            *(f"{room}{one.name}/" for room in ("", "demo/", "web/")),
            f"cli/{one.name}_",
            *(f"cli/{room}.py" for room in (*one.commands, *one.views)),
            "duties.py",
            *(place for place, read in READERS.items() if one.name in read),
        )
        for one in DUTIES
    }
    for node, duty in duties_imported(file):
        if not file.path.startswith(own[duty]):
            yield file.at(node, f"imports mtdata.{duty}")


def test_who_reads_the_table_of_duties_imports_none_of_them() -> None:
    for forbidden in ("web/pages/x.py", "cli/incidents.py", "daemon/x.py", "cake/x.py"):
        text = "def f():\n from mtdata.study.operations import commands"
        assert list(importing_another_duty(source(forbidden, text)))
    assert list(importing_another_duty(source("web/study/x.py", "import mtdata.cake.jobs")))
    assert list(importing_another_duty(source("jobs/x.py", "from mtdata import weblogs")))
    for allowed in ("web/study/x.py", "cli/pool.py", "cli/study_looks.py", "toolbox/x.py"):
        assert not list(importing_another_duty(source(allowed, text)))
    found = offences(importing_another_duty)
    assert not found, shown("let the duty bring it through the table (mtdata/jobs/duty.py)", found)


def test_the_house_is_seen_at_a_glance() -> None:
    entries = {Path(file.path).parts[0] for file in house()} - {"__init__.py"}
    assert len(entries) <= 16, sorted(entries)


def test_only_the_durable_room_syncs_renames_cuts_and_removes() -> None:
    found = offences(with_touches_of_the_disk)
    assert not found, shown(f"this belongs into mtdata/{DURABLE}", found)


def test_only_verify_makes_what_may_be_deleted() -> None:
    found = offences(verified_elsewhere)
    assert not found, shown(f"only verify() in mtdata/{PIPELINE} may make a Verified", found)


def test_only_the_pipeline_asks_a_site_to_delete() -> None:
    found = offences(deleting_elsewhere)
    assert not found, shown(f"only _ask() in mtdata/{PIPELINE} asks for deletes", found)


def test_the_story_reads_from_top_to_bottom() -> None:
    story = next(file for file in house() if file.path == PIPELINE)
    verbs = ["collect", "back_up", "decrypt", "append", "verify", "delete"]
    told = [node.name for node in story.tree.body if isinstance(node, Function)]
    assert [name for name in told if name in verbs] == verbs
    assert len(story.text.splitlines()) <= 160


def test_everything_is_caught_at_named_borders_only() -> None:
    found = offences(catching_everything)
    where = [line.partition(":")[0].removeprefix("mtdata/") for line in found]
    told = "`except Exception` stands once in each of CATCHING, and nowhere else"
    assert len(where) == len(set(where)), shown(told, found)
    assert set(where) == set(CATCHING), shown(told, found)


def test_only_a_named_border_makes_any_exception_its_own() -> None:
    found = offences(translating_elsewhere)
    assert not found, shown("name the border in BORDERS, or catch what is meant", found)
    used = {line.partition(":")[0] for line in offences_of_any(translating_elsewhere)}
    assert used == {f"mtdata/{border}" for border in BORDERS}, "a border that is none any more"


def offences_of_any(rule: Callable[[Source], Iterator[str]]) -> list[str]:
    """The same in every file, the allowed ones too."""
    return [
        offence.replace("mtdata/any/", "mtdata/")
        for file in house()
        for offence in rule(file._replace(path=f"any/{file.path}"))
    ]


OTHERS_ERRORS = {
    "AssertionError",
    "Http404",
    "HttpError",
    "Misfits",
    "PermissionDenied",
    "SystemExit",
}
"""Faults of the program, and what becomes an answer of the page or the API: 403, 404, 422."""


def raising_untold(file: Source) -> Iterator[str]:
    """Public functions that raise what their docstring does not name; a port's tells for all."""
    for node in ast.walk(file.tree):
        if not isinstance(node, Function) or node.name.startswith("_"):
            continue
        told = ast.get_docstring(node) or "Port:"
        raised = [one.exc for one in ast.walk(node) if isinstance(one, ast.Raise) and one.exc]
        names = {dotted(one.func if isinstance(one, ast.Call) else one) for one in raised}
        errors = {name for name in names if name[:1].isupper()} - OTHERS_ERRORS
        if not told.startswith(("Port:", "Part of")):
            yield from (file.at(node, f"{node.name}: {e}") for e in errors if e not in told)


def test_docstrings_name_what_is_raised() -> None:
    sample = "def look(): \n  'Look at it.'\n  raise UsageError('x')\n"
    assert list(raising_untold(Source("x.py", sample, ast.parse(sample))))
    found = offences(raising_untold)
    assert not found, shown("say in the docstring when that is raised", found)


def test_only_the_command_line_prints() -> None:
    found = offences(printing)
    assert not found, shown("log it, or give it back to mtdata/cli", found)


def test_only_the_clock_knows_the_time() -> None:
    found = offences(asking_the_time)
    assert not found, shown(f"ask the Clock ({CLOCK}), so that tests can set it", found)


def test_flags_are_given_by_name() -> None:
    found = offences(taking_flags_by_place)
    assert not found, shown("put a * before these parameters", found)


def function_length(function: Function) -> int:
    """Lines from def to end without the docstring."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None and first.end_lineno is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def is_promise(function: Function) -> bool:
    """A method of a port: nothing but a docstring and `...`, which would flatter the figures."""
    last = function.body[-1]
    return isinstance(last, ast.Expr) and getattr(last.value, "value", None) is Ellipsis


def test_functions_are_short() -> None:
    sized = [
        (function_length(function), file.at(function, function.name))
        for file in house()
        for function in functions(file)
        if not is_promise(function)
    ]
    long = [f"{place}: {length} lines" for length, place in sorted(sized) if length > 40]
    assert not long, shown("at most 40 lines", long)
    lengths = [length for length, _ in sized]
    assert statistics.median(lengths) <= 8
    assert statistics.quantiles(lengths, n=10)[8] <= 20


@pytest.mark.parametrize("room", ["mtdata.study.pipeline", "mtdata.cli.main"])
def test_the_heart_starts_without_the_heavy_libraries(room: str) -> None:
    heavy = ["boto3", "botocore", "celery", "django", "pandas", "rich"]
    program = f"import sys, {room}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=HOUSE.parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]", f"{room} imports what only some commands need"
