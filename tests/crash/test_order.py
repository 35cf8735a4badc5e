"""Before every commit and every DELETE all that it rests on was synced and read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import requires_program
from tests.crash.cutting import Workshop
from tests.crash.order import CALLS, Order, names_in
from tests.crash.stage import MTDATA, WITH_WORKERS
from tests.crash.story import CrowdStory, FirstStory, Story
from tests.crash.tracing import TRACER, spelled
from tests.tally import tried

pytestmark = requires_program("strace", "apt-get install strace")


@pytest.mark.parametrize("story", [Story, FirstStory, CrowdStory])
def test_nothing_is_committed_or_deleted_before_it_is_synced_and_read_back(
    tmp_path: Path, story: Callable[[], Story]
) -> None:
    program = WITH_WORKERS if story is CrowdStory else MTDATA
    workshop = Workshop(tmp_path / "work", story(), program)
    with workshop.stage() as stage:
        order, log = Order(stage.pool, set(names_in(stage.pool))), stage.home / "trace"
        names = ",".join(map(spelled, CALLS))
        ended = stage.export(*TRACER, "-y", "-o", str(log), "-e", f"trace={names}")
        assert ended.code == workshop.story.code
        order.follow(log.read_text(errors="replace"))
        asked = len(stage.site.deletes)
    assert order.faults == []
    assert order.deletes == asked > 5
    assert order.commits > 20
    tried("order of system calls", "DELETE only when all is synced and read back", asked)
    tried("order of system calls", "commit only when all is synced and read back", order.commits)


LOG = """\
7 openat(AT_FDCWD</x>, "{pool}/raw_data/A.json", O_RDWR|O_CREAT, 0600) = 8<{pool}/raw_data/A.json>
7 pwrite64(8<{pool}/raw_data/A.json>, "{{"..., 20, 0) = 20
7 fsync(8<{pool}/raw_data/A.json> <unfinished ...>
7 <... fsync resumed>) = 0
7 fsync(8<{pool}/raw_data>) = 0
7 pread64(8<{pool}/raw_data/A.json>, "{{"..., 20, 0) = 20
7 fdatasync(5<{pool}/ledger.sqlite3-wal>) = 0
8 sendto(7<TCP:[1]>, "DELETE /api/export/A/1 HTTP/1.1"..., 200, 0, NULL, 0) = 200
"""


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (3, "raw_data/A.json was synced (its bytes)"),
        (4, "raw_data/A.json was synced (its name)"),
        (5, "raw_data/A.json was read back"),
    ],
)
def test_a_call_that_is_left_out_is_seen(line: int, fault: str) -> None:
    lines = LOG.format(pool="/pool").splitlines(keepends=True)
    assert Order(Path("/pool"), set()).follow("".join(lines)).faults == []
    del lines[line]
    faults = Order(Path("/pool"), set()).follow("".join(lines)).faults
    assert faults == [f"commit 1 came before {fault}", f"DELETE 1 came before {fault}"]
