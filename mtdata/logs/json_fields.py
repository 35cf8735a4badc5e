"""A record as one JSON object by the names that others know: those of the Elastic Common Schema.

    JSON: True
    JSON_FIELDS: ecs

What is not known is left out.  https://www.elastic.co/guide/en/ecs/current/ecs-field-reference.html
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from mtdata import __version__
from mtdata.logs.lines import NOWHERE, JsonFormatter, fault_fields

ECS_VERSION = "8.17.0"
SERVICE = "mtdata"


class EcsFormatter(logging.Formatter):
    """One JSON object a line; site, scale and round are `labels`."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__()

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON; the first three are at the top, so that people see them.

        Of a fault it tells types and places, never its words: `error.message` is not given.
        """
        moment = datetime.fromtimestamp(record.created, UTC)
        first = {
            "@timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "log.level": record.levelname.lower(),
            "message": record.getMessage(),
            "ecs.version": ECS_VERSION,
        }
        about = {
            "log": {"logger": record.name, "origin": _origin(record)},
            "service": {"name": SERVICE, "version": __version__},
            "process": {"pid": record.process, "thread": {"name": record.threadName}},
        }
        return json.dumps(
            {**first, **about, **_labels(record), **_error(record)}
        )  # ASCII: one line


def _origin(record: logging.LogRecord) -> dict[str, Any]:
    return {
        "file": {"name": record.filename, "line": record.lineno},
        "function": record.funcName,
    }


def _labels(record: logging.LogRecord) -> dict[str, Any]:
    words = {key: str(getattr(record, key, "-")) for key in NOWHERE}
    known = {key: word for key, word in words.items() if word != "-"}
    if calls := fault_fields(record).get("calls"):
        known["calls"] = calls
    return {"labels": known} if known else {}


def _error(record: logging.LogRecord) -> dict[str, Any]:
    fault = fault_fields(record).get("fault")
    if not fault:
        return {}
    return {"error": {"type": fault.partition(" at ")[0], "stack_trace": fault}}


FORMATTERS: dict[str, type[logging.Formatter]] = {"plain": JsonFormatter, "ecs": EcsFormatter}
"""By JSON_FIELDS of log.config; plain are the names of the program before there was a choice."""
