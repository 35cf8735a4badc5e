"""Makes docs/notebook.ipynb anew, and its picture: `.venv/bin/python -m tests.toolbox.notebook`.

No test itself.  It wants the extra `notebook`, and chromium for the picture.  The pool is that of
`mtdata demo --days 60`: people, answers and faults in it are invented.
"""

from __future__ import annotations

import ast
import json
import os
import warnings
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
NOTEBOOK, PICTURE = DOCS / "notebook.ipynb", DOCS / "pictures" / "notebook.png"
DEMO, SHAPES = "demo", "mtdata_shapes"
CELLS: tuple[tuple[str, str], ...] = (
    (
        "markdown",
        """# A pool in a notebook

The pool is that of a demo, and nobody ever gave its answers: `mtdata demo --days 60 --keep demo`
makes it. Of your own site take `mtdata.Pool.of_site("NAME")`. What there is beside what is shown
here stands in [LIBRARY.md](LIBRARY.md).""",
    ),
    (
        "code",
        """import mtdata

pool = mtdata.Pool("demo/pool", codebooks="demo/config/scales")
pool""",
    ),
    ("markdown", "Which scales are there, and is anything held?"),
    ("code", "pool.scales.pandas()"),
    ("code", "pool.held().pandas()"),
    (
        "markdown",
        """## One scale

Columns have the types that the codebook says: answers are whole numbers, and what is missing stays
missing. Cells that are no such value are counted, never guessed; `no_answer=False` takes out 555,
"prefer not to answer".""",
    ),
    (
        "code",
        """qol = pool["QOL"]
frame = qol.pandas(no_answer=False)
frame[["day", "id", "session", "tag", "material", "health", "learning"]].head()""",
    ),
    ("code", 'frame.groupby("day").size().to_frame("rows").tail(3)'),
    (
        "markdown",
        """## What the codebook knows

The questions, the labels, and how the scale is scored.""",
    ),
    ("code", 'qol.codebook.variables["health"].wording'),
    (
        "code",
        """import pandas as pd

scores = pd.DataFrame(
    {
        name: frame[list(score.items)].sum(axis=1, min_count=score.least)
        for name, score in qol.codebook.sub_scales.items()
    }
)
scores.groupby(frame["session"]).agg(["count", "mean"]).round(1)""",
    ),
    (
        "markdown",
        """## The same in polars, and as an Arrow table""",
    ),
    (
        "code",
        """phq = pool["PHQ4"].between("2018-04-01").polars()
phq.group_by("session").len().sort("session")""",
    ),
    ("code", 'pool["JsPsychTrial"].arrow(typed=False).shape'),
    (
        "markdown",
        """## Where a row comes from

Each entry has a receipt: where its bytes and its row stand, and when each step was proven.""",
    ),
    (
        "code",
        """receipts = qol.receipts().pandas()
receipts[["id", "state", "kept_at", "sheet", "row_start", "gone_at"]].head(3)""",
    ),
    (
        "code",
        """entry = qol.receipt(int(receipts["id"][0]))["entries"][0]
[(step["event"], step["at"]) for step in entry["events"]]""",
    ),
    (
        "markdown",
        """## While rounds go on

`pool` is of the moment when it was opened, whatever is collected meanwhile.""",
    ),
    (
        "code",
        """later = pool.refreshed()
later["QOL"].rows - qol.rows""",
    ),
)


def code_cells() -> Iterator[tuple[int, str]]:
    """The code, by the number of its cell."""
    return ((number, text) for number, (kind, text) in enumerate(CELLS) if kind == "code")


def shapes_in(folder: Path) -> dict[str, list[int]]:
    """Run the code with the demo's home as `demo` of a folder; the shapes of what cells give."""
    known: dict[str, Any] = {}
    shapes: dict[str, list[int]] = {}
    with chdir(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for number, text in code_cells():
            given = _last_value(text, known)
            shape = given if isinstance(given, tuple) else getattr(given, "shape", None)
            if shape is not None:
                shapes[str(number)] = list(shape)
    return shapes


def _last_value(text: str, known: dict[str, Any]) -> Any:
    """Carry out the lines of a cell; what the last one gives, where it is an expression."""
    tree = ast.parse(text)
    last = tree.body[-1]
    if not isinstance(last, ast.Expr):
        exec(compile(tree, "cell", "exec"), known)
        return None
    tree.body.pop()
    exec(compile(tree, "cell", "exec"), known)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), known)


def _made(folder: Path) -> Any:
    """The notebook, executed with that folder as its own."""
    import nbformat
    from nbclient import NotebookClient

    made = nbformat.v4.new_notebook()
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    made.cells = [
        nbformat.v4.new_markdown_cell(text, id=f"cell-{number}")
        if kind == "markdown"
        else nbformat.v4.new_code_cell(text, id=f"cell-{number}")
        for number, (kind, text) in enumerate(CELLS)
    ]
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(made, timeout=300, kernel_name="python3", resources=resources).execute()
    for cell in made.cells:
        cell.metadata.clear()  # when each was run
    made.metadata[SHAPES] = shapes_in(folder)
    return made


def _take_picture(made: Any) -> None:
    from nbconvert import HTMLExporter

    from tests.web.browser import chromium

    page, _ = HTMLExporter().from_notebook_node(made)
    with chromium() as browser, TemporaryDirectory() as folder:
        (Path(folder) / "notebook.html").write_text(page, "utf-8")
        tab = browser.new_page(viewport={"width": 1000, "height": 1700})
        tab.goto(f"file://{folder}/notebook.html")
        tab.screenshot(path=PICTURE)


def main() -> None:
    """Make the demo's pool, the notebook and its picture."""
    from mtdata.demo.study.sixty_days.pool import make_pool

    os.environ["JUPYTER_PLATFORM_DIRS"] = "1"
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / DEMO).mkdir(mode=0o700)
        make_pool(folder / DEMO)
        made = _made(folder)
    NOTEBOOK.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
    _take_picture(made)
    print(f"{NOTEBOOK} and {PICTURE} are made")


if __name__ == "__main__":
    main()
