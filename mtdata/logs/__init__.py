"""The log, on standard error and in files; it never shows an answer, a secret, or a fault's words.

`begin` sets up standard error, `configure` the files; `at` says what a line is about.  What repeats
is counted (`repeats.py`).
"""

from mtdata.logs.console import on_stderr
from mtdata.logs.files import LogFile, NightlyFile, trouble
from mtdata.logs.json_fields import EcsFormatter
from mtdata.logs.lines import JsonFormatter, LineFormatter, at, carried
from mtdata.logs.repeats import EACH, REPEATS, alike, over
from mtdata.logs.setting import TOLD, also_into, begin, close, configure

__all__ = [
    "EACH",
    "REPEATS",
    "TOLD",
    "EcsFormatter",
    "JsonFormatter",
    "LineFormatter",
    "LogFile",
    "NightlyFile",
    "alike",
    "also_into",
    "at",
    "begin",
    "carried",
    "close",
    "configure",
    "on_stderr",
    "over",
    "trouble",
]
