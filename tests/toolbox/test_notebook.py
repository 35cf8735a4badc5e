"""The notebook in docs/ is what its maker says, and its code does here what is shown there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.toolbox.notebook import CELLS, DEMO, NOTEBOOK, SHAPES, code_cells, shapes_in

if TYPE_CHECKING:
    from mtdata.demo.study.sixty_days.pool import StudyPool


def shown() -> Any:
    return json.loads(NOTEBOOK.read_text("utf-8"))


def test_the_notebook_has_the_cells_of_its_maker_and_each_was_run() -> None:
    cells = shown()["cells"]
    assert [(one["cell_type"], "".join(one["source"])) for one in cells] == list(CELLS)
    code = [one for one in cells if one["cell_type"] == "code"]
    assert [one["execution_count"] for one in code] == list(range(1, len(code) + 1))
    outputs = [output for one in code for output in one["outputs"]]
    assert {one["output_type"] for one in outputs} <= {"execute_result", "display_data", "stream"}


def test_its_code_gives_tables_of_the_shapes_that_it_shows(
    sixty_days: StudyPool, tmp_path: Path
) -> None:
    (tmp_path / DEMO).symlink_to(sixty_days.home)
    found = shapes_in(tmp_path)
    assert found == shown()["metadata"][SHAPES]
    assert len(found) >= len(list(code_cells())) // 2


def test_what_the_page_of_the_library_shows_can_be_typed(
    sixty_days: StudyPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (NOTEBOOK.parent / "LIBRARY.md").read_text("utf-8")
    [code] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "pools").mkdir()
    (tmp_path / "pools" / "study").symlink_to(sixty_days.home / "pool")
    (tmp_path / "config").symlink_to(sixty_days.config)
    monkeypatch.chdir(tmp_path)
    known: dict[str, Any] = {}
    exec(code.replace("4711", "1009"), known)
    assert "QOL" in known["pool"]
