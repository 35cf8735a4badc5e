"""A page as one HTML file: nothing from elsewhere, no script, every text escaped; pure."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from mtdata.toolbox.codebook.document import Page, PageTable, one_line

STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem }
dt { font-weight: 600 }
dd { margin: 0 }
div { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #8886; padding: .4rem .6rem }
th, td { text-align: left; vertical-align: top }
td:nth-child(4) { min-width: 15rem }
td:first-child { font-family: ui-monospace, monospace; overflow-wrap: break-word }
@media print { body { max-width: none; margin: 0 } }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html_page(page: Page) -> str:
    """The page as HTML that stands alone."""
    facts = "".join(f"<dt>{_text(name)}</dt><dd>{_text(text)}</dd>" for name, text in page.facts)
    tables = "\n".join(_table(table) for table in page.tables)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{_text(page.title)}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{_text(page.title)}</h1>
<dl>{facts}</dl>
{tables}
</body>
</html>
"""


def _table(table: PageTable) -> str:
    head = _cells("th scope=col", table.columns)
    rows = "\n".join(f"<tr>{_cells('td', row)}</tr>" for row in table.rows)
    heading = _text(table.heading)
    return (
        f'<h2>{heading}</h2>\n<div tabindex="0" role="region" aria-label="{heading}">'
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>"
    )


def _cells(tag: str, texts: Iterable[str]) -> str:
    shown = ("<br>".join(map(_text, text.splitlines())) for text in texts)
    return "".join(f"<{tag}>{text}</{tag.split()[0]}>" for text in shown)


def _text(text: str) -> str:
    return escape(one_line(text))
