"""The kinds of the program, whose imports stand still behind HELD rows until they are stopped."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any

from mtdata.duties import KINDS as OWN
from mtdata.jobs.kind import Kind

HELD = 30


def _held(kind: Kind, work: Any) -> None:
    tell = work.progress

    def progress(rows: int, *how: Any, **more: Any) -> None:
        tell(rows, *how, **more)
        while rows >= HELD:
            work.stop_token.check()
            time.sleep(0.02)

    work.progress = progress
    kind.run(work)


KINDS = {
    name: replace(kind, run=partial(_held, kind)) if name.endswith(".import") else kind
    for name, kind in OWN.items()
}
