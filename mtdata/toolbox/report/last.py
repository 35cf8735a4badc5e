"""The last report that lies in a pool, for who shows it; it makes none and writes nothing."""

from __future__ import annotations

import re

from pydantic import ValidationError

from mtdata.config import SiteConfig
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import StorageError
from mtdata.toolbox.report.model import StudyReport
from mtdata.toolbox.report.writing import REPORTS

_NAME = re.compile(r"report-\d{4}-\d{2}-\d{2}\.json", re.ASCII)
LARGEST = 32 << 20


def last_report(site: SiteConfig) -> StudyReport | None:
    """The newest report of a site's pool, None where there is none.

    StorageError (74) where it cannot be read or was changed into no report.
    """
    disk = FolderDisk(site.path)
    names = [name for name in disk.names(REPORTS) if _NAME.fullmatch(name)]
    if not names:
        return None
    path = f"{REPORTS}/{max(names)}"
    try:
        return StudyReport.model_validate_json(disk.read(path, 0, LARGEST))
    except ValidationError:
        raise StorageError(
            f"{site.path / path}: it is no report of this program. Nothing else is wrong: "
            f"`mtdata report scale {site.name}` makes it anew"
        ) from None
