"""The tutorials of the docs: each command goes well, and says what its page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.tutorials import TUTORIALS, follow, missing, steps

PAGES = sorted(TUTORIALS.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_goes_well_and_says_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    assert follow(page, tmp_path) == {}


def test_a_line_that_was_not_said_is_missed() -> None:
    [first, second] = steps("a\n```console\n$ one\n  a  …z\nb\n$ two\n```\n```sh\n$ no\n```\n")
    assert (first.command, second) == ("one", ("two", ()))
    assert missing("x\na b  z\nb\n", first.said) == []
    assert missing("b\na bz\n", first.said) == ["b"]
