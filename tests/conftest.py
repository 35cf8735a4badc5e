"""How the tests run: what may be skipped, the seed, the property tests; it tests nothing itself."""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests import loading, memory, reliability, stages
from tests.tally import FILES, SECONDS, TRIED, file_of, of_whole_suites, took

if TYPE_CHECKING:
    from mtdata.demo.study.sixty_days.pool import StudyPool
    from tests.bucket import Bucket, Store

LONG = os.environ.get("MTDATA_LONG") == "1"
BROKEN: set[str] = set()
"""Files in which a test failed, or was skipped."""
NO_SKIP = os.environ.get("MTDATA_NO_SKIP") == "1"
SEED = int(os.environ.setdefault("MTDATA_SEED", str(random.SystemRandom().randrange(10**9))))

# A slow machine is no fault of the program; what it finds is repeated by the example it prints.
_CALM = settings(deadline=None, derandomize=False, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("short", _CALM, max_examples=50)
settings.register_profile("long", _CALM, max_examples=2000)
settings.load_profile("long" if LONG else "short")


# Nothing of this machine may lead a test to AWS; processes that tests start inherit it.
for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_CA_BUNDLE"]:
    del os.environ[name]
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


if (folder := memory.folder_in_memory()) is not None:
    os.environ["TMPDIR"], tempfile.tempdir = folder, folder


# Each start would look for plug-ins in every package that the tests have installed.
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"

LONGEST_FIRST = ("crash", "endurance", "jobs", "benchmarks", "system", "web")
"""Folders whose files take long: begun first, so that in the end no process waits for another."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Load all test files ahead where all are collected."""
    if session.config.args == session.config.getini("testpaths"):
        loading.load_ahead()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long files before short ones; within each folder the order stays the random one."""
    rank = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.parent.name, len(rank)))


def requires_program(name: str, how: str) -> pytest.MarkDecorator:
    """Mark tests that need a program of the system; `how` is the command that installs it."""
    return pytest.mark.skipif(
        shutil.which(name) is None, reason=f"{name} is not installed; get it with: {how}"
    )


@pytest.fixture
def seed() -> int:
    """The seed of this run's own random choices (MTDATA_SEED), printed at the start."""
    return SEED


@pytest.fixture(scope="session")
def store() -> Iterator[Store]:
    """A store that speaks as S3 does, for all tests."""
    from tests.bucket import store_started  # moto takes its time to load

    with store_started() as started:
        yield started


@pytest.fixture
def bucket(store: Store) -> Iterator[Bucket]:
    """A bucket of its own for each test, in a store without faults."""
    from tests.bucket import Bucket

    store.heal()
    yield Bucket(store)
    store.heal()


@pytest.fixture(scope="session")
def sixty_days(tmp_path_factory: pytest.TempPathFactory) -> StudyPool:
    """The pool of sixty days of a study, the same for all workers: nobody changes it."""
    from tests.sixty_days import shared_pool  # made when the first test wants it

    base = tmp_path_factory.getbasetemp()
    return shared_pool(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Print both seeds first: the header that has them is left out by -q."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        order = session.config.getoption("randomly_seed", None)
        reporter.write_line(f"{again()} --randomly-seed={order}{' (long)' if LONG else ''}")


def again() -> str:
    return f"the same random choices again: MTDATA_SEED={SEED} bin/test"


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """What a worker of pytest-xdist tells goes as UTF-8; half a pair in a text cannot."""
    return _sayable((yield))


def _sayable(told: Any) -> Any:
    if isinstance(told, str):
        return told.encode("utf-8", "backslashreplace").decode()
    if isinstance(told, dict):
        return {name: _sayable(value) for name, value in told.items()}
    return [_sayable(one) for one in told] if isinstance(told, list | tuple) else told


def pytest_runtest_teardown() -> None:
    """Close the ledgers of the test, where there were any; no line of its log comes in the next."""
    if repeats := sys.modules.get("mtdata.logs.repeats"):
        repeats.REPEATS.finish()
    if opened := sys.modules.get("tests.ledgers"):
        opened.close_all()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count the time of a test, of whichever process."""
    took(report.nodeid, report.duration)
    if not report.passed:
        BROKEN.add(file_of(report.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over what a worker of pytest-xdist has tried."""
    for suite, kind, count in getattr(node, "workeroutput", {}).get("tried", []):
        TRIED[suite, kind] += count
    for suite, file in getattr(node, "workeroutput", {}).get("files", []):
        FILES[suite].add(file)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where skipping is forbidden (MTDATA_NO_SKIP=1), a skip fails the run; else it is counted."""
    if NO_SKIP and session.exitstatus == pytest.ExitCode.OK and any(_skips(session.config)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["tried"] = [(*of, count) for of, count in TRIED.items()]
        output["files"] = [(suite, file) for suite, files in FILES.items() for file in files]
        return
    ended = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    may_count = LONG and session.exitstatus in ended and _is_whole(session.config)
    if may_count and (tried := of_whole_suites(BROKEN)):
        reliability.write(tried, SEED)


def _is_whole(config: pytest.Config) -> bool:
    """Whether no test was picked out of a file: a part of a suite must not stand for all of it."""
    picked = any("::" in word for word in config.args)
    options = ("keyword", "markexpr", "deselect", "lf", "last_failed")
    return not picked and not any(config.getoption(name, None) for name in options)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say aloud what did not run and how to get it, and which stages of bin/test failed."""
    write = terminalreporter.write_line
    if TRIED:
        terminalreporter.section("TRIED")
        for suite, total in sorted(reliability.totals(TRIED).items()):
            write(f"{total:7,} {suite}")
    terminalreporter.section("SECONDS")
    for suite, seconds in sorted(SECONDS.items(), key=lambda item: -item[1]):
        write(f"{seconds:7,.0f} tests/{suite}")
    reasons = Counter(_skips(config))
    if reasons:
        terminalreporter.section("SKIPPED", red=NO_SKIP, yellow=not NO_SKIP, bold=True)
        for reason, count in reasons.most_common():
            write(f"{count} skipped: {reason}")
        if NO_SKIP:
            write("MTDATA_NO_SKIP=1 forbids that: this run has FAILED.", red=True)
    failed = stages.failed()
    if failed:
        terminalreporter.section("STAGES THAT FAILED", red=True, bold=True)
        for said in filter(None, failed.values()):
            write(said)
        write(f"{', '.join(failed)}: this run has FAILED whatever the tests say.")
    if terminalreporter.stats.get("failed"):
        write(again())


def _skips(config: pytest.Config) -> Iterator[str]:
    """Give the reason of each skipped test or file."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    for report in reporter.stats.get("skipped", []) if reporter else []:
        _, _, reason = report.longrepr
        yield reason.removeprefix("Skipped: ")
