"""The pages name files that are there: a path in them is found from the root or from mtdata/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mtdata.cli.main import _parser

ROOT = Path(__file__).resolve().parent.parent.parent
PAST = {"CHANGELOG.md", "docs/DECISIONS-SUPERSEDED.md"}
"""These tell of what was."""
FOLDERS = ("mtdata", "tests", "docs", "benchmarks", "bin", "systemd", ".ci")
_CODE = re.compile(r"`([^`\s]+)`")
_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
_FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)*\.py|[\w.-]+(?:/[\w.-]+)+/?", re.ASCII)


def pages() -> list[str]:
    folders = ("", "docs", "docs/tutorial", "docs/howto", "keys")
    found = [page for folder in folders for page in (ROOT / folder).glob("*.md")]
    return sorted({page.relative_to(ROOT).as_posix() for page in found} - PAST)


def named_files(text: str) -> set[str]:
    """Words in backticks that are paths of the checkout; `*` and `<` stand for several files."""
    found = {word for word in _CODE.findall(text) if _FILE.fullmatch(word)}
    found = {word for word in found if "NAME" not in word.split("/")}  # of one's own choice
    return {word for word in found if word.endswith(".py") or word.partition("/")[0] in FOLDERS}


def is_there(path: str) -> bool:
    """Whether it is; a name alone is that of a file in a folder that the page has just named."""
    if "/" not in path:
        folders = (ROOT / top for top in ("mtdata", "tests", "benchmarks"))
        return (ROOT / path).exists() or any(next(one.rglob(path), None) for one in folders)
    return any((start / path).exists() for start in (ROOT, ROOT / "mtdata"))


def test_what_is_a_path_is_seen() -> None:
    text = "`mtdata/cli/`, `study/pool.py`, `pool.py`, `a/b`, `--x`, `docs/*.md`, `mtdata/NAME/`"
    assert named_files(text) == {"mtdata/cli/", "study/pool.py", "pool.py"}
    assert all(map(is_there, named_files(text)))
    assert not any(map(is_there, ("none.py", "study/none.py", "mtdata/none/")))


@pytest.mark.parametrize("page", pages())
def test_each_file_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    missing = sorted(path for path in named_files(text) if not is_there(path))
    assert not missing, f"{page} names {', '.join(missing)}"


@pytest.mark.parametrize("page", pages())
def test_each_link_of_a_page_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    folder = (ROOT / page).parent
    missing = [link for link in _LINK.findall(text) if not (folder / link).exists()]
    assert not missing, f"{page} links to {', '.join(missing)}"


def rows_without_a_head(text: str) -> list[str]:
    """Rows that begin a table and are no head of one: they are shown as they are typed."""
    lines = ["", *re.sub(r"^```.*?^```", "", text, flags=re.M | re.S).splitlines(), ""]
    first = [n for n, line in enumerate(lines) if line[:1] == "|" and lines[n - 1][:1] != "|"]
    return [lines[n] for n in first if not re.fullmatch(r"\|[-:| ]+\|", lines[n + 1])]


@pytest.mark.parametrize("page", pages())
def test_each_table_of_a_page_has_its_head(page: str) -> None:
    assert rows_without_a_head("| a |\n|---|\n| b |\n\n| c |\n") == ["| c |"]
    assert rows_without_a_head((ROOT / page).read_text("utf-8")) == []


def decision_headings(page: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text("utf-8")
    return [line for line in text.splitlines() if line.startswith("## ")]


def test_what_stands_is_read_in_ten_minutes_and_told_longer_under_the_same_headings() -> None:
    words = len((ROOT / "docs" / "DECISIONS.md").read_text("utf-8").split())
    assert words <= 2800, f"{words} words: a longer reason belongs in docs/DECISIONS-DETAILS.md"
    headings = decision_headings("DECISIONS.md")
    assert headings == decision_headings("DECISIONS-DETAILS.md")
    assert len(headings) > 10


def test_each_command_that_a_sample_names_is_there() -> None:
    named = re.compile(r"`(?:mtdata ([a-z]+)[^`]*|([a-z]+))`")
    help_text = _parser().format_help()
    for sample in (ROOT / "config").glob("*.sample"):
        words = {one or other for one, other in named.findall(sample.read_text("utf-8"))}
        missing = [word for word in words if not re.search(rf"\b{word}\b", help_text)]
        assert not missing, f"{sample.name} names {missing}"
