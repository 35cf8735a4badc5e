"""Programme data's entry in the table of duties; it only names what does the work."""

from __future__ import annotations

from mtdata.jobs.duty import Checks, Duty
from mtdata.jobs.kind import Kinds
from mtdata.programme import check
from mtdata.programme.export import output


def _kinds() -> Kinds:
    from mtdata.programme.export import job
    from mtdata.programme.jobs import KINDS

    return {**KINDS, **job.KINDS}


CHECKS = Checks(
    whose="forms for OUTPUT of programme.config",
    example=("forms", "OUTPUT of programme.config alone, where form responses go"),
    told="Where programme.config names OUTPUT or MAIL_ALLOWED, a small file is put there as well.",
    names=check.names,
    look=check.look,
    needs_state=True,
    folders=check.folders,
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
    placed_file=output.placed_file,
    pages="programme",
)
