"""The table of duties: what each brings; what it does stands in a folder of its own."""

from __future__ import annotations

from mtdata.cake import jobs as cake
from mtdata.jobs.kind import Kinds
from mtdata.study.operations import jobs as study

KINDS: Kinds = {**study.KINDS, **cake.KINDS}
