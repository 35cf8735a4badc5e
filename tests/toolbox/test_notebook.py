"""The notebook in docs/ is what its maker says, and its code does here what is shown there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
