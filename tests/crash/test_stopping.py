"""A round that is asked to end, at any call and at any moment: 143, nobody left, nothing lost."""

from __future__ import annotations

import signal
import subprocess
import time
from random import Random

import pytest

from tests.conftest import LONG, SEED, requires_program
from tests.crash.cutting import KILLED, Verdict, Workshop, sampled, sound
from tests.crash.stage import WITH_WORKERS
from tests.crash.story import CrowdStory, Story
from tests.crash.tracing import Cut

SUITE = "rounds asked to end"
A_CALL = 10**6 if LONG else 2
MOMENTS = 60 if LONG else 2
CALLS = "pread64 fsync fdatasync rename unlink mkdir sendto recvfrom".split()
STOPPED = 143
UNBORN = -signal.SIGTERM
"""Before the command line has begun there is nothing to end in order."""

pytestmark = [
    requires_program("strace", "apt-get install strace"),
    pytest.mark.timeout(7200),
]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("stopping"), Story()).count()


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    folder = tmp_path_factory.mktemp("crowd")
    return Workshop(folder, CrowdStory(), WITH_WORKERS)


@pytest.mark.parametrize("call", CALLS)
def test_a_round_asked_to_end_at_a_system_call_ends_in_order(workshop: Workshop, call: str) -> None:
    cuts = [Cut(call, number, "SIGTERM") for number in range(1, workshop.counts[call] + 1)]
    few = sampled(cuts, A_CALL, f"SIGTERM {call}")
    sound(SUITE, workshop.judge(few, workshop.at_call), {STOPPED}, {workshop.story.code})


@pytest.mark.parametrize("deed", ["SIGTERM", "SIGKILL"])
def test_a_round_ended_at_any_moment_leaves_no_worker_and_loses_nothing(
    crowd: Workshop, deed: str
) -> None:
    random = Random(f"{SEED} {deed}")
    moments = [(number, random.random()) for number in range(MOMENTS)]

    def attempt(moment: tuple[int, float]) -> Verdict:
        with crowd.stage() as stage:
            pids = stage.home / "pids"

            def end(process: subprocess.Popen[str]) -> None:
                while moment[0] % 2 and process.poll() is None and not pids.exists():
                    time.sleep(0.01)  # every other time while workers are at work
                time.sleep(moment[1] * (0.5 if moment[0] % 2 else 1.5))
                process.send_signal(signal.Signals[deed])

            ended = stage.start(*stage.round(), meanwhile=end)
            verdict = crowd.judged(stage, f"moment {moment}", f"{deed} at any moment", ended)
            return verdict._replace(hit=ended.code != crowd.story.code)

    codes = {STOPPED, UNBORN} if deed == "SIGTERM" else {*KILLED}
    sound(SUITE, crowd.judge(moments, attempt), codes, {crowd.story.code})
