"""`python -m mtdata`: hands over to the command line; worker processes import nothing here."""

import os
import signal
import sys

FOREIGN = ("PYTHONPATH", "PYTHONHOME")
"""What a shell, a crontab or conda says of other Pythons: their packages, or another checkout's."""


def main() -> int:
    """Run the command line and return its exit code."""
    _begin_alone()
    from mtdata.cli import streams  # late: workers need not load it

    streams.open_all()  # before anything else opens a file
    from mtdata.core.loading import unsearched

    with unsearched():
        from mtdata.cli.main import run

    try:
        code = run()
    except SystemExit as ended:  # --help and --version
        code = int(ended.code or 0)
    # what ended us may be said once more, and Python gives up its handlers before it is gone
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    return streams.closed(code)


def _begin_alone() -> None:
    """Begin anew without foreign packages, where the caller let them in; bin/mtdata does not."""
    if not sys.flags.ignore_environment and any(map(os.environ.get, FOREIGN)):
        own = [sys.executable, "-E", "-P", "-m", "mtdata"]
        os.execv(sys.executable, [*own, *sys.argv[1:]])  # noqa: S606  # our own words, no shell


if __name__ == "__main__":
    raise SystemExit(main())
