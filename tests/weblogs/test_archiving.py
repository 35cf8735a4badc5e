"""The archive step by a console that lasts; what it says of its end is judged elsewhere."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mtdata.core.errors import Stopped
from mtdata.core.stop import StopToken
from mtdata.weblogs.matomo.archiving import by_console
from mtdata.weblogs.matomo.errors import TrackingError


def test_archiving_that_lasts_shows_that_it_goes_on_and_ends_when_asked(tmp_path: Path) -> None:
    console, ended = tmp_path / "console", threading.Event()
    console.write_text("#!/bin/sh\nexec sleep 600\n")
    console.chmod(0o700)
    stop = StopToken(ended)
    began = threading.Timer(0.1, ended.set)
    began.start()
    with pytest.raises(Stopped):
        by_console(console, "http://127.0.0.1:9", check=stop.check, checked_s=0.05)
    assert stop.steps > 1
    with pytest.raises(TrackingError, match=r"did not end within 0\.2 s"):
        by_console(console, "http://127.0.0.1:9", 0.2, checked_s=0.05)
