"""Form responses as CSV: excel dialect, UTF-8, times with the offset that the zone has then."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from mtdata.programme.export.formats import HEADER, FormFile, Pages
from mtdata.programme.moments import MomentTexts

END = b"\r\n"


def write(target: FormFile, pages: Pages) -> None:
    """Write all of them behind the header; times and degrees come as texts."""
    local = MomentTexts(target.zone).local
    text = io.TextIOWrapper(target.file, encoding="utf-8", newline="")
    lines = csv.writer(text)
    lines.writerow(HEADER)
    for page in pages:
        lines.writerows([(local(row[0]), *row[1:-1]) for row in page])
    text.detach()


def write_copied(target: FormFile, pages: Iterable[list[bytes]]) -> None:
    """Write what `reading.copied` gives; what it quotes is what the csv module quotes."""
    local = MomentTexts(target.zone).local
    target.file.write(",".join(HEADER).encode() + END)
    for page in pages:
        cut = [line.split(b",", 2) for line in page]
        lines = [b"%b,%b%b" % (local(at.decode()).encode(), rest[:-1], END) for _, at, rest in cut]
        target.file.write(b"".join(lines))
