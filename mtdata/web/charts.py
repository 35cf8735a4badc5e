"""Charts of core/charts.py as templates take them: marked as HTML that is escaped already."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.utils.safestring import SafeString, mark_safe

from mtdata.core import charts
from mtdata.core.charts import of_day, told_of_day

__all__ = ["of_day", "rows_per_day", "small", "stacked", "strip", "told_of_day"]
_Given = ParamSpec("_Given")


def _marked(draw: Callable[_Given, str]) -> Callable[_Given, SafeString]:
    @wraps(draw)
    def marked(*args: _Given.args, **named: _Given.kwargs) -> SafeString:
        return mark_safe(draw(*args, **named))  # noqa: S308 - it escapes every word

    return marked


rows_per_day = _marked(charts.rows_per_day)
small = _marked(charts.small)
stacked = _marked(charts.stacked)
strip = _marked(charts.strip)
