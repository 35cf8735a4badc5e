"""A round cut at each of its system calls and requests, then mended: nothing lost, none doubled."""

from __future__ import annotations

import pytest

from tests.conftest import LONG, requires_program
from tests.crash.cutting import CALLS, KILLED, Workshop, sampled, sound
from tests.crash.story import FirstStory, Story
from tests.crash.tracing import Cut

SUITE = "system calls cut"
A_CALL = 10**6 if LONG else 2
ALWAYS = {"pwrite64", "pread64", "fsync", "fdatasync", "rename", "unlink", "openat", "sendto",
          "recvfrom"}  # fmt: skip
READS = {"read", "pread64"}
"""No disk is too full to read from."""
ERRORS = [(call, "EIO") for call in CALLS]
ERRORS += [(call, "ENOSPC") for call in CALLS if call not in READS]
ERRORS += [("connect", "ETIMEDOUT"), ("sendto", "ETIMEDOUT"), ("recvfrom", "ECONNRESET")]
LASTING = [("pwrite64", "ENOSPC"), ("write", "ENOSPC"), ("openat", "ENOSPC"), ("fsync", "EIO"),
           ("fdatasync", "EIO"), ("pread64", "EIO"), ("recvfrom", "ECONNRESET")]  # fmt: skip
REFUSED = {0, 1, 69, 74, 78}
"""What a round may end with whose disk or network refuses; never a fault of the program, 70."""

pytestmark = [
    requires_program("strace", "apt-get install strace"),
    pytest.mark.timeout(7200),
]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("crash"), Story()).count()


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("first"), FirstStory()).count()


def _tried(workshop: Workshop, cut: Cut, codes: set[int]) -> None:
    cuts = [cut._replace(number=n) for n in range(1, workshop.counts[cut.call] + 1)]
    if cut.call in ALWAYS:
        assert cuts, f"an undisturbed round makes no {cut.call}"
    verdicts = workshop.judge(sampled(cuts, A_CALL, cut.kind), workshop.at_call)
    sound(SUITE, verdicts, codes, {workshop.story.code})


@pytest.mark.parametrize("call", CALLS)
def test_a_round_killed_at_a_system_call_loses_nothing(workshop: Workshop, call: str) -> None:
    _tried(workshop, Cut(call, 1), {*KILLED})


@pytest.mark.parametrize("call", ["pwrite64", "fdatasync", "openat", "mkdir", "ftruncate"])
def test_the_first_round_of_a_pool_may_be_killed_as_well(first: Workshop, call: str) -> None:
    _tried(first, Cut(call, 1), {*KILLED})


@pytest.mark.parametrize(("call", "error"), ERRORS)
def test_a_round_that_the_system_refuses_a_call_loses_nothing(
    workshop: Workshop, call: str, error: str
) -> None:
    _tried(workshop, Cut(call, 1, error), REFUSED)


@pytest.mark.parametrize(("call", "error"), LASTING)
def test_a_round_that_is_refused_from_then_on_loses_nothing(
    workshop: Workshop, call: str, error: str
) -> None:
    _tried(workshop, Cut(call, 1, error, lasting=True), REFUSED)


@pytest.mark.parametrize("when", ["request", "request done"])
def test_a_round_killed_at_a_request_loses_nothing(workshop: Workshop, when: str) -> None:
    cuts = [Cut(when, number) for number in range(1, workshop.requests + 1)]
    verdicts = workshop.judge(sampled(cuts, 2 * A_CALL, when), workshop.at_request)
    # answers come in any order, so the last request may not be made at all
    sound(SUITE, verdicts, {*KILLED}, {workshop.story.code})
