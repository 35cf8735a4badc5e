"""The table of kinds: one line each; what a kind does stands in a room of its own."""

from __future__ import annotations

from mtdata.cake import jobs as cake
from mtdata.jobs.kind import Kinds
from mtdata.study.operations import jobs

KINDS: Kinds = {
    kind.name: kind
    for kind in (jobs.EXPORT, jobs.DECODE, cake.CLICKS, cake.CONVERSIONS, cake.CHANGES)
}
