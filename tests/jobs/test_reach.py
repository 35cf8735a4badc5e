"""Which jobs belong to an account, asked of every database; names that differ in little differ."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mtdata.duties import KINDS
from mtdata.jobs.records import queries
from mtdata.jobs.records.models import Job
from tests.jobs.place import Place

OURS = ("cake.clicks", "cake.conversions")
NAMES = ("shop", "Shop", "shop2", "sho", 'sh"op', "null", "1", "shöp")


def test_jobs_of_some_accounts_are_those_and_no_others(
    place: Place,
) -> None:
    from mtdata.jobs.records.asking import now
    from mtdata.web.access.scope import Scope

    def enter(kind: str, name: str, parameters: Any) -> None:
        Job.objects.create(name=name, kind=kind, parameters=parameters, created_at=now())

    for name in NAMES:
        for kind in (*OURS, "rows"):
            # a number first: some databases take a and A for one name of a job
            given = {"account": name, "from": "2023-05-02"}
            enter(kind, f"{NAMES.index(name)}-{kind}-{name}", given)
    for number, odd in enumerate(({}, {"account": ["shop"]}, ["shop"], "shop")):
        enter("cake.clicks", f"odd {number}", odd)
    kinds = {name: kind for name, kind in KINDS.items() if kind.account}
    for asked in ((), ("shop",), ("Shop", "1"), ("null",), NAMES):
        settings: Any = SimpleNamespace()
        found = queries.job_page(within=Scope(settings, kinds, (), asked).jobs)
        expected = {f"{NAMES.index(name)}-{kind}-{name}" for kind in OURS for name in asked}
        assert ({job["name"] for job in found.jobs}, found.total) == (expected, len(expected))
    assert queries.job_page().total == 3 * len(NAMES) + 4
