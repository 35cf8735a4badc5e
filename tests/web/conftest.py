"""One web page for all of these tests; what a test adds it looks for by its own name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mtdata.jobs.records import setting
from tests.web.logged import LoggedSite
from tests.web.office import Office, open_office
from tests.web.pooled import PooledSite
from tests.web.site import WebSite


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSite]:
    """The page, until the last test has ended."""
    folder = tmp_path_factory.mktemp("web")
    site = WebSite(folder, "sqlite:///state/programme.sqlite3")
    yield site
    site.close()


@pytest.fixture
def web(served: WebSite) -> Iterator[WebSite]:
    """The page, with the records of this process turned to its own."""
    setting.open_records(served.place.settings.database)
    yield served
    served.place.stop()
    served.place.forget()
    setting.close_records()


@pytest.fixture(scope="session")
def pooled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PooledSite]:
    """A page with pools; until the last test has ended."""
    site = PooledSite(tmp_path_factory.mktemp("pooled"))
    yield site
    site.close()


@pytest.fixture
def pools(pooled: PooledSite) -> Iterator[PooledSite]:
    """The same, with the records of this process turned to its own."""
    setting.open_records(pooled.place.settings.database)
    yield pooled
    pooled.place.stop()
    setting.close_records()


@pytest.fixture(scope="session")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoggedSite]:
    """A page with web logs; until the last test has ended."""
    site = LoggedSite(tmp_path_factory.mktemp("logged"))
    yield site
    site.close()


@pytest.fixture
def logs(logged: LoggedSite) -> Iterator[LoggedSite]:
    """The same, with the records of this process turned to its own."""
    setting.open_records(logged.place.settings.database)
    yield logged
    logged.place.forget()
    setting.close_records()


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A page with accounts of CAKE; until the last test has ended."""
    with open_office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def office(opened: Office) -> Iterator[Office]:
    """The same, with the records of this process turned to its own; each test has own people."""
    setting.open_records(opened.settings.database)
    yield opened
    for instance in opened.instances.values():
        instance.heal()
    opened.forget_tries()
    setting.close_records()


@pytest.fixture
def no_job(office: Office) -> Iterator[None]:
    """No job is there but what the test queues, which is gone before the next."""
    office.place.forget()
    yield
    office.place.forget()
