"""What the samples say of each key, for people who meet it in an editor; it only reads.

A paragraph of a comment stands above the keys that it is about.  A key that stands deeper in an
example as well is taken where it stands least deep.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from mtdata.config.samples import sample_text

MODELINE = "# yaml-language-server: $schema="
"""How the first line of a sample begins; a path behind it is taken from where the file lies."""
_MARK = re.compile(r"^( *)# ?")
_KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z_]+):(?: |$)")
_SECTION = re.compile(r"[\w.-]+:")


class SampleWords(NamedTuple):
    """What a sample says of its file as a whole, and of each key."""

    file: str
    keys: dict[str, str]


def sample_words(file: str, keys: Collection[str]) -> SampleWords:
    """The words of the sample of that file about these keys."""
    found: dict[str, tuple[int, str]] = {}
    first: list[str] = []
    for paragraph, told_of in _paragraphs(file, keys):
        if not first and not told_of:
            first = paragraph
        for key, indent in told_of.items():
            if key not in found or indent < found[key][0]:
                found[key] = indent, " ".join(paragraph)
    return SampleWords(" ".join(first), {key: words for key, (_, words) in found.items() if words})


def _paragraphs(file: str, keys: Collection[str]) -> list[tuple[list[str], dict[str, int]]]:
    """Lines of text, and the keys behind them with how deep they stand."""
    made: list[tuple[list[str], dict[str, int]]] = [([], {})]
    for line in sample_text(file).splitlines()[1:]:
        content = _MARK.sub(r"\1", line)
        key = _KEY.match(content)
        if not content.strip():
            made.append(([], {}))
        elif key and key["key"] in keys:
            made[-1][1].setdefault(key["key"], len(key["indent"]))
        elif prose := _prose(line):
            if made[-1][1]:  # text behind keys begins anew
                made.append(([], {}))
            made[-1][0].append(prose)
    return made


def _prose(line: str) -> str:
    """The text of a comment; '' for a line of an example, which is deeper or names a section."""
    mark = _MARK.match(line)
    text = line[mark.end() :] if mark else " "
    if text.lstrip().startswith("#"):
        return text.lstrip()[1:].strip()
    return "" if text.startswith(" ") or _SECTION.fullmatch(text) else text.strip()
