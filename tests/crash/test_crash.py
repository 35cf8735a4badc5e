"""A round cut at each of its system calls and requests, then mended: nothing lost, none doubled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import LONG, SEED, requires_program
from tests.crash.cutting import CALLS, Cut, Verdict, Workshop, sampled

A_CALL = 10**6 if LONG else 10
ERRORS = [("fsync", "EIO"), ("fdatasync", "EIO"), ("pwrite64", "ENOSPC")]

pytestmark = [
    requires_program("strace", "apt-get install strace"),
    pytest.mark.timeout(3600),
]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    return Workshop(tmp_path_factory.mktemp("crash"))


def _sound(verdicts: list[Verdict], codes: set[int]) -> None:
    wrong = [f"{v.cut}: {fault}" for v in verdicts for fault in v.faults]
    wrong += [f"{v.cut}: ended with {v.code}" for v in verdicts if v.code not in codes]
    print(f"\ntried {len(verdicts)} cuts, seed {SEED}: {', '.join(str(v.cut) for v in verdicts)}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("call", CALLS)
def test_a_round_killed_at_a_system_call_loses_nothing(workshop: Workshop, call: str) -> None:
    cuts = [Cut(call, number) for number in range(1, workshop.counts[call] + 1)]
    if call in ("fsync", "fdatasync", "pwrite64", "rename", "sendto"):
        assert cuts, f"an undisturbed round makes no {call}"
    # threads count by themselves, so the last ones may not be reached: then it ends as usual
    _sound(workshop.judge(sampled(cuts, A_CALL, SEED)), {-9, 137, 0, 1})


@pytest.mark.parametrize(("call", "error"), ERRORS)
def test_a_round_whose_disk_refuses_loses_nothing(
    workshop: Workshop, call: str, error: str
) -> None:
    cuts = [Cut(call, number, error) for number in range(1, workshop.counts[call] + 1)]
    _sound(workshop.judge(sampled(cuts, A_CALL, SEED)), {0, 1, 74})


@pytest.mark.parametrize("when", ["request", "request done"])
def test_a_round_killed_at_a_request_loses_nothing(workshop: Workshop, when: str) -> None:
    cuts = [Cut(when, number) for number in range(1, workshop.requests + 1)]
    _sound(workshop.judge(sampled(cuts, A_CALL, SEED)), {-9, 0, 1})
