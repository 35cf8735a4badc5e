"""Cells of an older program beside ours: the same value in other words, or another value."""

from __future__ import annotations

import pytest

from mtdata.study.model.likeness import alike, all_alike


@pytest.mark.parametrize(
    ("made", "stands"),
    [
        ("149.07600000000002", "149.076"),
        ("0.1234567890123456", "0.123456789012"),
        ("1e+20", "1e+20"),
        ("1E2", "100.0"),
        ("1.10", "1.1"),
        ('["a",1,null,true]', "[u'a', 1, None, True]"),
        ('{"name":"é"}', "{u'name': u'\\xe9'}"),
        ("", ""),
    ],
)
def test_an_older_form_of_a_value_is_the_same_value(made: str, stands: str) -> None:
    assert alike(made, stands)


@pytest.mark.parametrize(
    ("made", "stands"),
    [
        ("149.077", "149.076"),
        ("3", "3.0"),
        ("12345678901234567890", "12345678901234567000"),
        ('["a"]', "[u'b']"),
        ('["a"]', "[__import__('os')]"),
        ("True", "1"),
        ("", "None"),
        ("nan.", "0"),
        ("x.y", "x.z"),
        ("1E400", "1E500"),
        ("1E400", "inf"),
    ],
)
def test_another_value_is_never_the_same(made: str, stands: str) -> None:
    assert not alike(made, stands)


def test_rows_of_other_lengths_are_never_the_same() -> None:
    assert not all_alike(["1"], ["1", "2"])
