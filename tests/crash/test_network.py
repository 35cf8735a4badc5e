"""Every exchange with the site cut, delayed, reordered and truncated on the wire, then mended."""

from __future__ import annotations

import pytest

from tests.conftest import LONG
from tests.crash.cutting import Verdict, Workshop, sampled, sound
from tests.crash.oracle import left_on_site
from tests.crash.proxy import Mischief, Proxy
from tests.crash.stage import PATIENT_S
from tests.crash.story import Story

SUITE = "network exchanges twisted"
A_KIND = 10**6 if LONG else 3
SHORT_S = 1.0
"""TIMEOUT where the wire falls silent; everywhere else nobody has to wait for it."""
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
HARMLESS = {"late", "drips", "reorders"}
"""The site's answers come, and they are whole: the round must do all that it had to do."""

pytestmark = pytest.mark.timeout(7200)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    one = Workshop(tmp_path_factory.mktemp("network"), Story())
    verdict, exchanges = _twisted(one, None)
    assert (verdict.code, verdict.faults) == (1, [])
    one.requests = len(exchanges)
    return one


def _twisted(
    workshop: Workshop, mischief: Mischief | None, seed: str = ""
) -> tuple[Verdict, list[str]]:
    waits = mischief is not None and (mischief.how == "silence" or mischief.kind == "too late")
    with workshop.stage() as stage, Proxy(stage.site.url, mischief, seed) as proxy:
        stage.configure(server=proxy.url, timeout_s=SHORT_S if waits else PATIENT_S)
        ended = stage.export()
        stage.configure()
        kind = mischief.label if mischief else "nothing"
        faults = []
        if mischief and mischief.kind in HARMLESS:
            faults = list(left_on_site(stage, workshop.story))
        verdict = workshop.judged(stage, mischief, kind, ended)
        verdict = verdict._replace(hit=proxy.reached, faults=faults + verdict.faults)
        return verdict, proxy.exchanges


def _tried(workshop: Workshop, deeds: list[Mischief], codes: set[int]) -> None:
    few = sampled(deeds, A_KIND, str(deeds[0].label))
    verdicts = workshop.judge(few, lambda deed: _twisted(workshop, deed, f"{deed}")[0])
    sound(SUITE, verdicts, codes, {1})
    assert any(verdict.hit for verdict in verdicts)


def _each(workshop: Workshop, *kinds: Mischief) -> list[Mischief]:
    numbers = range(1, workshop.requests + 1)
    return [kind._replace(number=number) for number in numbers for kind in kinds]


@pytest.mark.parametrize("how", ["end", "reset", "silence"])
def test_a_request_that_breaks_off_loses_nothing(workshop: Workshop, how: str) -> None:
    kinds = [Mischief(0, "request", share, how) for share in (0.0, 0.25, 0.49)]
    _tried(workshop, _each(workshop, *kinds), {1, 69})


@pytest.mark.parametrize("how", ["end", "reset", "silence"])
def test_an_answer_that_breaks_off_loses_nothing(workshop: Workshop, how: str) -> None:
    kinds = [Mischief(0, "answer", share, how) for share in SHARES]
    _tried(workshop, _each(workshop, *kinds), {1, 69})


def test_an_answer_that_comes_when_nobody_waits_any_more_loses_nothing(workshop: Workshop) -> None:
    kind = Mischief(0, "too late", how="late", seconds=1.5 * SHORT_S)
    _tried(workshop, _each(workshop, kind), {1, 69})


@pytest.mark.parametrize("how", ["end", "reset"])
def test_a_connection_that_ends_behind_an_answer_is_no_fault(workshop: Workshop, how: str) -> None:
    _tried(workshop, _each(workshop, Mischief(0, "hangs up", how=how)), {1, 69})


def test_answers_that_come_late_or_in_crumbs_are_answers(workshop: Workshop) -> None:
    late = Mischief(0, "late", seconds=0.3)
    _tried(workshop, _each(workshop, late, Mischief(0, "drips")), {1})


def test_answers_of_deletes_may_come_in_any_order(workshop: Workshop) -> None:
    times = 20 if LONG else 2
    windows = [Mischief(n, "reorders", seconds=t) for n in (2, 3, 4) for t in range(times)]
    _tried(workshop, windows, {1})
