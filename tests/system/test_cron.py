"""A real cron calls bin/martin.sh, within a minute; it tests nothing of what a round does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import requires_program
from tests.system.checkout import PATIENCE_S, Checkout, until

CRON_OF_ITS_OWN = """
mount --bind "$1" /etc/cron.d && mount --bind /dev/null /etc/crontab &&
mount -t tmpfs tmpfs /var/spool/cron && mkdir -m 1730 /var/spool/cron/crontabs &&
mount -t tmpfs tmpfs /run && exec cron -f
"""


@pytest.fixture
def cron(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Start a real cron with one table; where it may be, it sees no other table of the machine."""
    table = tmp_path / "cron.d" / "mtdata-test"
    words = ["unshare", "--mount", "sh", "-c", CRON_OF_ITS_OWN, "sh", str(table.parent)]
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        table, words = Path("/etc/cron.d/mtdata-test"), ["cron", "-f"]
    started = []

    def start(text: str) -> None:
        table.parent.mkdir(exist_ok=True)
        table.write_text(text, encoding="utf-8")
        table.chmod(0o644)
        quiet = subprocess.DEVNULL
        started.append(subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=quiet))

    yield start
    for one in started:
        one.terminate()
        one.wait(PATIENCE_S)
    table.unlink(missing_ok=True)


@requires_program("cron", "sudo apt-get install cron")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start a cron; .ci/run is root")
def test_a_real_cron_runs_it_and_has_nothing_to_mail_but_a_failure(
    tmp_path: Path, cron: Callable[[str], None]
) -> None:
    good, bad = Checkout(tmp_path / "good one"), Checkout(tmp_path / "bad")
    good.does(f'env >"{good.folder}/env"; echo much; echo more >&2')
    bad.does("echo 'mtdata: the site is down' >&2; exit 69")
    # What a job says is what cron mails: this shell, named in the table, writes it down.
    shell = tmp_path / "shell"
    shell.write_text(
        f'#!/bin/sh\ncd "{tmp_path}" && /bin/sh "$@" >$$.mail 2>&1; echo "$? $2" >$$.new\n'
        "mv $$.new $$.job\n",
        encoding="utf-8",
    )
    shell.chmod(0o755)
    lines = [f"SHELL={shell}", *(f"* * * * * root '{one.martin}'" for one in (good, bad)), ""]
    cron("\n".join(lines))
    until(lambda: len(list(tmp_path.glob("*.job"))) >= 2, patience_s=150)
    mails = {
        job.read_text(encoding="utf-8").strip(): job.with_suffix(".mail").read_bytes().decode()
        for job in tmp_path.glob("*.job")
    }
    log = bad.folder / "logs" / "martin.log"
    assert mails == {
        f"0 '{good.martin}'": "",
        f"69 '{bad.martin}'": f"mtdata: exit 69: the site is down (all of it: {log})\n",
    }
    assert "LOGNAME=root" in (good.folder / "env").read_text(encoding="utf-8")
