"""The table of duties: what each brings stands in its own folder, and is found through here."""

from __future__ import annotations

from mtdata.cake.duty import CAKE
from mtdata.jobs.duty import Duties, KindsOf
from mtdata.jobs.kind import Kinds
from mtdata.study.duty import STUDY

DUTIES: Duties = (STUDY, CAKE)
"""A duty is a line here and a folder."""
KINDS: Kinds = KindsOf(DUTIES)
