"""A kind of job: how many rows each sheet of a pool has, as a file in any output.

It reads pools as docs/CONTRACTS.md promises their files, and works part by part, a site each.
"""

from __future__ import annotations

import csv
import io
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from mtdata.config import Settings
from mtdata.core.output import FileFacts, open_output
from mtdata.jobs.delivery import OutputDelivery
from mtdata.jobs.kind import Kind, Parameter, Work


def _place(settings: Settings, word: str) -> str:
    """A folder, taken from the folder above config/, or the URL of an output."""
    return word if "://" in word else str(settings.home / word)


def _sites(work: Work) -> list[str]:
    return [site.name for site in work.settings.sites]


def _count(work: Work) -> None:
    lines = [("sheet", "rows")]
    for sheet in sorted((work.settings.site(work.part).path / "active_data").glob("*.csv")):
        with sheet.open(newline="", encoding="utf-8") as rows:
            lines.append((sheet.name, str(sum(1 for _ in csv.reader(rows)) - 1)))
        work.progress(len(lines) - 1, step=sheet.name)  # a sign of life; a stop ends it here
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    content, name = text.getvalue().encode(), f"sizes_{work.part}.csv"
    facts = FileFacts(len(content), sha256(content).hexdigest(), len(lines) - 1)
    state = work.settings.home / "state"
    with (
        TemporaryDirectory() as folder,
        closing(open_output(work.parameters["to"], state=state, named="to")) as output,
    ):
        spooled = Path(folder) / name
        spooled.write_bytes(content)
        OutputDelivery(work, output).put(name, spooled, facts)


SIZES = Kind(
    name="survey.sizes",
    parameters=(
        Parameter(
            "to",
            _place,
            "a folder, s3://bucket/prefix, or the URL of an output that is installed",
            default=lambda settings: str(settings.home / "exports" / "sizes"),
        ),
    ),
    split=_sites,
    run=_count,
    base=lambda parameters: "sizes",
    key=lambda parameters: "survey.sizes",  # no two of them run at a time
    title="Sizes",
    about="Count the rows of every sheet",
    unit="site",
)
