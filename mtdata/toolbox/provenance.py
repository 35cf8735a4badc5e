"""What a result was made of, as the side file beside it; it holds no answer and no key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from mtdata import __version__
from mtdata.config import Settings
from mtdata.core.border import Border
from mtdata.core.errors import ConfigError
from mtdata.study.operations.reading import PoolSheet
from mtdata.toolbox.codebook import Codebook, codebooks_folder

ENDING = ".provenance.json"
_READ = Border(ConfigError, "the codebook cannot be read", also=(OSError,))


@dataclass(frozen=True)
class Origin:
    """What the files of one result have in common."""

    command: str
    made_at: datetime
    server: str = ""
    scale: str = ""
    codebook: Mapping[str, str] | None = None
    sheets: Sequence[PoolSheet] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    def side_file(self, name: str, digest: str, length: int) -> bytes:
        """The side file of the result of that name."""
        told = {
            "file": name,
            "sha256": digest,
            "bytes": length,
            "made_at": self.made_at.isoformat(timespec="seconds"),
            "program": f"mtdata {__version__}",
            "command": self.command,
            "server": self.server,
            "scale": self.scale,
            "counts": dict(self.counts),
            "codebook": self.codebook,
            **self.more,
            "sheets_sha256": sheets_digest(self.sheets) if self.sheets else None,
            "sheets": [_sheet(sheet) for sheet in self.sheets],
        }
        # a line a key and a sheet, by hand: json's own indent takes ten times as long
        return _lines(told).encode()


def _lines(told: Mapping[str, Any]) -> str:
    keys = [f" {json.dumps(key)}: {_value(value)}" for key, value in told.items()]
    return "{\n" + ",\n".join(keys) + "\n}\n"


def _value(value: object) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value, ensure_ascii=False)
    return "[\n  " + ",\n  ".join(json.dumps(one, ensure_ascii=False) for one in value) + "\n ]"


def codebook_digest(settings: Settings, codebook: Codebook | None) -> dict[str, str] | None:
    """The file of a codebook and its SHA-256; ConfigError when it is gone by now."""
    if codebook is None:
        return None
    file = codebooks_folder(settings) / f"{codebook.scale}.yaml"
    with _READ:
        return {"file": f"scales/{file.name}", "sha256": sha256(file.read_bytes()).hexdigest()}


def sheets_digest(sheets: Iterable[PoolSheet]) -> str:
    """One digest of many sheets: of the lines that `sha256sum` writes of them, by name.

    A sheet that grows is meant up to the byte that was read: its length stands beside it.
    """
    lines = sorted((sheet.name, (sheet.digest or b"").hex()) for sheet in sheets)
    return sha256("".join(f"{digest}  {name}\n" for name, digest in lines).encode()).hexdigest()


def _sheet(sheet: PoolSheet) -> dict[str, Any]:
    digest = sheet.digest.hex() if sheet.digest else None
    return {"name": sheet.name, "bytes": sheet.length, "sha256": digest}
