"""What stands in the ledger of web logs, as pages say it: reasons, files, steps, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

from mtdata.web.access.roles import Role, role_of
from mtdata.web.weblogs.standing import StateWord
from mtdata.weblogs.ledger.day_lines import DayLines, reasons
from mtdata.weblogs.ledger.days import DayState
from mtdata.weblogs.ledger.doubts import DoubtfulBatch, DoubtfulPage
from mtdata.weblogs.ledger.schema import LogState
from mtdata.weblogs.ledger.summary import DaySummary, LogSummary
from mtdata.weblogs.reasons import REASONS

LOG_STATES = {
    LogState.OPEN: StateWord("run", "begun"),
    LogState.DONE: StateWord("good", "read"),
    LogState.CUT: StateWord("warn", "breaks off"),
    LogState.CHANGED: StateWord("bad", "was changed"),
    LogState.UNREADABLE: StateWord("bad", "unreadable"),
}
BATCH_STATES = {
    "quarantined": StateWord("bad", "quarantined"),
    "poisoned": StateWord("bad", "poisoned"),
    "invalid": StateWord("warn", "invalid"),
}
MEANT = {
    "quarantined": "Nobody knows whether they are stored, so none is sent again by itself.",
    "poisoned": "Matomo fails with every batch that such a hit is in; the others are stored.",
    "invalid": "Matomo calls some of their hits invalid; the others are stored.",
}
_COMMAND = "`mtdata weblogs quarantine {site} --resolve"
TODO = {
    "quarantined": f"When their day is over, {_COMMAND} auto` asks the reports.",
    "poisoned": f"Mend Matomo, then {_COMMAND} resend`; or `stored` to leave them out.",
    "invalid": (
        "They cannot be sent again: mend the cause for the days to come, then "
        f"{_COMMAND} stored --batch NUMBER`."
    ),
}
"""What an administrator does about such batches; others have no command, and ask one."""
ASK = "An administrator can end that."


def of_reasons(days: Sequence[DayLines]) -> list[dict[str, Any]]:
    """Each reason with its lines and their share of all lines, the commonest first."""
    lines = sum(one.lines for one in days)
    return [
        {"reason": name, "words": REASONS.get(name, ""), "lines": count,
         "share": 100 * count / lines if lines else 0.0}
        for name, count in reasons(days).items()
    ]  # fmt: skip


def of_files(summary: DaySummary, page: int, size: int) -> Page[Any]:
    """A page of the logs of a day, by key."""
    found = Paginator(summary.logs, size).get_page(page)
    found.object_list = [_file(one) for one in found.object_list]
    return found


def _file(one: LogSummary) -> dict[str, Any]:
    skipped = sorted(one.log.mark.skipped.items(), key=lambda pair: -pair[1])
    return {
        "key": one.log.identity.key,
        "state": LOG_STATES[one.log.state],
        "reason": one.log.reason,
        "size": one.log.identity.size,
        "format": one.log.format,
        "read_at": one.log.read_at,
        "lines": one.log.mark.lines,
        "tracked": one.tracked,
        "skipped": sum(count for _, count in skipped),
        "by_reason": ", ".join(f"{name} {count:,}" for name, count in skipped),
        "doubtful": one.quarantined + one.invalid,
        "waiting": one.waiting,
    }


def of_batches(request: HttpRequest, site: str, found: DoubtfulPage) -> dict[str, Any]:
    """Batches that need somebody's word, by kind, each kind with what its reader can do."""
    knows = role_of(request.user) >= Role.ADMIN
    kinds = {
        kind: {
            "state": state,
            "told": f"{MEANT[kind]} {TODO[kind].format(site=site) if knows else ASK}",
            "batches": [_batch(one) for one in found.batches if one.batch.doubt == kind],
        }
        for kind, state in BATCH_STATES.items()
    }
    shown = [kind for kind in kinds.values() if kind["batches"]]
    return {
        "kinds": shown,
        "more": found.total - len(found.batches),
        "total": found.total,
        "shown": len(found.batches),
    }


def _batch(one: DoubtfulBatch) -> dict[str, Any]:
    return {
        "number": one.batch.number,
        "hits": one.hits,
        "of": one.batch.hits,
        "reason": one.batch.reason,
        "sent_at": one.batch.sent_at,
        "lines": one.lines,
        "more": one.more,
    }


def of_steps(state: DayState) -> dict[str, Any]:
    """What followed on the import of a day; empty where nothing did."""
    return {
        "archive": state.archive,
        "archived_at": state.archived_at,
        "push": state.push if state.push != "none" else "",
        "compared_at": state.compared_at,
        "compared": [state.found[day] for day in sorted(state.found)],
    }
