"""Form responses as CSV: excel dialect, UTF-8, times with the offset that the zone has then."""

from __future__ import annotations

import csv
import io

from mtdata.programme.export.formats import HEADER, FormFile, Pages
from mtdata.programme.moments import moment_text


def write(target: FormFile, pages: Pages) -> None:
    """Write all of them behind the header."""
    zone = target.zone
    text = io.TextIOWrapper(target.file, encoding="utf-8", newline="")
    lines = csv.writer(text)
    lines.writerow(HEADER)
    for page in pages:
        lines.writerows((moment_text(at, zone), *cells) for at, *cells, _ in page)
    text.detach()
