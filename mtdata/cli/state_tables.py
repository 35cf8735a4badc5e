"""How a site stands, in words, a table and a small chart for people; JSON is not made here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mtdata.cli.tables import ago, say, table
from mtdata.core.words import size

BLOCKS = "▁▂▃▄▅▆▇█"
COLUMNS = ("benchmark", "rows", "held", "owed", "waiting")


def show_site(name: str, state: dict[str, Any]) -> None:
    """The whole of what `status` knows of one site."""
    times = state["last_success_s"], state["last_good"]
    table(
        f"{name}: {_last(*times)}{_late(state)}, {_open(state)}",
        ("scale", *COLUMNS, "last success", "oldest on the site"),
        [
            (scale, *(one[column] for column in COLUMNS), *_times(one))
            for scale, one in state["scales"].items()
        ],
    )
    counts = list(state["new_rows"].values())
    most, today = max(counts, default=0), counts[-1] if counts else 0
    say(f"new rows, {len(counts)} days: {chart(counts)}  today {today:,}, the most {most:,}")
    say(
        f"on the site: {_on_site(state['on_site'])}; disk: {size(state['disk']['free_bytes'])} free"
    )
    if state["next_round_at"]:
        static = f"static scales {state['next_static_at'][:16]} UTC"
        say(f"next round due: {state['next_round_at'][:16]} UTC, {static}")
    for why in state["deletes_blocked"]:
        say(f"no deletes: {why}")
    for one in state["replicas"]:
        say(f"{one['place']}: {one['confirmed']} copies, {one['missing']} missing")


def show_reports(found: Sequence[dict[str, Any]]) -> None:
    """A line for each daily report."""
    for one in found:
        last = one["last"]
        told = f"{last['name']} {last['status']}. {last['reason']}".strip() if last else "none yet"
        next_at = f"{one['next_at'][:16]} UTC"
        say(f"{one['kind']} of {one['account']}, daily: the next {next_at}, the last: {told}")


def chart(counts: Sequence[int]) -> str:
    """A block for each number, the highest as high as a line; none at all is a dot."""
    most = max(counts, default=0)
    return "".join(BLOCKS[(n * 8 - 1) // most] if n else "·" for n in counts)


def _last(whole_s: int | None, any_good: dict[str, Any] | None) -> str:
    if whole_s is None and any_good is None:
        return "no good round yet"
    age = whole_s if whole_s is not None else any_good["age_s"] if any_good else 0
    return f"last good round {ago(age)} ago"


def _late(state: dict[str, Any]) -> str:
    words = {"collected": "OVERDUE", "kept": "static scales OVERDUE"}
    return "".join(f", {words[what]}" for what in state["late"])


def _open(state: dict[str, Any]) -> str:
    levels = ", ".join(
        f"{count} {level}" for level, count in state["incidents_open"].items() if count
    )
    return f"{len(state['incidents'])} open incidents" + (f" ({levels})" if levels else "")


def _times(scale: dict[str, Any]) -> tuple[str, str]:
    last, oldest = scale["last_success_at"], scale["oldest_on_site_s"]
    return last[:16].replace("T", " ") if last else "", ago(oldest) if oldest is not None else ""


def _on_site(found: dict[str, Any]) -> str:
    of = f" of {found['max_records']:,}" if found["max_records"] else ""
    oldest = f", the oldest safe here for {ago(found['oldest_s'])}" if found["rows"] else ""
    return f"{found['rows']:,} rows{of}{oldest if found['oldest_s'] is not None else ''}"
