"""A page with accounts at two instances of CAKE, their guests, and jobs of each; no test itself.

The first instance speaks http, as a stand-in on this machine may; the second one TLS.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import requests

from mtdata.config import load
from mtdata.demo.cake.site import KEY, CakeSite
from mtdata.duties import KINDS
from tests.adapters.certificates import self_signed
from tests.web.site import Visitor, WebSite

WORD, WRONG, GIVEN = "Kanarienvogel 47", "Kolibri 48 falsch", "ZaunkoenigKey49"
"""A password that is right, one that is not, and the key that comes back."""
SORTS = ("first", "second", "none")
"""Jobs of the account at the first instance, of that at the second, of no account."""
DAYS = {"from": "2023-05-02", "to": "2023-05-02"}


class Made(NamedTuple):
    """A finished job, what came out of it, and the link to that."""

    job: str
    artifact: int
    link: str


class Office(WebSite):
    """The page, with `first` and `second` in its export.config."""

    def __init__(self, folder: Path, first: CakeSite, second: CakeSite, authority: str) -> None:
        self.instances = {"first": first, "second": second}
        shared = {"API_KEY": KEY, "TIMEZONE": "Europe/Berlin", "TIMEOUT": "1s"}
        accounts = {
            "first": {"ADMIN_DOMAIN": first.domain, "SCHEME": "http", "OUTPUT": "one", **shared}
            | {"DAILY_AT": "00:00"},
            "second": {"ADMIN_DOMAIN": second.domain, "OUTPUT": "two", **shared},
        }
        self.stderr = folder / "stderr"
        with self.stderr.open("wb") as stderr:
            env = {**os.environ, "REQUESTS_CA_BUNDLE": authority, "VERBOSITY": "2", "EVEN_S": "0"}
            super().__init__(
                folder,
                "sqlite:///state/programme.sqlite3",
                {"export": {"CAKE": accounts}},
                stderr=stderr,
                env=env,
            )
        self.settings = load(self.config, {})
        self.guest = cache(self._guest)

    def know(self, email: str, where: str = "first") -> None:
        """From now on that instance accepts this user."""
        self.instances[where].users[email] = (WORD, GIVEN)

    def come(
        self,
        email: str,
        where: str = "first",
        password: str = WORD,
        address: str = "127.0.0.1",
        **more: str,
    ) -> tuple[Visitor, requests.Response]:
        """Somebody who tries to log in with CAKE from there, and what the page answers."""
        visitor = Visitor(self.url)
        visitor.headers["X-Forwarded-For"] = address
        given = {"admin_domain": self.instances[where].domain, "email": email} | more
        return visitor, visitor.submit("/login/cake/", "/login/", password=password, **given)

    def _guest(self, where: str) -> Visitor:
        """Somebody of that instance, logged in."""
        email = f"{where}@example.com"
        self.know(email, where)
        visitor, answer = self.come(email, where)
        assert answer.status_code == 302, answer.text
        return visitor

    def asked(self, where: str = "first") -> int:
        """How often that instance was asked for a log-in."""
        return sum(one.operation == "GetAPIKey" for one in self.instances[where].calls)

    def forget_tries(self) -> None:
        """Nobody has failed, and nobody is known; the records of this process are ours."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM web_tries")

    def made(self, sort: str) -> Made:
        """A job that is done, of one of SORTS."""
        from mtdata.jobs import queue
        from mtdata.jobs.records.asking import now
        from mtdata.jobs.records.models import Artifact, Job

        if sort == "none":
            job = self.place.enter()
        else:
            given = DAYS | {"account": sort}
            job = str(queue.add(self.settings, KINDS, "cake.clicks", given, "somebody").pk)
        Job.objects.filter(pk=job).update(status="Success", ended_at=now())
        file = self.place.folder / f"{job}.csv"
        file.write_text(f"of {sort}\r\n")
        made = Artifact.objects.create(job_id=job, name="a.csv", place=str(file), made_at=now())
        shown = self.visitor("operator").get(f"/jobs/{job}/").text
        return Made(job, made.pk, "/d/" + shown.partition('href="/d/')[2].partition('"')[0])


@contextmanager
def open_office(folder: Path) -> Iterator[Office]:
    """An office while the `with` lasts."""
    certificate, key = self_signed(folder)
    how: dict[str, Any] = {"clicks_a_day": 24, "events_a_day": 24}
    with CakeSite(**how) as first, CakeSite(**how, tls=(certificate, key)) as second:
        office = Office(folder, first, second, certificate)
        try:
            yield office
        finally:
            office.close()
