"""What bin/test did beside pytest, and whether it failed; it tests nothing itself."""

from __future__ import annotations

import os
import time
from pathlib import Path

PATIENCE_S = 600
LOOK_S = 0.1


def failed() -> dict[str, str]:
    """What each stage that failed has said, by its name; waits until all have ended."""
    if not (told := os.environ.get("MTDATA_STAGES")):
        return {}
    folder, until = Path(told), time.monotonic() + PATIENCE_S
    while any(folder.glob("*.begun")) and time.monotonic() < until:
        time.sleep(LOOK_S)
    found = {path.stem: path.read_text(errors="replace") for path in folder.glob("*.failed")}
    return found | {path.stem: "it has not ended" for path in folder.glob("*.begun")}
