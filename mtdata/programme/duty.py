"""Programme data's entry in the table of duties; it only names what does the work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mtdata.jobs.duty import Checks, Duty, PlacedFile

if TYPE_CHECKING:  # what carries something loads them
    from mtdata.config import Settings
    from mtdata.core.checks import Finding
    from mtdata.core.keeping import Growing
    from mtdata.jobs.kind import Kinds

FORMS = "forms"
CONFIGURED = frozenset({"output", "mail_allowed"})


def _kinds() -> Kinds:
    from mtdata.programme.export import job
    from mtdata.programme.jobs import KINDS

    return {**KINDS, **job.KINDS}


def _names(settings: Settings) -> list[str]:
    """The one that there is, where form responses are configured."""
    return [FORMS] if CONFIGURED & settings.programme.model_fields_set else []


def _look(settings: Settings, name: str, *, is_named: bool) -> list[Finding]:
    from mtdata.programme.check import look  # with all that speaks to a bucket

    return look(settings)


def _folders(settings: Settings) -> list[Finding]:
    from mtdata.programme.check import folders

    return folders(settings) if _names(settings) else []


def _offline(settings: Settings, names: Sequence[str]) -> list[Finding]:
    from mtdata.programme.offline import check_offline

    return check_offline(settings, names)


def _placed_file(settings: Settings, place: str) -> PlacedFile | None:
    from mtdata.programme.export.output import placed_file

    return placed_file(settings, place)


def _growing_records(settings: Settings) -> Iterable[Growing]:
    from mtdata.programme.keeping import of_uploads  # which brings Django along

    return of_uploads()


CHECKS = Checks(
    whose="forms for OUTPUT of programme.config",
    example=("forms", "OUTPUT of programme.config alone, where form responses go"),
    told="Where programme.config names OUTPUT or MAIL_ALLOWED, a small file is put there as well.",
    names=_names,
    look=_look,
    needs_state=True,
    offline=_offline,
    folders=_folders,
)
PROGRAMME = Duty(
    name="programme",
    kinds=_kinds,
    config_files=("programme.config",),
    checks=CHECKS,
    about="programme data: teams in from CSV, with stop and undo; form responses in and out",
    examples=(
        ("teams import teams.csv", "bring teams in; every row is checked before any is written"),
        ("forms export", "form responses as a file"),
    ),
    commands=("programme",),
    demo="programme.command",
    placed_file=_placed_file,
    growing_records=_growing_records,
    pages="programme",
)
