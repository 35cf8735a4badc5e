"""`bin/bench weblogs` reads every line of its log, whichever way; nothing is timed."""

from __future__ import annotations

from benchmarks.weblogs import parse
from mtdata.weblogs.rules import FLAGS


def test_every_way_reads_every_line() -> None:
    blocks = parse.blocks_of(3_000)
    assert len(blocks) > 1
    assert parse.plain_loop(blocks) == parse.parse_alone(blocks) == 3_000
    assert parse.read(blocks, frozenset()) == parse.read(blocks, FLAGS) == 3_000
