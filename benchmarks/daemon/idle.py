"""What a daemon spends on rounds that find nothing: most rounds of most sites are such."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import yaml

from benchmarks.bench import CONFIG, ROOT, SCALE, Bench, in_process_of_its_own
from benchmarks.figures import Measured
from benchmarks.rows import rows, write_package

SITES, SCALES, ROWS = 3, 25, 4
FIRST, ROUNDS = 20, 40
"""So many rounds before it counts, and in each repetition."""


SETTLES_S = 90.0
"""Behind so long a daemon has done what it does once."""


@contextmanager
def three_sites(bench: Bench) -> Iterator[Path]:
    """The config of three sites whose scales were collected, and are empty by the second round."""
    package = bench.folder / "idle.json"
    write_package(package, rows(bench.key, ROWS, 1))
    scales = {f"{SCALE}_{number:02}": (package, ROWS) for number in range(SCALES)}
    with ExitStack() as left:
        homes = [left.enter_context(bench.home(scales, deletes=True)) for _ in range(SITES)]
        sites = {}
        for number, home in enumerate(homes):
            text = CONFIG.format(server=home.site.url, deletes=True, connections=4)
            sites[f"bench{number}"] = yaml.safe_load(text)["bench"] | {"PATH": str(home.pool)}
        config = homes[0].folder / "config"
        (config / "server.config").write_text(yaml.safe_dump(sites), encoding="utf-8")
        yield config


def processor_ms(bench: Bench) -> Measured:
    """All that the process spends between two rounds of a site, by site, in ms."""
    with three_sites(bench) as config:
        order = {"config": str(config), "first": FIRST, "marks": bench.reps, "rounds": ROUNDS}
        took = in_process_of_its_own("benchmarks.daemon.idle_life", order)
    spent = [1e3 * seconds / ROUNDS / SITES for seconds in took["spent"]]
    note = f"{SITES} sites of {SCALES} scales; news, numbers and daily tasks of the time between"
    return Measured(spent, {}, note)


def minute_ms(bench: Bench) -> Measured:
    """All that the process of a daemon spends in a minute in which nobody has anything for it."""
    with three_sites(bench) as config:
        words = [sys.executable, "-P", "-m", "mtdata", "jobs", "add", "study.export", "server=."]
        subprocess.run([*words, "--config", str(config)], cwd=ROOT, check=True, capture_output=True)
        order = {"config": str(config), "settles_s": SETTLES_S, "minutes": bench.reps}
        took = in_process_of_its_own("benchmarks.daemon.idle_minutes", order)
    note = f"{SITES} sites of {SCALES} scales, a round of each every five minutes, and a slot"
    return Measured([1e3 * seconds for seconds in took["spent"]], {}, note)
