"""The one exit code of several: what a program that did more than one thing ends with."""

from __future__ import annotations


def exit_code(codes: set[int]) -> int:
    """0 when all went well, the one grave code there is before 1, and 1 when several differ."""
    grave = codes - {0, 1}
    if len(grave) == 1:
        return grave.pop()
    return 1 if codes - {0} else 0
