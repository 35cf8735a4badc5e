"""The pools: scales, files by name and size, what adds up, drift, replicas; never their content."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.alerts.shape import incident_json
from mtdata.config import SiteConfig
from mtdata.core.errors import MTDataError
from mtdata.web.paging import number_in, text_in
from mtdata.web.site_named import site_named
from mtdata.web.study import file_list, sites, states
from mtdata.web.study.scale_lines import scale_lines

STATES = {
    "live": ("as it was left", "good"),
    "closed": ("as it was left, never written again", "good"),
    "foreign": ("of the original program, never written", ""),
    "aside": ("not as it was left", "bad"),
}
UNKNOWN = ("not entered", "")
MOST_SCALES = 50


def all_pools(request: HttpRequest) -> HttpResponse:
    """List the sites, each with its pool."""
    return render(request, "web/pools.html", {"cards": sites.cards(settings.MTDATA)})


def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show the pool of a site."""
    site = site_named(name)
    ours = settings.MTDATA
    state, whole = states.status(ours, name), states.whole(ours, name)
    known: dict[str, Any] = {
        "name": name,
        "fault": state.get("fault") or whole.get("fault"),
        "absent": state.get("absent"),
        "folder": str(site.path),
        **_files(request, site),
    }
    if "new_rows" in state and "balances" in whole:
        known |= {
            "state": state,
            **sites.facts(name, state, states.rounds(ours).get(name, {})),
            **_scales(request, state, whole),
            "files_by_kind": whole["files_by_kind"],
            "drifts": [incident_json(one) for one in whole["drifts"]],
        }
    return render(request, "web/pool.html", known)


def _scales(request: HttpRequest, state: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """A page of them, and how many do not add up."""
    lines = scale_lines(state["scales"], whole["balances"])
    page = Paginator(lines, MOST_SCALES).get_page(number_in(request.GET, "scales", 1))
    return {"scales": page, "odd_scales": sum(bool(line["off"]) for line in lines)}


def _files(request: HttpRequest, site: SiteConfig) -> dict[str, Any]:
    chosen = text_in(request.GET, "folder") or file_list.FOLDERS[0]
    if chosen not in file_list.FOLDERS:
        raise Http404
    behind, beginning = text_in(request.GET, "behind"), text_in(request.GET, "begins")
    known: dict[str, Any] = {
        "folders": file_list.FOLDERS,
        "chosen": chosen,
        "begins": beginning,
        "behind": behind,
    }
    try:
        found = file_list.page(site, chosen, behind, beginning)
    except (MTDataError, OSError) as error:
        return known | {"files_fault": str(error)}
    files = [
        (file, STATES[file.known.state] if file.known else UNKNOWN, _is_cut(file))
        for file in found.files
    ]
    return known | {"files": files, "total": found.total, "last": found.last}


def _is_cut(file: file_list.ListedFile) -> bool:
    """Shorter than what was committed; a round may be adding to it, so longer is none."""
    return file.known is not None and file.size < file.known.length
