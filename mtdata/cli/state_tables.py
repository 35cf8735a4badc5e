"""How sites stand, for people: in lines of a terminal's width, or in a pipe each whole; no JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mtdata.cli.tables import ago, counted, folded_at, say, table
from mtdata.core.keeping import Amount, Growing
from mtdata.core.words import size

BLOCKS = "▁▂▃▄▅▆▇█"
COLUMNS = ("rows", "held", "owed", "waiting")
WIDTH, INDENT = 80, 15
MOST_SCALES, MOST_IDS = 10, 3
"""So many scales with something wrong are shown without -v."""
FAILED = "the last round failed"


def show_site(name: str, state: dict[str, Any], *, whole: bool = False) -> None:
    """One state and a few lines; of the scales those with something wrong, or the `whole`."""
    say(f"{name}: {state['state']}{_open(state)}")
    for head, told in _lines(state):
        begin = f"  {head:<{INDENT - 2}}"
        for line in textwrap.wrap(told, folded_at(WIDTH) - INDENT) or [""]:
            say(f"{begin}{line}")
            begin = " " * INDENT
    scales = state["scales"]
    shown = scales if whole else _odd(state)
    few = dict(list(shown.items())[: len(shown) if whole else MOST_SCALES])
    if few:
        table(
            "",
            ("scale", *COLUMNS, "last listed, UTC", "oldest"),
            [
                (scale, *(one[column] for column in COLUMNS), *_times(one))
                for scale, one in few.items()
            ],
        )
    if left := len(shown) - len(few):
        say(f"  and {counted(left, 'more scale')} with something wrong: -v shows all")


def _lines(state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "rounds", "; ".join(_rounds(state))
    yield "entries", _entries(state)
    yield "on the site", _on_site(state)
    for why in state["deletes_blocked"]:
        yield "no deletes", why
    for one in state["replicas"]:
        copies = counted(one["confirmed"], "copy", "copies")
        yield "replica", f"{one['place']}: {copies}, {one['missing']} missing"
    disk = state["disk"]
    grown = f", {size(disk['grown_week_bytes'])} grown in a week"
    yield "disk", f"{size(disk['free_bytes'])} free{grown}"


def _rounds(state: dict[str, Any]) -> Iterator[str]:
    last, good = state["last_round"], state["last_good"]
    if last is None:
        yield "none yet"
    elif last["exit"] == 0:
        # with a wrong key a round is whole, and yet nothing came of it
        word = "complete" if state["incidents_open"]["critical"] else "good"
        yield f"last {word} round {ago(last['age_s'])} ago"
    else:
        failed = "a part of it failed" if last["exit"] == 1 else f"failed (exit {last['exit']})"
        yield f"last round {ago(last['age_s'])} ago {failed}"
        yield f"last good round {ago(good['age_s'])} ago" if good else "no good round yet"
    late = {"collected": "rounds", "kept": "static scales"}
    for what, since in state["late"].items():
        yield f"{late[what]} OVERDUE, waited for since {moment(since)}"
    if state["next_round_at"]:
        yield f"next due {moment(state['next_round_at'])}"
        yield f"static scales {moment(state['next_static_at'])}"


def _entries(state: dict[str, Any]) -> str:
    scales = state["scales"]
    totals = {column: sum(one[column] for one in scales.values()) for column in COLUMNS}
    days = list(state["new_rows"].values())
    told = ", ".join(f"{number:,} {column}" for column, number in totals.items())
    many = counted(len(scales), "scale")
    return f"{told} in {many}; {days[-1]:,} new today, {len(days)} days {chart(days)}"


def _on_site(state: dict[str, Any]) -> str:
    found, last = state["on_site"], state["last_round"]
    of = f" of {found['max_records']:,}" if found["max_records"] else ""
    told = f"{counted(found['rows'], 'row')}{of}"
    if found["oldest_s"] is not None:
        told += f", the oldest safe here for {ago(found['oldest_s'])}"
    if last is not None and last["exit"] in (0, 1):
        return told
    if found["known_at"] is None:
        return "not known: no round has seen it yet"
    return f"not known since {moment(found['known_at'])}; then {told}"


def _odd(state: dict[str, Any]) -> dict[str, Any]:
    """Scales with entries held, or with an incident."""
    troubled = {one["scale"] for one in state["incidents"]}
    return {name: one for name, one in state["scales"].items() if one["held"] or name in troubled}


def show_reports(found: Sequence[dict[str, Any]]) -> None:
    """A line for each daily report."""
    for one in found:
        last = one["last"]
        told = f"{last['name']} {last['status']}. {last['reason']}".strip() if last else "none yet"
        say(f"{one['kind']} of {one['account']}, daily: next {moment(one['next_at'])}")
        indent, width = "  ", folded_at(WIDTH)
        say(textwrap.fill(f"last: {told}", width, initial_indent=indent, subsequent_indent=indent))


def show_growth(found: Iterable[tuple[Growing, Amount | None]]) -> None:
    """A line for each thing that grows with time, of which there is some."""
    table(
        "what grows with time",
        ("of", "how many", "what", "since", "kept"),
        [
            (
                line.whose,
                amount.number if amount else "cannot be read now",
                line.name,
                f"{amount.since:%Y-%m-%d}" if amount and amount.since else "",
                line.rule,
            )
            for line, amount in found
            if amount is None or amount.number
        ],
    )


def chart(counts: Sequence[int]) -> str:
    """A block for each number, the highest as high as a line; none at all is a dot."""
    most = max(counts, default=0)
    return "".join(BLOCKS[(n * 8 - 1) // most] if n else "·" for n in counts)


def moment(at: str) -> str:
    """A moment in ISO 8601, UTC, to the minute, with its zone."""
    return f"{at[:16].replace('T', ' ')} UTC"


def _open(state: dict[str, Any]) -> str:
    if not state["incidents"]:
        return ""
    levels = ", ".join(
        f"{count} {level}" for level, count in state["incidents_open"].items() if count
    )
    return f", {counted(len(state['incidents']), 'open incident')} ({levels})"


def _times(scale: dict[str, Any]) -> tuple[str, str]:
    last, oldest = scale["last_success_at"], scale["oldest_on_site_s"]
    return last[:16].replace("T", " ") if last else "", ago(oldest) if oldest is not None else ""


def held_rows(
    done: Mapping[str, Sequence[Mapping[str, Any]]], *, whole: bool
) -> list[tuple[object, ...]]:
    """Held entries by site, a line for all of one scale and reason; each by itself when `whole`."""
    rows: list[tuple[object, ...]] = []
    for name, found in done.items():
        alike: dict[tuple[object, ...], list[Mapping[str, Any]]] = {}
        for number, one in enumerate(found):
            same = (one["scale"], one["kind"], one["reason"], number if whole else 0)
            alike.setdefault(same, []).append(one)
        for (scale, kind, reason, _), some in alike.items():
            rows.append((name, scale, _ids(some), kind, sum(one["count"] for one in some), reason))
    return rows


def _ids(held: Sequence[Mapping[str, Any]]) -> str:
    """The first ids, and how many more there are (`-v` shows each)."""
    ids = [str(one["id"]) for one in held if one["id"] is not None]
    more = len(ids) - MOST_IDS
    return ", ".join(ids[:MOST_IDS]) + (f" and {more:,} more" if more > 0 else "")
