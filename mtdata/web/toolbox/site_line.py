"""What the last report of a site says in a line, for the pages and the API; it makes no report."""

from __future__ import annotations

from typing import NamedTuple

from mtdata.config import SiteConfig
from mtdata.core.errors import MTDataError
from mtdata.toolbox.report.last import last_report
from mtdata.toolbox.report.model import StudyReport
from mtdata.toolbox.report.notes import headline


class SiteLine(NamedTuple):
    """What a line, or the head of a page, says of one site's last report."""

    name: str
    report: StudyReport | None
    fault: str

    @property
    def level(self) -> str:
        """The state's colour by the sheet; '' for none."""
        if self.fault:
            return "bad"
        return level_of(self.report) if self.report else ""

    @property
    def words(self) -> str:
        """The answer in a line."""
        if self.fault:
            return "The report cannot be read"
        return headline(self.report) if self.report else "No report yet"


def level_of(report: StudyReport) -> str:
    """How its answer is to be taken: bad, warn or good; '' where nobody can tell."""
    if report.faults:
        return "bad"
    if not report.log_day:
        return ""
    return "warn" if report.missing[0] else "good"


def site_line(site: SiteConfig) -> SiteLine:
    """The line of a site; a report that cannot be read is told as its fault."""
    try:
        return SiteLine(site.name, last_report(site), "")
    except MTDataError as fault:
        return SiteLine(site.name, None, str(fault))
