"""A report as one HTML file that stands alone: no script, nothing from elsewhere, both schemes."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC
from hashlib import sha256

from mtdata.core.markup import Markup, element, together
from mtdata.toolbox.report.model import StudyReport
from mtdata.toolbox.report.notes import headline, notes_of
from mtdata.toolbox.report.sections import sections

STYLE = """
:root { color-scheme: light dark; --ground: #f7f8fa; --card: #fff; --ink: #161c26; --soft: #566173;
  --line: #e1e5ec; --bad: #b3202a; --bar: #2453c9; --calm: #b9c7ea; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f131a; --card: #171d27; --ink: #e9edf4;
  --soft: #9ba7b9; --line: #283142; --bad: #ff9a9a; --bar: #7aa2ff; --calm: #344777; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 ui-sans-serif,
  system-ui, "Segoe UI", sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 76rem; margin: auto; padding: 1.75rem 1.25rem 3rem; display: grid; gap: 1.25rem;
  grid-template-columns: minmax(0, 1fr); }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; text-wrap: balance; }
h2 { font-size: 1.0625rem; margin: 0; }
p { margin: .3rem 0 0; } .head p, small { color: var(--soft); } small { font-size: .8125rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: .9rem 1.1rem; min-width: 0; }
header { display: flex; flex-wrap: wrap; gap: .1rem .6rem; margin-bottom: .45rem; }
header small { margin-left: auto; }
.facts { display: flex; flex-wrap: wrap; gap: .6rem 2rem; margin: 0; }
.facts dt { color: var(--soft); font-size: .8125rem; }
.facts dd { margin: 0; font-size: 1.0625rem; font-weight: 600; } dd small { font-weight: 400; }
.head .fault { color: var(--bad); }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
tr:last-child > * { border-bottom: 0; } tbody th { font-weight: 400; }
thead th { font-size: .8125rem; font-weight: 500; color: var(--soft); white-space: nowrap; }
.number { text-align: right; }
.number, .nowrap { white-space: nowrap; }
.bars td:last-child { width: 45%; min-width: 7rem; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem .4rem; margin: 0 0 .5rem;
  padding: 0; font-size: .8125rem; } .legend li { padding: 0 .5rem; border-radius: 4px; }
.heat td { border: 2px solid var(--card); border-radius: 6px; }
.heat-0 { background: color-mix(in srgb, var(--line) 45%, var(--card)); }
.heat-1 { background: color-mix(in srgb, var(--bad) 9%, var(--card)); }
.heat-2 { background: color-mix(in srgb, var(--bad) 18%, var(--card)); }
.heat-3 { background: color-mix(in srgb, var(--bad) 27%, var(--card)); }
.heat-4 { background: color-mix(in srgb, var(--bad) 36%, var(--card)); }
.heat-5 { background: color-mix(in srgb, var(--bad) 48%, var(--card)); font-weight: 600; }
svg.chart { width: 100%; display: block; } svg.stacked { height: 9rem; } svg.row { height: .9rem; }
svg .bar { fill: var(--bar); } svg .calm { fill: var(--calm); } svg .empty { fill: var(--line); }
svg .over { fill: transparent; } svg .over:hover { fill: var(--bar); opacity: .12; }
figure { margin: 0; } .apart { display: flex; justify-content: space-between; }
@media (max-width: 46rem) { .list, .list tbody { display: block; } .list thead { display: none; }
  .list tr { display: flex; flex-wrap: wrap; gap: .1rem .8rem; padding: .5rem 0;
    border-bottom: 1px solid var(--line); }
  .list tr > * { padding: 0 .2rem; border: 0; } .list th { flex: 1 1 60%; }
  .list td.wide { flex: 1 0 100%; } .list td.off { display: none; }
  .list td[data-label]::before { content: attr(data-label) " "; font-size: .8125rem; } }
@media print { .card { break-inside: avoid; } }
"""


def html_page(report: StudyReport) -> str:
    """The whole file; its own policy lets a browser load and run nothing."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy()),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"Report of {report.server}, {report.made_at.date()}"),
        element("style", Markup(STYLE)),
    )
    body = element("body", element("main", _headline(report), sections(report)))
    return together([Markup("<!doctype html>\n"), element("html", head, body, lang="en")]) + "\n"


def _policy() -> str:
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'"


def _headline(report: StudyReport) -> Markup:
    made = f"{report.made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    faults = [element("p", fault, class_="fault") for fault in report.faults]
    return element(
        "div",
        element("h1", headline(report)),
        element("p", f"{report.server}, {made}"),
        element("p", ". ".join(notes_of(report)), "."),
        *faults,
        class_="head",
    )
