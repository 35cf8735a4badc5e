"""Workers that are killed, refused or stopped anywhere, and a value that ends them all."""

from __future__ import annotations

import json
from base64 import b64decode
from hashlib import sha256

import pytest

from tests.conftest import LONG, requires_program
from tests.crash.cutting import KILLED, WORKER_CALLS, Workshop, sampled, sound
from tests.crash.oracle import deletes_without_proof, left_behind, secrets_in
from tests.crash.stage import WITH_WORKERS, Ended, Stage
from tests.crash.story import CrowdStory, Entry
from tests.crash.tracing import Cut
from tests.crash.witness import raw_files, rows_of
from tests.tally import tried

SUITE = "worker processes cut"
A_CALL = 40 if LONG else 2
"""Of the reads and openings of a worker nearly all are the interpreter's own, and alike."""
DEEDS = ("SIGKILL", "EIO", "ENOSPC")
AT_WORK = ("write", "read", "sendto", "recvfrom", "fdatasync", "fsync", "pwrite64", "unlink")
WHOLE = {0}
"""Nothing is held, whatever becomes of one worker."""

pytestmark = [
    requires_program("strace", "apt-get install strace"),
    pytest.mark.timeout(7200),
]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    folder = tmp_path_factory.mktemp("workers")
    return Workshop(folder, CrowdStory(), WITH_WORKERS).count()


@pytest.fixture(scope="module")
def calls(workshop: Workshop) -> dict[str, int]:
    """How often a worker that is left alone makes each call."""
    return workshop.count_in_worker()


@pytest.mark.parametrize("call", WORKER_CALLS)
@pytest.mark.parametrize("deed", DEEDS)
def test_a_worker_that_is_cut_anywhere_is_replaced_and_its_work_done_again(
    workshop: Workshop, calls: dict[str, int], call: str, deed: str
) -> None:
    cuts = [Cut(call, number, deed) for number in range(1, calls[call] + 1)]
    assert cuts, f"a worker makes no {call}"
    few = sampled(cuts, A_CALL, f"worker {call} {deed}")
    sound(SUITE, workshop.judge(few, workshop.in_first_worker), WHOLE, WHOLE)


def test_a_worker_that_hangs_is_replaced_and_its_work_done_again(
    workshop: Workshop, calls: dict[str, int]
) -> None:
    cuts = [Cut("write", number, "SIGSTOP") for number in range(1, calls["write"] + 1)]
    few = sampled(cuts, A_CALL, "hangs")
    sound(SUITE, workshop.judge(few, workshop.in_first_worker), WHOLE, WHOLE)


@pytest.mark.parametrize("call", WORKER_CALLS)
def test_when_no_worker_can_start_the_round_is_done_without_them(
    workshop: Workshop, call: str
) -> None:
    verdicts = workshop.judge([Cut(call, 1, "SIGKILL")], workshop.in_each_worker)
    sound(SUITE, verdicts, WHOLE, WHOLE)


@pytest.mark.parametrize("call", AT_WORK)
def test_a_round_killed_with_its_workers_at_work_loses_nothing_and_leaves_none(
    workshop: Workshop, call: str
) -> None:
    cuts = [Cut(call, number) for number in range(1, workshop.counts[call] + 1)]
    verdicts = workshop.judge(sampled(cuts, A_CALL, f"{call} with workers"), workshop.at_call)
    assert not any(verdict.hit and verdict.code not in KILLED for verdict in verdicts)
    sound(SUITE, [v._replace(kind=f"{v.kind}, workers at work") for v in verdicts],
          {*KILLED}, WHOLE)  # fmt: skip


# --- a value that ends every worker that opens it


@pytest.mark.parametrize("deed", ["SIGKILL", *(["SIGSTOP"] if LONG else [])])
def test_a_value_that_ends_workers_is_held_and_the_rest_is_collected(
    workshop: Workshop, deed: str
) -> None:
    story = workshop.story
    poison = next(entry for entry in story.new if entry.id == 150)
    with workshop.stage() as stage:
        sealed = b64decode(json.loads(poison.body)["participantRSA"])
        stage.environment |= {
            "CRASH_POISON": sha256(sealed).hexdigest(),
            "CRASH_SIGNAL": deed,
            "CRASH_PATIENCE": "8",
        }
        ended = stage.export()
        deaths = ended.err.count("A worker process ended")
        faults = [*left_behind(stage), *secrets_in(stage, story, ended.err)]
        faults += deletes_without_proof(stage, story)
        assert (ended.code, faults) == (1, []), ended.err
        assert 2 <= deaths <= 4, ended.err
        assert "ended one worker process after another" in ended.err
        _is_held_alone(stage, poison)
        _rest_is_collected(workshop, stage, poison)
        again = stage.export()
        assert again.code == 0
        assert "worker process" not in again.err, "it was tried again"
    tried(SUITE, f"a value that ends every worker, by {deed}")


def _is_held_alone(stage: Stage, poison: Entry) -> None:
    assert stage.site.rows(poison.scale) == [poison.body]
    shown = json.loads(_command(stage, "held", "uva", "--json").out)["sites"]["uva"]["held"]
    assert [(one["scale"], one["id"], one["kind"]) for one in shown] == [
        (poison.scale, poison.id, "sealed")
    ]
    assert "worker" in shown[0]["reason"]


def _rest_is_collected(workshop: Workshop, stage: Stage, poison: Entry) -> None:
    entries = [one for one in workshop.story.entries if one.scale == poison.scale]
    raw = b"".join(raw_files(stage.pool, poison.scale).values())
    assert all(raw.count(one.body) == 1 for one in entries)
    ids = sorted(int(row["id"]) for row in rows_of(stage.pool, poison.scale))
    assert ids == sorted(one.id for one in entries if one != poison)
    for command in ("verify uva", "decode uva all --check"):
        assert _command(stage, *command.split()).code == 0


def _command(stage: Stage, *words: str) -> Ended:
    return stage.start(*stage.words("-m", "mtdata", *words))
