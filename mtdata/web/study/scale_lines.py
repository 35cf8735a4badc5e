"""The scales of a pool in a line each, those that need somebody first; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtdata.study.ledger.queries import Balance


def scale_lines(
    scales: Mapping[str, Mapping[str, Any]], balances: Mapping[str, Balance]
) -> list[dict[str, Any]]:
    """Those that do not add up, then those with something held, then the others."""
    lines = [_line(name, one, balances.get(name)) for name, one in scales.items()]
    return sorted(lines, key=lambda line: (not line["off"], not line["held"]))


def _line(name: str, one: Mapping[str, Any], balance: Balance | None) -> dict[str, Any]:
    """With what raw files hold beside what has a row, is held or waits: `off` is what is left."""
    off = balance.raw - balance.rows - balance.held - balance.waiting if balance else 0
    return {"name": name, **one, "balance": balance, "off": off}
