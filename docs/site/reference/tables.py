"""Pages that are one table of the code each: exit codes, kinds of job, incidents, metrics."""

from __future__ import annotations

import inspect
import json
import os
import re
from collections.abc import Iterator
from typing import Any

from docs.site.reference.markdown import code, codes, page, table, text
from docs.site.reference.metrics import NamesPage, heard
from mtdata.alerts.incident_kinds import KINDS as INCIDENTS
from mtdata.alerts.incident_kinds import IncidentKind
from mtdata.cli.main import EPILOG
from mtdata.core import errors
from mtdata.core.errors import MTDataError
from mtdata.duties import DUTIES, KINDS
from mtdata.jobs.kind import REQUIRED, Kind, Parameter

METRIC_LINES = "metric-lines.json"
"""Where in the source the metrics were given: by it a test knows that none is left out."""
BLOCKS = {"": "go on", "scale": "of its scale wait", "site": "of the whole site wait"}


def pages() -> dict[str, str]:
    """By their paths below the reference."""
    given = heard()
    return {
        "exit-codes.md": _exit_codes(),
        "job-kinds.md": _job_kinds(),
        "incidents.md": _incidents(),
        "metrics.md": _metrics(given),
        METRIC_LINES: json.dumps(sorted(given.lines)),
    }


def _exit_codes() -> str:
    told = re.findall(r"(\d+) ([^,\n]+(?:\n[^,\n]+)?)", EPILOG.partition("exit codes: ")[2])
    names = {getattr(os, one): one for one in dir(os) if one.startswith("EX_")}
    rows = [(code(number), code(names.get(int(number), "")), text(words)) for number, words in told]
    of_errors = [
        (
            code(one.__name__),
            code(one.exit_code),
            "yes" if one.again else "no",
            f"[`{one.incident}`](incidents.md#{one.incident})" if one.incident else "",
            text((inspect.getdoc(one) or "").partition("\n\n")[0]),
        )
        for one in _errors()
    ]
    return page(
        "Exit codes",
        "Those of sysexits(3), and three of a shell.",
        table(("code", "in sysexits.h", "what it means"), rows),
        "## Errors\n\n`--json` names the error as `kind` in "
        '`{"error": {"kind", "message", "exit"}}`. The same may go well later where "again" '
        "says so.",
        table(("error", "exit code", "again", "incident", "what happened"), of_errors),
    )


def _errors() -> Iterator[type[MTDataError]]:
    for one in vars(errors).values():
        if isinstance(one, type) and issubclass(one, MTDataError) and one is not MTDataError:
            yield one


def _job_kinds() -> str:
    parts = []
    for duty in DUTIES:
        own = [kind for name, kind in KINDS.items() if name in duty.kinds()]
        if own:
            parts += [f"## {duty.name}", text(duty.about), *map(_kind, own)]
    return page(
        "Kinds of job",
        "`mtdata jobs add KIND NAME=VALUE…` queues one, as does the page and "
        "`POST /api/v1/jobs`; [the manual](../OPERATING.md#jobs) tells what becomes of it.",
        *parts,
    )


def _kind(kind: Kind) -> str:
    rows = [(code(f"{one.name}="), text(one.allowed), _default(one)) for one in kind.parameters]
    facts = [
        f"Runners that share one such job: {kind.max_runners}.",
        "It can be taken back: `mtdata jobs undo`." if kind.undo else "",
        "After a stop or a crash a part goes on where it was." if kind.resumes else "",
        f"A part ends after {kind.limit_s / 3600:g} hours at most, "
        f"and with {kind.memory_bytes / 2**30:g} GiB of memory.",
    ]
    return "\n\n".join(
        filter(
            None,
            [
                f"### `{kind.name}`",
                text(kind.about or kind.title),
                table(("parameter", "allowed", "default"), rows) if rows else "No parameters.",
                "\n".join(f"- {one}" for one in facts if one),
            ],
        )
    )


def _default(parameter: Parameter) -> str:
    value: Any = parameter.default
    if value is REQUIRED:
        return "it has to be there"
    if callable(value):
        return "by the config"
    return "none" if value is None or value == "" else code(value)


def _incidents() -> str:
    rows = [
        (f"[`{name}`](#{name})", text(kind.level), text(kind.title))
        for name, kind in INCIDENTS.items()
    ]
    return page(
        "Incidents",
        "A trouble from its first sight to its last: `mtdata incidents`, one mail when it opens, "
        "one when it is over. What belongs together, and what to do first, stands in "
        "[When something is wrong](../OPERATING.md#when-something-is-wrong).",
        table(("kind", "level", "in a mail"), rows),
        *(_incident(name, kind) for name, kind in INCIDENTS.items()),
    )


def _incident(name: str, kind: IncidentKind) -> str:
    lines = [
        f"- **What happened:** {text(kind.happened)}",
        f"- **What is safe:** {text(kind.safe)}",
        f"- **What to do:** {text(kind.todo)}",
        f"- Level {code(kind.level)}; deletes {BLOCKS[kind.blocks]} meanwhile.",
    ]
    if kind.stays:
        lines.append("- No round closes it: a person does, `mtdata incidents SITE --close NUMBER`.")
    if kind.follows:
        lines.append(f"- Counted in {codes(kind.follows)} while that is open.")
    if kind.at_once:
        lines.append("- It is over as it is told, by a mail at once.")
    return "\n".join([f"## `{name}`", "", f"{text(kind.title)}.", "", *lines])


def _metrics(given: NamesPage) -> str:
    rows = [
        (code(one.name), code(one.kind), codes(one.labels), text(one.told))
        for one in sorted(given.given.values())
    ]
    return page(
        "Metrics",
        "What `/metrics` of the page, METRICS of `daemon.config` and `mtdata status --metrics` "
        "give to Prometheus; [Monitoring](../howto/monitoring.md) has rules and a dashboard.",
        table(("metric", "type", "labels", "what it tells"), rows),
    )
