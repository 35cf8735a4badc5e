"""The operations that tell what the last report of each study says; no participant is named."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from ninja import Query

from mtdata.toolbox.jobs import REPORT
from mtdata.toolbox.report.last import last_report
from mtdata.toolbox.report.notes import headline, notes_of
from mtdata.web.api import asked
from mtdata.web.api.cursors import page_of_keys
from mtdata.web.site_named import site_named
from mtdata.web.toolbox.site_line import SiteLine, level_of, site_line

NONE_YET = f"no report was made yet: an order of the kind {REPORT} makes it"


def list_reports(request: HttpRequest, wanted: Query[asked.NamesWanted]) -> dict[str, Any]:
    """List by name what the last report of each site says.

    Of a site without a report there is `absent` alone, of one whose report cannot be read `fault`.
    A page beyond the last is the last.
    """
    sites = {site.name: site for site in settings.MTDATA.sites}
    paged = page_of_keys(sorted(sites), wanted.page, wanted.size, wanted.cursor or None)
    return {
        "reports": {name: _in_brief(site_line(sites[name])) for name in paged.keys},
        **paged.paging(),
    }


def _in_brief(line: SiteLine) -> dict[str, Any]:
    if line.report is None:
        return {"fault": line.fault} if line.fault else {"absent": NONE_YET}
    lacking, logged = line.report.missing
    return {
        "headline": line.words,
        "level": line.level,
        "made_at": line.report.made_at,
        "logged": logged if line.report.log_day else None,
        "missing": lacking if line.report.log_day else None,
    }


def show_report(request: HttpRequest, server: str) -> dict[str, Any]:
    """Show the last report of a site, with every table of it.

    It is what `mtdata report scale --json` prints. 404 where there is no such site, and where no
    report was made yet; a job of the kind `toolbox.report` makes one.
    """
    report = last_report(site_named(server))
    if report is None:
        raise Http404(f"{server}: {NONE_YET}.")
    return {
        "headline": headline(report),
        "level": level_of(report),
        "notes": notes_of(report),
        "report": report,
    }
