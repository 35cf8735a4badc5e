"""The share of a pool that is verified a day is read on, whoever waits meanwhile."""

from __future__ import annotations

import os
from datetime import timedelta

from mtdata.config import load
from mtdata.core.stop import StopToken
from mtdata.study.operations import verify
from mtdata.study.operations.tasks import DAILY
from tests.system.home import Home, row

SCALES = ("BBSIQ", "OASIS", "QOL")


def test_a_share_is_read_to_its_end_though_a_round_always_waits(home: Home) -> None:
    for scale in SCALES:
        home.site.put(scale, [row(1), row(2)])
    home.export()
    [site] = load(home.folder / "config", os.environ).sites
    since = home.now - timedelta(hours=1)
    task = next(one for one in DAILY if one.name == "verify")
    for count in range(2 * len(SCALES)):  # raw and sheet of each
        assert task.last(site) is None, f"the share was read by {count} files"
        found = verify.verify_share(site, since, 1, lambda: True, StopToken())
        assert found["wrong"] == []
    assert task.last(site) is not None
