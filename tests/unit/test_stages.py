"""What bin/test did beside the tests is told at their end; where tests keep their folders."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests import memory, stages


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MTDATA_STAGES", str(tmp_path))
    return tmp_path


def test_a_stage_that_failed_is_told_with_its_words(folder: Path) -> None:
    (folder / "mypy.said").write_text("Success")
    assert stages.failed() == {}
    (folder / "ruff.failed").touch()
    (folder / "mypy.said").rename(folder / "mypy.failed")
    assert stages.failed() == {"mypy": "Success", "ruff": ""}


def test_a_stage_that_is_at_work_is_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = folder / "mypy.begun"
    begun.touch()
    looked = threading.Event()

    def sleep(seconds: float) -> None:
        (folder / "mypy.failed").write_text("an error")
        begun.unlink()
        looked.set()

    monkeypatch.setattr(stages.time, "sleep", sleep)
    assert stages.failed() == {"mypy": "an error"}
    assert looked.is_set()


def test_a_stage_that_never_ends_has_failed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "mypy.begun").touch()
    monkeypatch.setattr(stages, "PATIENCE_S", 0)
    assert stages.failed() == {"mypy": "it has not ended"}


def test_a_run_of_pytest_alone_has_no_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MTDATA_STAGES", raising=False)
    assert stages.failed() == {}


@pytest.mark.parametrize("name", ["MTDATA_TEST_DISK", "TMPDIR"])
def test_folders_of_tests_lie_in_memory_unless_somebody_says_where(name: str) -> None:
    assert memory.folder_in_memory({name: "1"}) is None


def test_folders_of_tests_stay_on_the_disk_where_memory_is_small(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "ROOM", 1 << 62)
    assert memory.folder_in_memory({}) is None
