"""A round that is forked from a preloaded process does what a round that is started does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import requires_program
from tests.crash.cutting import Workshop
from tests.crash.stage import Ended, Stage
from tests.crash.story import Story
from tests.crash.tracing import TRACER, spelled

pytestmark = requires_program("strace", "apt-get install strace")

CALLS = "pwrite64 fsync fdatasync rename ftruncate unlink mkdir".split()
NUMBERS = re.compile(r"\d+")
CALL = re.compile(r'^(\w+)\([^<"]*[<"]([^>"]*)[>"]')


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("preloaded"), Story())


def _calls(stage: Stage, log: Path) -> Iterator[str]:
    """The calls of the main thread that touch the home, each with the file that it names."""
    lines = log.read_text(errors="replace").splitlines()
    main = lines[0].split()[0]
    for line in lines:
        thread, _, told = line.partition(" ")
        found = CALL.match(told.strip())
        if thread == main and found and found[2].startswith(str(stage.home)):
            yield f"{found[1]} {found[2].removeprefix(str(stage.home))}"


def _traced(workshop: Workshop, *, forked: bool) -> tuple[int, list[str], Ended]:
    with workshop.stage() as stage:
        log = stage.home / "trace"
        names = ",".join(map(spelled, CALLS))
        tracer = (*TRACER, "-y", "-o", str(log), "-e", f"trace={names}")
        ended = stage.export(*tracer) if forked else stage.start(*tracer, *stage.round())
        return len(stage.site.deletes), [*_calls(stage, log)], ended


def test_a_forked_round_makes_the_calls_of_one_that_is_started_and_says_the_same(
    workshop: Workshop,
) -> None:
    deletes, calls, ended = _traced(workshop, forked=True)
    assert ended.code == workshop.story.code
    assert deletes > 5
    assert len(calls) > 100
    started = _traced(workshop, forked=False)
    assert calls == started[1]
    assert (deletes, ended.code) == (started[0], started[2].code)
    assert [NUMBERS.sub("0", text) for text in ended[1:]] == [
        NUMBERS.sub("0", text) for text in started[2][1:]
    ]


def test_a_forked_round_loads_nothing_of_the_program_anew(workshop: Workshop) -> None:
    """Each of the hundreds of rounds would: tests/preloaded.py names it."""
    with workshop.stage() as stage:
        stage.program = ("-m", "tests.newcomers")
        ended = stage.export()
        assert ended.code == workshop.story.code, ended
        assert json.loads(ended.out) == []
