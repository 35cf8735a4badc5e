"""Lays the pages of the checkout beside each other for Sphinx; what they say is not changed.

docs/OPERATING.md is one file in the checkout, named so by messages, and here a page a section.
Links are led to where their page lies now; other files that are linked to come along.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
OPERATING = "docs/OPERATING.md"
MANUAL, REFERENCE = "operating", "reference"
ALONE = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "keys/README.md")
"""Pages outside of docs/."""
EXAMPLES = "docs/examples/*/README.md"
INDEX = "docs/index.md"
_LINK = re.compile(r"(?P<shown>!?\[[^\]]*\])\((?P<to>[^)\s]+)\)")
_OUTSIDE = re.compile(r"[a-z]+:|#|/")
_FENCE = re.compile(r" *(```|~~~|:::)")


class StagingError(Exception):
    """A page links to what is not there."""


def slug(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def pages(root: Path = ROOT) -> list[str]:
    """The pages of the checkout, by their paths in it."""
    found = [
        *root.glob("docs/*.md"),
        *root.glob("docs/tutorial/*.md"),
        *root.glob("docs/howto/*.md"),
    ]
    found += [*root.glob(EXAMPLES), *(root / name for name in ALONE)]
    return sorted(path.relative_to(root).as_posix() for path in found)


def place_of_page(path: str) -> str:
    """Where a page of the checkout lies on the site."""
    if path == OPERATING:
        return f"{MANUAL}/index.md"
    if path == "keys/README.md":
        return "keys.md"
    return path.removeprefix("docs/")


@dataclass
class Stage:
    """The folder that Sphinx reads, and what has been laid into it."""

    folder: Path
    root: Path = ROOT
    headings: dict[str, str] = field(default_factory=dict)
    """Of the manual: each anchor, and the page that has it now."""

    def lay(self) -> None:
        """Lay every page.  StagingError for a link to what is not there."""
        sections = list(manual_sections((self.root / OPERATING).read_text("utf-8")))
        for name, lines in sections:
            place = f"{MANUAL}/{name}.md"
            anchors = (slug(line.lstrip("#")) for line in lines if line.startswith("#"))
            self.headings |= dict.fromkeys(anchors, place)
        for path in pages(self.root):
            if path != OPERATING:
                text = (self.root / path).read_text("utf-8")
                self.write(place_of_page(path), self.led(text, path, place_of_page(path)))
        for name, lines in sections:
            place = f"{MANUAL}/{name}.md"
            self.write(place, self.led("\n".join(lines) + "\n", OPERATING, place))
        self.write(f"{MANUAL}/index.md", _manual_index(sections))

    def lead_reference(self) -> None:
        """Lead the links of the pages that were made from the code."""
        for path in sorted((self.folder / REFERENCE).rglob("*.md")):
            place = path.relative_to(self.folder).as_posix()
            self.write(place, self.led(path.read_text("utf-8"), f"docs/{place}", place))

    def write(self, place: str, text: str) -> None:
        """A file of the stage."""
        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def led(self, text: str, page: str, place: str) -> str:
        """The text of that page with its links as they have to be at that place."""
        return "".join(
            _LINK.sub(lambda link: self._led_link(link, page, place), line) if is_prose else line
            for line, is_prose in _prose(text.splitlines(keepends=True))
        )

    def _led_link(self, link: re.Match[str], page: str, place: str) -> str:
        if _OUTSIDE.match(link["to"]):
            return link[0]
        to, hash_, anchor = link["to"].partition("#")
        target = os.path.normpath(PurePosixPath(page).parent / to)
        if target.startswith(f"docs/{REFERENCE}/"):  # made from the code
            there = target.removeprefix("docs/")
        elif target == OPERATING and anchor:
            there = self.headings.get(anchor) or _missing(page, link["to"])
            hash_, anchor = ("", "") if there == f"{MANUAL}/{anchor}.md" else (hash_, anchor)
        elif target == "README.md":
            there = place_of_page(INDEX)
        elif target in pages(self.root):
            there = place_of_page(target)
        else:
            there = self._brought(page, target)
        way = os.path.relpath(there, PurePosixPath(place).parent)
        return f"{link['shown']}({way}{hash_}{anchor})"

    def _brought(self, page: str, target: str) -> str:
        """Bring the file along that a page links to."""
        source = self.root / target
        if not source.is_file():
            _missing(page, target)
        there = target.removeprefix("docs/") if target.startswith("docs/") else f"files/{target}"
        (self.folder / there).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, self.folder / there)
        return there


def _missing(page: str, target: str) -> str:
    raise StagingError(f"{page} links to {target}, which is not there")


def _prose(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it is none of a block of code."""
    fence = ""
    for line in lines:
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1] if mark[1] != ":::" else ""  # what stands in a box is prose
        elif mark and mark[1] == fence:
            fence = ""
            yield line, False
            continue
        yield line, not fence


def manual_sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each `##` of the manual as a page: its name, and its lines with headings a level higher."""
    found: list[list[str]] = []
    for line, is_prose in _prose(text.splitlines()):
        if is_prose and line.startswith("## "):
            found.append([])
        if found:  # before the first stands the title
            found[-1].append(line[1:] if is_prose and line.startswith("##") else line)
    for lines in found:
        yield slug(lines[0].lstrip("#")), lines


def _manual_index(sections: Iterable[tuple[str, list[str]]]) -> str:
    names = [name for name, _ in sections]
    return "\n".join(
        [
            "# The manual",
            "",
            "All about running it, a page each; in a checkout it is one file, `docs/OPERATING.md`.",
            "",
            "```{toctree}",
            ":maxdepth: 1",
            "",
            *names,
            "```",
            "",
        ]
    )
