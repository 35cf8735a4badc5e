"""What is held, as a terminal shows it: a line for what is alike."""

from __future__ import annotations

from typing import Any

from mtdata.cli.state_tables import held_rows


def entry(scale: str, id: int | None, reason: str = "no key opens it") -> dict[str, Any]:
    return {"scale": scale, "id": id, "kind": "sealed", "count": 1, "reason": reason}


HELD = {"mysite": [*(entry("QOL", n) for n in range(1, 26)), entry("QOL", 7, "no key"),
                   entry("BBSIQ", None)]}  # fmt: skip


def test_entries_of_one_scale_and_reason_are_one_line() -> None:
    assert held_rows(HELD, whole=False) == [
        ("mysite", "QOL", "1, 2, 3 and 22 more", "sealed", 25, "no key opens it"),
        ("mysite", "QOL", "7", "sealed", 1, "no key"),
        ("mysite", "BBSIQ", "", "sealed", 1, "no key opens it"),
    ]


def test_each_is_a_line_when_all_is_asked_for() -> None:
    rows = held_rows(HELD, whole=True)
    assert len(rows) == 27
    assert rows[24] == ("mysite", "QOL", "25", "sealed", 1, "no key opens it")
