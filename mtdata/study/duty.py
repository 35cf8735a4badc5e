"""The study's entry in the table of duties; it only names what does the work."""

from __future__ import annotations

from mtdata.jobs.duty import Checks, Duty
from mtdata.jobs.kind import Kinds
from mtdata.study.operations import check, commands
from mtdata.study.operations.opening import incident_ledgers
from mtdata.study.operations.tasks import ROUNDS


def _kinds() -> Kinds:
    from mtdata.study.operations.jobs import KINDS  # only those need it who have jobs

    return KINDS


CHECKS = Checks(
    whose="a site's NAME", example=("mysite --json", ""), names=check.names, look=check.check_named
)
STUDY = Duty(
    name="study",
    kinds=_kinds,
    config_files=("server.config", "recovery.config"),
    checks=CHECKS,
    about="answers to questionnaires: off a study's web site, into daily sheets",
    examples=(
        ("export", "one round of every READY site"),
        ("export mysite DASS21_AS", "one scale of one site"),
        ("decode mysite --check", "can every sheet be rebuilt from raw, byte for byte?"),
    ),
    commands=("study",),
    views=("study_state", "pool", "erase"),
    demo="study.command",
    incident_ledgers=incident_ledgers,
    rounds=ROUNDS,
    metrics=commands.fill_metrics,
    pages="study",
)
