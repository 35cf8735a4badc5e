"""What tells of a dataset: its README, manifest, data package and RO-Crate; pure.

The data package keeps to https://datapackage.org (version 2, its fields are those of version 1 as
well), the crate to https://w3id.org/ro/crate/1.1: other tools open the dataset by either.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mtdata import __version__
from mtdata.core.output.port import FileFacts
from mtdata.core.words import counted
from mtdata.toolbox.codebook import Codebook
from mtdata.toolbox.codebook.table_schema import table_schema
from mtdata.toolbox.frozen_scale import FrozenColumn
from mtdata.toolbox.pseudonym import METHOD

PACKAGE_PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
CRATE_CONTEXT, CRATE_PROFILE = (
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/crate/1.1",
)
MEDIA_TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "md": "text/markdown",
    "html": "text/html",
    "yaml": "application/yaml",
    "sav": "application/x-spss-sav",
    "dta": "application/x-stata-dta",
}
NO_LICENCE = (
    "No licence is given: these are answers of participants of a study. Who may use and share "
    "them is told by their consent, and by whoever leads the study."
)


@dataclass(frozen=True)
class DatasetScale:
    """A scale as it stands in a dataset."""

    name: str
    rows: int
    columns: Sequence[FrozenColumn]
    codebook: Codebook | None

    @property
    def title(self) -> str:
        """Its name as people read it."""
        return (self.codebook.title if self.codebook else "") or self.name

    @property
    def csv(self) -> str:
        """Where its rows lie as text."""
        return f"data/{self.name}.csv"


@dataclass(frozen=True)
class DatasetFacts:
    """A dataset as its pages tell of it."""

    name: str
    study: str
    made_at: datetime
    scales: Sequence[DatasetScale]
    has_pseudonyms: bool

    @property
    def title(self) -> str:
        """One line."""
        return f"{self.study}: answers as they stood on {self.made_at:%Y-%m-%d}"

    @property
    def about(self) -> str:
        """Two lines."""
        rows = sum(scale.rows for scale in self.scales)
        return (
            f"{counted(rows, 'row')} of {counted(len(self.scales), 'scale')}, collected from the "
            f"site {self.study} by mtdata and taken out of its pool at "
            f"{self.made_at:%Y-%m-%d %H:%M} UTC."
        )


Files = Mapping[str, FileFacts]


def manifest(dataset: DatasetFacts, files: Files) -> bytes:
    """Every other file with its length and SHA-256."""
    listed = [
        {"path": path, "bytes": facts.size, "sha256": facts.sha256}
        for path, facts in sorted(files.items())
    ]
    scales = [
        {"scale": scale.name, "rows": scale.rows, "columns": len(scale.columns)}
        for scale in dataset.scales
    ]
    head = {
        "dataset": dataset.name,
        "made_at": _moment(dataset.made_at),
        "program": f"mtdata {__version__}",
    }
    return _json({**head, "scales": scales, "files": listed})


def frictionless_package(dataset: DatasetFacts, files: Files) -> bytes:
    """`datapackage.json`: each scale a table with its columns, by its CSV."""
    return _json(
        {
            "$schema": PACKAGE_PROFILE,
            "name": dataset.name.lower(),
            "title": dataset.title,
            "description": dataset.about,
            "created": _moment(dataset.made_at),
            "resources": [_resource(scale, files[scale.csv]) for scale in dataset.scales],
        }
    )


def _resource(scale: DatasetScale, facts: FileFacts) -> dict[str, Any]:
    return {
        "name": scale.name.lower(),
        "title": scale.title,
        "type": "table",
        "path": scale.csv,
        "format": "csv",
        "mediatype": MEDIA_TYPES["csv"],
        "encoding": "utf-8",
        "bytes": facts.size,
        "hash": f"sha256:{facts.sha256}",
        "schema": _schema(scale),
    }


def _schema(scale: DatasetScale) -> dict[str, Any]:
    names = [column.name for column in scale.columns]
    schema = table_schema(scale.codebook, names)
    fields = zip(scale.columns, schema["fields"], strict=True)
    return schema | {"fields": [_field(column, field) for column, field in fields]}


def _field(column: FrozenColumn, field: Mapping[str, Any]) -> dict[str, Any]:
    """As the codebook has it where the cells agree with its type, else as the cells are."""
    told = {key: field[key] for key in ("title", "description") if key in field}
    if column.is_pseudonym:
        return {"name": column.name, "type": "string", "description": f"pseudonym: {METHOD}"}
    if column.name == "day":
        return {"name": "day", "type": "date", "description": "day of the sheet, the site's own"}
    agrees = {"integer": ("integer", "number"), "number": ("number",), "string": ("string",)}
    if len(field) > 2 and field["type"] in agrees[column.kind]:
        return dict(field)
    return {"name": column.name, "type": column.kind, **told}


def crate(dataset: DatasetFacts, files: Files) -> bytes:
    """`ro-crate-metadata.json`: the dataset and each of its files."""
    about = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": CRATE_PROFILE},
        "about": {"@id": "./"},
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": dataset.title,
        "description": dataset.about,
        "datePublished": _moment(dataset.made_at),
        "license": {"@id": "#licence"},
        "hasPart": [{"@id": path} for path in sorted(files)],
    }
    licence = {
        "@id": "#licence",
        "@type": "CreativeWork",
        "name": "No licence",
        "description": NO_LICENCE,
    }
    entities = [about, root, licence, *(_file(path, files[path]) for path in sorted(files))]
    return _json(
        {"@context": [CRATE_CONTEXT, {"sha256": "https://schema.org/sha256"}], "@graph": entities}
    )


def _file(path: str, facts: FileFacts) -> dict[str, Any]:
    media_type = MEDIA_TYPES.get(path.rpartition(".")[2], "text/plain")
    return {
        "@id": path,
        "@type": "File",
        "name": path.rpartition("/")[2],
        "encodingFormat": media_type,
        "contentSize": str(facts.size),
        "sha256": facts.sha256,
    }


def readme(dataset: DatasetFacts) -> bytes:
    """What a person should know who is given the dataset."""
    lines = ["| scale | rows | columns | codebook |", "|---|---|---|---|"]
    for scale in dataset.scales:
        book = f"codebooks/{scale.codebook.scale}.md" if scale.codebook else "none"
        title = f"{scale.name}: {scale.title}" if scale.title != scale.name else scale.name
        cells = (title.replace("|", "\\|"), f"{scale.rows:,}", str(len(scale.columns)), book)
        lines.append(f"| {' | '.join(cells)} |")
    return _README.format(
        title=dataset.title,
        about=dataset.about,
        table="\n".join(lines),
        who=_PSEUDONYMS.format(METHOD) if dataset.has_pseudonyms else _NAMED,
        licence=NO_LICENCE,
    ).encode()


_NAMED = (
    "Participants stand here by the identifiers that the site gave them: whoever has the site's "
    "tables knows them. `mtdata freeze --pseudonyms` makes a dataset without these identifiers."
)
_PSEUDONYMS = (
    "Identifiers of participants (columns participant, participantId, participantRSA, and id of "
    "the scale Participant) are replaced by pseudonyms: {}. What else people wrote or what else is "
    "known of them stands here as it was collected, and may still tell who somebody is."
)
_README = """# {title}

{about}

{table}

- `data/<Scale>.csv`: UTF-8, every cell as text as it was collected; an empty cell is no answer.
  `server` and `day` tell which site's sheet of which day a row is from (a column of the site's own
  that is called so is `server_2`, `day_2`).
- `data/<Scale>.parquet`: the same rows; a column is a number where each of its cells is one.
- `codebooks/`: what the columns mean and how a scale is scored, as YAML and as made from it.
- `datapackage.json` (https://datapackage.org) and `ro-crate-metadata.json`
  (https://w3id.org/ro/crate): the dataset as programs open it.
- `manifest.json`: length and SHA-256 of every other file.
- `provenance.json`: of which sheets this was made.

{who}

{licence}
"""


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _json(told: Any) -> bytes:
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()
