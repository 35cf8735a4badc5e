"""Kinds whose parts say what no database takes, or more than a pipe does; it tests nothing."""

from __future__ import annotations

import sys
import time

from mtdata.core.errors import BusyError, JobError, NotYet
from mtdata.jobs.kind import Kind, Parameter, Work

ODD = "a file \udcff of \0 theirs"
TOLD = "a file \\udcff of \\x00 theirs"


def _say(work: Work) -> None:
    how = work.parameters["how"]
    if how == "fails":
        raise JobError(ODD)
    if how == "is long":
        raise JobError("long " * 40_000)
    if how == "waits":
        raise NotYet(ODD, 600)
    if how == "is busy":
        raise BusyError(ODD)
    work.say("\udcff", ODD)
    for number in range(8):  # a sign of life and a renewed lease
        work.progress(number, 8, step=ODD)
        time.sleep(0.1)


def _one(work: Work) -> list[str]:
    return ["all"]


HOW = Parameter("how", lambda settings, word: word, "a word")
KINDS = {"says": Kind("says", (HOW,), _one, _say, lambda parameters: "says")}
CHILD = (sys.executable, "-m", "mtdata.jobs.child", "tests.jobs.odd_words")
