"""The study's entry in the table of duties; it only names what does the work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from mtdata.jobs.duty import Checks, Duty

if TYPE_CHECKING:  # what carries something loads them
    from mtdata.alerts.ledgers import IncidentLedgers
    from mtdata.config import Settings, SiteConfig
    from mtdata.core.checks import Finding
    from mtdata.core.keeping import Growing
    from mtdata.core.metrics import MetricsPage
    from mtdata.core.plugins import PluginTable
    from mtdata.jobs.kind import Kinds
    from mtdata.jobs.rounds import Rounds


def _kinds() -> Kinds:
    from mtdata.study.operations.jobs import KINDS  # only those need it who have jobs

    return KINDS


def _names(settings: Settings) -> Sequence[str]:
    return [site.name for site in settings.sites]


def _look(settings: Settings, name: str, *, is_named: bool) -> list[Finding]:
    from mtdata.study.operations.check import check_named  # with all that collects

    return check_named(settings, name, is_named=is_named)


def _offline(settings: Settings, names: Sequence[str]) -> list[Finding]:
    from mtdata.study.operations.offline import check_offline

    return check_offline(settings, names)


def _ledgers(settings: Settings) -> IncidentLedgers:
    from mtdata.study.operations.opening import incident_ledgers  # with all that opens a pool

    return incident_ledgers(settings) if settings.sites else {}


def _rounds() -> Rounds[SiteConfig]:
    from mtdata.study.operations.tasks import ROUNDS  # only the daemon needs it

    return ROUNDS


def _growing(settings: Settings) -> Iterable[Growing]:
    from mtdata.study.operations.keeping import of_pools  # with all that opens a pool

    return of_pools(settings)


def _plugins() -> Sequence[PluginTable[Any]]:
    from mtdata.study import collectors, replicas  # with all that collects

    return collectors.OTHERS, replicas.OTHERS


def _fill_metrics(settings: Settings, page: MetricsPage) -> None:
    from mtdata.study.operations.commands import fill_metrics

    fill_metrics(settings, page)


CHECKS = Checks(
    whose="a site's NAME",
    example=("mysite --json", ""),
    names=_names,
    look=_look,
    offline=_offline,
)
STUDY = Duty(
    name="study",
    kinds=_kinds,
    config_files=("server.config", "recovery.config"),
    checks=CHECKS,
    about="answers to questionnaires: off a study's web site, into daily sheets",
    to_edit="SERVER, USER, PASS, PATH and PRIVATE_FILE of your site, then READY: True",
    examples=(
        ("export", "one round of every READY site"),
        ("export mysite DASS21_AS", "one scale of one site"),
        ("decode mysite --check", "can every sheet be rebuilt from raw, byte for byte?"),
    ),
    commands=("study",),
    views=("study_state", "receipts", "pool", "erase", "backup"),
    demo="study.command",
    incident_ledgers=_ledgers,
    rounds=_rounds,
    metrics=_fill_metrics,
    growing=_growing,
    pages="study",
    plugins=_plugins,
)
