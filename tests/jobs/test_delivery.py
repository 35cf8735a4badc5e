"""What a stopped job had made goes out of its output again, and is told of in a few lines."""

from __future__ import annotations

from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest

from mtdata.core.errors import OutputError
from mtdata.core.stop import StopToken
from mtdata.jobs.delivery import OutputDelivery
from tests.fakes_output import MemoryOutput
from tests.jobs.place import Place

OURS, STRANGE, SHARED = b"of this job", b"of somebody", b"of two jobs"
OTHER = "another job"


class Delivered:
    """An output with files, and what the job that takes its own back says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from mtdata.jobs.records import queries

        own = {sha256(one).hexdigest() for one in (OURS, SHARED)}
        shared = sha256(SHARED).hexdigest()
        monkeypatch.setattr(queries, "digests_of", lambda job: own)
        monkeypatch.setattr(
            queries, "other_maker_of", lambda place, known, job: OTHER if known == shared else ""
        )
        self.output, self.told = MemoryOutput(), []  # type: MemoryOutput, list[tuple[str, str]]
        self.stop_token = StopToken()

    def say(self, level: str, text: str) -> None:
        self.told.append((level, text))

    def take_back(self, *names: str, finished: bool = True) -> None:
        work: Any = SimpleNamespace(job="1", say=self.say, stop_token=self.stop_token)
        OutputDelivery(work, self.output).take_back(*names, finished=finished)


@pytest.fixture
def delivered(plain: Place, monkeypatch: pytest.MonkeyPatch) -> Delivered:
    return Delivered(monkeypatch)


def test_one_file_is_named_with_what_became_of_it(delivered: Delivered) -> None:
    delivered.output.files = {"a.csv": OURS, "b.csv": STRANGE, "c.csv": SHARED}
    for name in ("a.csv", "b.csv", "c.csv", "none.csv"):
        delivered.take_back(name)
    assert sorted(delivered.output.files) == ["b.csv", "c.csv"]
    assert delivered.told == [
        ("INFO", "a.csv is removed"),
        ("WARNING", "b.csv stays: it is not what this job put there"),
        ("INFO", f"c.csv stays: {OTHER} made the same file"),
    ]


def test_of_many_files_there_is_a_line_for_each_fate_and_a_sign_of_life_for_each_file(
    delivered: Delivered,
) -> None:
    names = [f"{number:04}.csv" for number in range(3000)]
    contents = (OURS, OURS, STRANGE, SHARED)
    delivered.output.files = {name: contents[number % 4] for number, name in enumerate(names)}
    delivered.take_back(*names)
    assert len(delivered.output.files) == 1500
    assert delivered.told == [
        ("INFO", "1,500 files are removed, from 0000.csv to 2997.csv"),
        (
            "WARNING",
            "750 files stay: they are not what this job put there, from 0002.csv to 2998.csv",
        ),
        ("INFO", f"750 files stay: {OTHER} made the same files, from 0003.csv to 2999.csv"),
    ]
    assert delivered.stop_token.steps == 3000


def test_what_was_removed_before_a_fault_is_told_too(
    delivered: Delivered, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered.output.files = dict.fromkeys(("a.csv", "b.csv", "c.csv"), OURS)
    remove = delivered.output.remove

    def remove_and_go(name: str) -> None:
        remove(name)
        delivered.output.is_away = name == "b.csv"

    monkeypatch.setattr(delivered.output, "remove", remove_and_go)
    with pytest.raises(OutputError):
        delivered.take_back("a.csv", "b.csv", "c.csv")
    assert delivered.told == [("INFO", "2 files are removed, from a.csv to b.csv")]


def test_of_a_part_that_is_not_finished_its_file_stays(delivered: Delivered) -> None:
    delivered.output.files = {"a.csv": OURS}
    delivered.take_back("a.csv", finished=False)
    assert (sorted(delivered.output.files), delivered.told) == (["a.csv"], [])
