"""A child that meets a fault of the program says so and goes, whoever still holds its orders."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.jobs.place import CHILD, SITE


def test_a_child_that_an_order_spoils_tells_a_fault_and_is_not_killed_on_its_way_out(
    tmp_path: Path,
) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "server.config").write_text(json.dumps({"study": SITE}))
    words = [*CHILD, str(config)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe) as child:
        assert child.stdin
        child.stdin.write(b'{"no": "order"}\n')
        child.stdin.flush()  # and it stays open, as a supervisor keeps it
        code = child.wait()
        told, said = (pipe.read() for pipe in (child.stdout, child.stderr) if pipe)
    assert code == 70, said
    assert b'"ended":"fault"' in told.replace(b" ", b"")
    assert b"Fatal Python error" not in said
