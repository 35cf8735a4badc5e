"""Tries an image, a line a trial: `python -m tests.image --tool podman --image A --base B`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.image import compose
from tests.image.engine import Engine
from tests.image.trials import TRIALS, place


def main() -> int:
    """Play all trials, each whatever became of the others; 0 when all went well."""
    parser = argparse.ArgumentParser(prog="python -m tests.image", description=__doc__)
    parser.add_argument("--tool", choices=["podman", "docker"], required=True)
    parser.add_argument("--image", required=True)
    parser.add_argument("--base", required=True)
    parser.add_argument("--compose", action="store_true", help="deploy/compose.yaml as well")
    options = parser.parse_args()
    faults = 0
    with TemporaryDirectory(prefix="mtdata-image-") as folder:
        engine = Engine(options.tool, options.image)
        with place(engine, options.base, Path(folder)) as where:
            for trial in TRIALS:
                faults += not played(trial.__name__, lambda trial=trial: trial(where))  # type: ignore[misc]
    if options.compose:
        faults += compose.trial(options.tool, options.image, options.base, played)
    print("image: all went well" if not faults else f"image: {faults} went wrong")
    return min(faults, 1)


def played(name: str, act: Callable[[], str]) -> bool:
    """Play one, and print what came of it."""
    began, words = time.monotonic(), name.replace("_", " ")
    try:
        told = act()
    except (AssertionError, OSError, ValueError, LookupError) as error:
        print(f"FAULT {words}: {type(error).__name__}: {error}", flush=True)
        return False
    print(f"well  {words}: {told} ({time.monotonic() - began:.1f} s)", flush=True)
    return True


if __name__ == "__main__":
    raise SystemExit(main())
