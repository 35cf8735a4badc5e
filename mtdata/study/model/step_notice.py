"""What a step of a round has to tell beside what it proved; it opens no incident itself."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class StepNoticeKind(StrEnum):
    """The kinds of incident that a step can speak of, by their names in `incident.KINDS`."""

    IDS_ANEW = "ids_anew"
    DRIFT = "drift"
    RAW_CHANGED = "raw_changed"
    SHEET_CHANGED = "sheet_changed"
    DELETE_FAILED = "delete_failed"


class StepNotice(NamedTuple):
    """One thing that a step met; `detail` is a sentence for people and holds no answer."""

    kind: StepNoticeKind
    detail: str
