"""A `console` that runs core:archive on the stand-in for Matomo, written to a file."""

from __future__ import annotations

import sys
from pathlib import Path

ARCHIVE_PATH = "/stand-in/archive"
"""Where the stand-in is told to archive; the real console needs no server, but a database."""

_SCRIPT = '''#!{python} -I
"""Stands in for Matomo's console: `core:archive --url=URL`."""

import json
import sys
import urllib.error
import urllib.request

OPTIONS = (
    "--url --force-all-websites --force-idsites --skip-idsites --force-periods --no-ansi "
    "--force-date-last-n --skip-all-segments --concurrent-requests-per-website --php-cli-options "
    "--disable-scheduled-tasks --no-interaction -n --quiet -q --verbose -v -vv -vvv"
).split()


def main(arguments):
    if arguments[:1] != ["core:archive"]:
        print("Command %r is not defined." % (arguments[:1] or [""])[0], file=sys.stderr)
        return 1
    for argument in arguments[1:]:
        name = argument.partition("=")[0]
        if name.startswith("-") and name not in OPTIONS:
            print('The "%s" option does not exist.' % name, file=sys.stderr)
            return 1
    try:
        with urllib.request.urlopen({url!r}, b"", timeout=60) as answer:
            run = json.load(answer)
    except (urllib.error.URLError, OSError):
        print("SQLSTATE[HY000] [2002] Connection refused", file=sys.stderr)
        return 255
    sys.stdout.write(run["log"])
    return run["exit_code"]


sys.exit(main(sys.argv[1:]))
'''


def write_console(folder: Path, base_url: str) -> Path:
    """Write the program into a folder; its path."""
    path = folder / "console"
    script = _SCRIPT.format(url=f"{base_url}{ARCHIVE_PATH}", python=sys.executable)
    path.write_text(script, encoding="utf-8")
    path.chmod(0o700)
    return path
