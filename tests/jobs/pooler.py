"""PgBouncer as a process before this machine's PostgreSQL, with a port of its own; no test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conftest import requires_program
from tests.jobs.brokers import is_there

START_S = 30.0
# Debian keeps it where only root's PATH looks
PROGRAM = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
requires_pooler = requires_program(PROGRAM, "sudo apt-get install pgbouncer")


@contextmanager
def pooler(mode: str, certificate: tuple[str, str] | None = None) -> Iterator[int]:
    """Its port, until the end; with a certificate and its key it takes nobody in clear."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with TemporaryDirectory(prefix="mtdata-pooler-") as folder:
        words = _configured(Path(folder), port, mode, certificate)
        server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + START_S
            while not is_there(port):
                assert server.poll() is None, "PgBouncer does not start"
                assert time.monotonic() < until, "PgBouncer does not listen"
                time.sleep(0.02)
            yield port
        finally:
            server.kill()
            server.wait()


def _configured(
    folder: Path, port: int, mode: str, certificate: tuple[str, str] | None
) -> list[str]:
    tls = {}
    for name, file in zip(("cert", "key"), certificate or (), strict=False):
        shutil.copy(file, folder)
        tls[f"client_tls_{name}_file"] = str(folder / Path(file).name)
    if tls:
        tls["client_tls_sslmode"] = "require"
    (folder / "users").write_text('"postgres" ""\n')
    keys = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "trust",
        "auth_file": folder / "users",
        "pool_mode": mode,
        **tls,
    }
    lines = "\n".join(f"{name} = {value}" for name, value in keys.items())
    databases = "[databases]\n* = host=127.0.0.1 port=5432"
    (folder / "ini").write_text(f"{databases}\n[pgbouncer]\n{lines}\n")
    as_whom: list[str] = []
    if os.geteuid() == 0:  # it does not run as root
        as_whom = ["-u", "nobody"]
        for file in (folder, *folder.iterdir()):
            shutil.chown(file, "nobody")
    return [PROGRAM, *as_whom, str(folder / "ini")]
