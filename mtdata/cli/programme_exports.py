"""The command that gives form responses out: it makes the job, carries it, and says where it is."""

from __future__ import annotations

import argparse
from typing import Any

from mtdata.cli.programme_carrying import carry, queued
from mtdata.cli.sites import Result, recorded, with_records
from mtdata.duties import KINDS
from mtdata.programme.export.job import FORMS_EXPORT

PARAMETERS = ("from", "to", "format", "email")


def export_forms(options: argparse.Namespace) -> Result:
    """Write form responses into OUTPUT, or queue that.

    JobError where a value is wrong.
    """
    settings = recorded(options)
    with_records(settings)
    from mtdata.jobs.records import setting  # Django

    setting.open_migrated(settings.database)
    from mtdata.jobs import queue
    from mtdata.jobs.parameters import validate
    from mtdata.programme.export.job import span_of

    given = {name: word for name in PARAMETERS if (word := getattr(options, name)) is not None}
    read = validate(KINDS[FORMS_EXPORT], settings, given).sound()
    job = queue.add(settings, KINDS, FORMS_EXPORT, given)
    if options.queue:
        return queued(options, job)
    return carry(options, settings, job, span_of(read).rows.count(), _file_lines)


def _file_lines(shown: dict[str, Any]) -> list[str]:
    return [
        f"{one['rows']:,} rows: {one.get('path') or one.get('url')}" for one in shown["artifacts"]
    ]
