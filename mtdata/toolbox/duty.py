"""The toolbox's entry in the table of duties; it only names what does the work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mtdata.jobs.duty import Checks, Duty

if TYPE_CHECKING:  # what carries something loads them
    from mtdata.config import Settings
    from mtdata.core.checks import Finding
    from mtdata.jobs.kind import Kinds


def _kinds() -> Kinds:
    from mtdata.toolbox.jobs import KINDS  # only those need it who have jobs

    return KINDS


def _names(settings: Settings) -> Sequence[str]:
    return []


def _look(settings: Settings, name: str, *, is_named: bool) -> list[Finding]:
    return []


def _codebooks(settings: Settings) -> list[Finding]:
    from mtdata.toolbox.codebook.check import check_codebooks

    return check_codebooks(settings)


def _offline(settings: Settings, names: Sequence[str]) -> list[Finding]:
    return _codebooks(settings)  # they are a part of the config


CHECKS = Checks(
    whose="",
    example=("", ""),
    names=_names,
    look=_look,
    folders=_codebooks,
    offline=_offline,
)
TOOLBOX = Duty(
    name="toolbox",
    kinds=_kinds,
    config_files=(),
    checks=CHECKS,
    about="what a pool holds: is it complete, clean and ready to analyse?",
    examples=(
        ("report scale mysite", "is what was logged there, task by task?"),
        ("quality all", "are the entries complete, there once, and in range?"),
        ("query 'SELECT count(*) FROM QOL'", "a question in SQL over the sheets"),
        ("freeze datasets", "a dated dataset that other tools open"),
        ("codebook QOL", "what the variables of a scale mean, and how it is scored"),
    ),
    pages="toolbox",
    views=(
        "toolbox_report",
        "toolbox_quality",
        "toolbox_scores",
        "toolbox_codebook",
        "toolbox_query",
        "toolbox_freeze",
    ),
)
