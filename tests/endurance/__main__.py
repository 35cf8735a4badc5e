"""A long trial, told as a page: `python -m tests.endurance --minutes 10 --kills 200`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.endurance.trial import FAULTS, Record, Trial

FAULT_S = 20.0


def main() -> int:
    """Play the trial and print what came of it; 0 when nothing was lost, doubled or left."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=4711)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="mtdata-trial-") as folder:
        trial = Trial(Path(folder) / "home", options.seed)
        record = trial.play(
            seconds=options.minutes * 60,
            kills=options.kills,
            faults=list(FAULTS),
            fault_s=min(FAULT_S, options.minutes * 60 / len(FAULTS) / 2),
        )
        same = record.digest == trial.undisturbed()
    print("\n".join(page(record, options.seed, same=same)))
    sound = same and not (record.lost or record.doubled or record.left_on_site)
    return 0 if sound and (record.verify, record.check) == (0, 0) else 1


def page(record: Record, seed: int, *, same: bool) -> Iterator[str]:
    """The trial in words and tables."""
    yield f"{record.seconds:.0f} s, seed {seed}; {record.kills} kills (SIGKILL) of the daemon."
    yield ""
    yield "| what | count |"
    yield "|---|---|"
    yield f"| rows that came to the site | {record.planted} |"
    yield f"| rows lost | {record.lost} |"
    yield f"| rows doubled | {record.doubled} |"
    yield f"| rows left on the site at the end | {record.left_on_site} |"
    yield f"| same pool digest as an undisturbed run | {'yes' if same else 'NO'} |"
    yield f"| exit of `verify`, of `decode --check` | {record.verify}, {record.check} |"
    yield f"| incidents opened | {len(record.incidents)} |"
    open_ones = sum(one["closed_at"] is None for one in record.incidents)
    yield f"| incidents still open | {open_ones} |"
    yield f"| mails | {len(record.mails)} |"
    yield ""
    yield "| second | fault |"
    yield "|---|---|"
    for at, name in record.faults:
        yield f"| {at:.0f} | {name} |"
    yield ""
    yield "| second | mail |"
    yield "|---|---|"
    for at, subject in record.mails:
        yield f"| {at:.0f} | {subject} |"
    yield ""
    yield "| incident | scale | seen | opened | closed |"
    yield "|---|---|---|---|---|"
    for one in sorted(record.incidents, key=lambda one: int(one["number"])):
        closed = (one["closed_at"] or "open")[11:19]
        cells = (one["kind"], one["scale"], one["count"], one["opened_at"][11:19], closed)
        yield f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    raise SystemExit(main())
