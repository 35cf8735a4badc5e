"""The table of kinds: one line each; what a kind does stands in a room of its own."""

from __future__ import annotations

from mtdata.jobs import cake, study
from mtdata.jobs.kind import Kinds

KINDS: Kinds = {
    kind.name: kind
    for kind in (study.EXPORT, study.DECODE, cake.CLICKS, cake.CONVERSIONS, cake.CHANGES)
}
