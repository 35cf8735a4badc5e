"""The table of duties: what each brings stands in its own folder, and is found through here."""

from __future__ import annotations

from mtdata.cake.duty import CAKE
from mtdata.jobs.duty import Duties, KindsOf
from mtdata.programme.duty import PROGRAMME
from mtdata.study.duty import STUDY
from mtdata.toolbox.duty import TOOLBOX
from mtdata.weblogs.duty import WEBLOGS

DUTIES: Duties = (STUDY, CAKE, WEBLOGS, PROGRAMME, TOOLBOX)
"""A duty is a line here and a folder."""
KINDS = KindsOf(DUTIES)
"""Every kind of job, those of plug-ins among them."""
