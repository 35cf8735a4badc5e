"""What stands on a page: its tables, its lists of terms, where it leads; no test itself."""

from __future__ import annotations

from html.parser import HTMLParser


class Seen(HTMLParser):
    """`tables` by caption or by the label around them, `terms`, `links`, all its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.terms: dict[str, list[str]] = {}
        self.links: list[str] = []
        self.words: list[str] = []
        self._label, self._term, self._cell = "", "", ""
        self._rows: list[list[str]] = []
        self._inside: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Part of HTMLParser."""
        known = dict(attrs)
        self._inside.append(tag)
        self._label = known.get("aria-label") or self._label if tag == "div" else self._label
        self.links += [href] if tag == "a" and (href := known.get("href")) else []
        if tag == "table":
            self._rows = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th", "dt", "dd", "caption"):
            self._cell = ""

    def handle_data(self, data: str) -> None:
        """Part of HTMLParser."""
        self.words.append(data)
        self._cell += data

    def handle_endtag(self, tag: str) -> None:
        """Part of HTMLParser."""
        cell = " ".join(self._cell.split())
        if tag in ("td", "th") and self._rows:
            self._rows[-1].append(cell)
        elif tag == "caption":
            self._label = cell
        elif tag == "table":
            self.tables[self._label] = self._rows
        elif tag == "dt":
            self._term = cell
        elif tag == "dd":
            self.terms.setdefault(self._term, []).append(cell)
