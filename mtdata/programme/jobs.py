"""The kinds of jobs that bring rows in; what they do is done in the rooms beside this one.

The plan checks every row before any is written.  All rows of a file are one part: it is carried a
batch at a time, goes on behind the last one, and what a stop finds of it is taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from mtdata.config import Settings
from mtdata.core.border import Border
from mtdata.core.errors import JobError
from mtdata.core.words import counted
from mtdata.jobs.kind import Kind, Kinds, Misfit, Parameter, Parameters, Work
from mtdata.programme.columns import FORM, TEAM, Columns
from mtdata.programme.row_check import FileCheck, RowFault

ROWS = "rows"
SHOWN = 3
LIMIT_S = 6 * 3600.0
YES_NO = ("no", "yes")
POLICIES = ("skip", "update", "fail")


class ImportSort(NamedTuple):
    """A sort of rows that files bring: its name, its columns, and who writes and takes back."""

    name: str
    columns: Columns
    writer: Callable[[Work], Any]
    take_back: Callable[..., Any]

    @property
    def kind(self) -> str:
        """The name of the kind of job that imports such rows."""
        return f"{self.name}.import"

    def key_of(self, digest: str) -> str:
        """The key of a job with that file: no two of them run at a time."""
        return f"{self.name}:{digest}"


def _team_writer(work: Work) -> Any:
    from mtdata.programme.teams import Duplicates, TeamWriter  # with Django

    duplicates = Duplicates(work.parameters["duplicates"])
    return TeamWriter(work.job, work.attempt, duplicates)


def _form_writer(work: Work) -> Any:
    from mtdata.programme.forms import FormWriter

    return FormWriter(work.job, work.attempt)


def _take_back_teams(work: Work, *, keeps_edited: bool) -> Any:
    from mtdata.programme.rollback import take_back_teams

    return take_back_teams(work, keeps_edited=keeps_edited)


def _take_back_forms(work: Work, *, keeps_edited: bool) -> Any:
    from mtdata.programme.rollback import take_back_forms

    return take_back_forms(work, keeps_edited=keeps_edited)


TEAMS = ImportSort("teams", TEAM, _team_writer, _take_back_teams)
FORMS = ImportSort("forms", FORM, _form_writer, _take_back_forms)
SORTS = {sort.name: sort for sort in (TEAMS, FORMS)}


# --- parameters


def _choice(among: Sequence[str]) -> Callable[[Settings, str], str]:
    def read(settings: Settings, word: str) -> str:
        if word.lower() not in among:
            raise ValueError(f"it is none of {', '.join(among)}")
        return word.lower()

    return read


def _file(sort: str) -> Parameter:
    def read(settings: Settings, word: str) -> str:
        from mtdata.programme import uploads

        found = uploads.named(word, sort)
        return f"{found.pk} {found.name}"

    def check_owner(word: str, owner: str) -> None:
        from mtdata.programme import uploads

        uploads.named(word, sort, owner)

    allowed = "the id of a file that you uploaded"
    return Parameter("file", read, allowed, check_owner=check_owner)


def _yes_no(name: str) -> Parameter:
    return Parameter(name, _choice(YES_NO), "yes or no", default="no", choices=lambda _: YES_NO)


GOOD_ROWS, AGAIN = _yes_no("good_rows"), _yes_no("again")
DUPLICATES = Parameter(
    "duplicates",
    _choice(POLICIES),
    "skip, update or fail",
    default="skip",
    choices=lambda settings: POLICIES,
)


def _upload(parameters: Parameters, sort: ImportSort) -> Any:
    from mtdata.programme import uploads

    with Border(JobError, "its file is not known any more; bring it once more"):
        return uploads.named(parameters["file"], sort.name)


def _key(sort: ImportSort, parameters: Parameters) -> str:
    return sort.key_of(_upload(parameters, sort).sha256)


def _base(sort: ImportSort, parameters: Parameters) -> str:
    name = _upload(parameters, sort).name
    plain = "".join(one if one.isalnum() or one in "._-" else "_" for one in name)[:60]
    return f"{sort.name}_{plain}"


def _title_words(parameters: Parameters) -> list[str]:
    name = str(parameters["file"]).partition(" ")[2]
    update = {"update": "changing names that are there", "fail": "no name twice"}
    more = [update.get(parameters.get("duplicates", ""), "")]
    more += ["without bad rows"] if parameters.get(GOOD_ROWS.name) == "yes" else []
    return [name, *filter(None, more)]


def _check_again(sort: ImportSort, parameters: Parameters) -> None:
    """Misfit where the file was imported already, or is being imported."""
    if parameters.get(AGAIN.name) == "yes" or "file" not in parameters:
        return
    if found := _earlier(sort, parameters):
        raise Misfit(
            "file",
            f"the same file is {found}; nothing was queued. With again=yes (--again) it is "
            "imported once more",
        )


def _earlier(sort: ImportSort, parameters: Parameters, job: str = "") -> str:
    """The job that has the same file and was not taken back, in words; '' where there is none."""
    from mtdata.jobs.records.queries import standing_of_key

    found = standing_of_key(sort.kind, _key(sort, parameters), job)
    return f"{found.status} as {found.name}" if found else ""


# --- the plan: every row is checked


def _checked(work: Work, sort: ImportSort) -> FileCheck:
    from mtdata.programme import uploads
    from mtdata.programme.row_check import check_file

    upload = _upload(work.parameters, sort)
    pieces = _watched(work, uploads.content(upload))
    return check_file(pieces, sort.columns, work.settings.programme.timezone)


def _watched(work: Work, pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        work.stop_token.check()
        yield piece


def _split(sort: ImportSort, work: Work) -> list[str]:
    _refuse_same(sort, work)
    found = _checked(work, sort)
    if found.bad and work.parameters[GOOD_ROWS.name] != "yes":
        raise JobError(refusal_of(found))
    work.commit(lambda: [found.rows])
    return [ROWS]


def _refuse_same(sort: ImportSort, work: Work) -> None:
    if work.parameters[AGAIN.name] != "yes" and (same := _earlier(sort, work.parameters, work.job)):
        raise JobError(f"the same file is {same}; nothing was written. --again imports it anew")


def refusal_of(found: FileCheck) -> str:
    """Why a file is not imported, in words."""
    return (
        f"{counted(found.bad, 'row')} of {found.rows:,} {'is' if found.bad == 1 else 'are'} "
        f"wrong, nothing was written: {_told_faults(found.faults)}. Mend the file, or let the "
        "good rows go on (--good-rows)"
    )


def _told_faults(faults: Sequence[RowFault], most: int = SHOWN) -> str:
    return "; ".join(map(str, faults[:most])) + (" ..." if len(faults) > most else "")


# --- the rows


def _run(sort: ImportSort, work: Work) -> None:
    from mtdata.jobs.records.queries import plan_checkpoint
    from mtdata.programme.imports import Place, import_rows, rows_from

    upload = _upload(work.parameters, sort)
    place = Place.of_checkpoint(work.checkpoint) if work.checkpoint else None
    if place is None or not place.is_end:
        if place is None:  # a job that is tried again was checked long ago
            _refuse_same(sort, work)
        (expected,) = plan_checkpoint(sort.kind, _key(sort, work.parameters), work.job) or [0]
        found, place = rows_from(place, upload, sort.columns, work.settings.programme.timezone)
        place = import_rows(work, found, place, sort.writer(work), expected)
        work.commit(partial(_end_at, place, upload, work))


def _end_at(place: Any, upload: Any, work: Work) -> list[int]:
    """The last checkpoint: with it the counts are told, and the content of the file goes."""
    from mtdata.jobs.records.asking import now
    from mtdata.jobs.records.transitions import add_event
    from mtdata.programme import uploads

    told = f"{work.part}: {place.counts.rows:,} rows: {place.counts}"
    add_event(work.job, now(), "INFO", told)
    uploads.forget(upload)
    found: list[int] = place._replace(is_end=True).checkpoint()
    return found


# --- stop and undo


def _undo(sort: ImportSort, work: Work, parts: Sequence[str] | None) -> None:
    """Rows that a person edited since stay where all of the file had come in before."""
    from mtdata.jobs.records.queries import work_is_done

    keeps_edited = parts is None and work_is_done(work.job)
    done = sort.take_back(work, keeps_edited=keeps_edited)
    told = f"{counted(done.removed, 'row')} removed"
    if done.restored:
        told += f", {done.restored:,} restored"
    if done.passed_on:
        told += f", {done.passed_on:,} left to the imports that changed them since"
    if done.left:
        told += f", {done.left:,} left as people made them since, or gone"
    if done.kept:
        told += f", {done.kept:,} edited since and kept"
    work.say("INFO", told)


def _import(sort: ImportSort, parameters: tuple[Parameter, ...], title: str, about: str) -> Kind:
    return Kind(
        name=sort.kind,
        parameters=(_file(sort.name), *parameters),
        split=partial(_split, sort),
        run=partial(_run, sort),
        undo=partial(_undo, sort),
        base=partial(_base, sort),
        key=partial(_key, sort),
        check=partial(_check_again, sort),
        resumes=True,
        limit_s=LIMIT_S,
        title=title,
        about=about,
        told=_title_words,
        stays="standing",
        page=f"import_{sort.name}",
    )


KINDS: Kinds = {
    kind.name: kind
    for kind in (
        _import(
            TEAMS,
            (GOOD_ROWS, DUPLICATES, AGAIN),
            "Teams import",
            "Bring in the teams of a CSV file; a stop or an undo takes them out again",
        ),
        _import(
            FORMS,
            (GOOD_ROWS, AGAIN),
            "Form responses import",
            "Bring in the form responses of a CSV file; a stop or an undo takes them out again",
        ),
    )
}
