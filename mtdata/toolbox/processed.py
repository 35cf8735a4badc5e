"""Where results are written: `processed_data/` of a pool, or a folder of one's own choice.

    processed_data/<Scale>/<Scale>_<what>_<DATE>.<ending>     with a side file beside each
    processed_data/quality_<DATE>.csv                         what is of all scales together

DATE is today's, as DATE_FORMAT of the site words it; a second run on a day takes the place of the
first.  A file has its name when all of it is on the disk, and not before.  No pool's own file is
touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mtdata.config import SiteConfig
from mtdata.core.clock import SystemClock
from mtdata.core.lock import PoolLock
from mtdata.study.model.days import worded
from mtdata.toolbox.provenance import Origin
from mtdata.toolbox.result_file import write_result

PROCESSED = "processed_data"
DATE_FORMAT = "%b_%d_%Y"
BUSY = "another command writes results there; nothing was done. Try again when it has ended"


class Results:
    """A folder for results of one day."""

    def __init__(self, folder: Path, date: str) -> None:
        self.folder, self.date = folder, date
        self.written: list[Path] = []

    def write(
        self, scale: str, what: str, ending: str, pieces: Iterable[bytes], origin: Origin
    ) -> Path:
        """Write one result and its side file, both or neither; the scale's name was checked.

        The side file names the digest of the result, so that one of an older run is known.
        """
        name = f"{scale}_{what}_{self.date}" if scale else f"{what}_{self.date}"
        path = f"{scale}/{name}.{ending}" if scale else f"{name}.{ending}"
        write_result(self.folder / path, pieces, origin)
        self.written.append(self.folder / path)
        return self.folder / path


@contextmanager
def results_in(folder: Path, site: SiteConfig | None = None) -> Iterator[Results]:
    """The folder for results, held against others; BusyError (75) while another command has it."""
    clock = SystemClock(site.timezone if site else None)
    today = clock.local(clock.now())
    with PoolLock(folder, BUSY).hold():
        yield Results(folder, worded(today, site.date_format if site else DATE_FORMAT))
