"""Runs the program as a fork of a process that has all its imports: a tenth of the time.

What is forked has its own session, streams, environment and working folder, begins at the module's
first line and ends as an interpreter ends; only the start of the interpreter and the imports are
shared.  It can be held before its first line until a tracer is attached.  Tests nothing itself.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
LARGEST, PATIENCE_S = 1 << 17, 240.0
PR_SET_PTRACER, ANY = 0x59616D61, -1
"""Where Yama lets only parents trace (Ubuntu), a process must allow a tracer beside it."""
ROOMS = [path.stem for path in sorted((ROOT / "mtdata" / "cli").glob("[!_]*.py"))]
"""Of mtdata/cli: the command line loads them all, whatever it is to do."""
STUDY = (
    "mtdata.cli.main mtdata.study.decryption.cipher multiprocessing.spawn encodings.idna"
    " encodings.ascii encodings.utf_8_sig mtdata.alerts.program_fault mtdata.config.changes"
    " mtdata.config.check mtdata.jobs.daily_reports mtdata.alerts.ledgers mtdata.core.output"
    " logging.config Crypto.Cipher.PKCS1_v1_5 Crypto.IO.PKCS8 Crypto.PublicKey.RSA"
    " mtdata.demo.cake.command mtdata.demo.programme.command mtdata.demo.study.command"
    " mtdata.demo.weblogs.command "
) + " ".join(f"mtdata.cli.{room}" for room in ROOMS)
DJANGO = (
    " django.core.mail django.core.management django.core.serializers.json django.core.signing"
    " django.db.backends.dummy.base django.db.backends.sqlite3.base django.db.models django.http"
    " django.urls encodings.ascii encodings.utf_8_sig "
)
JOBS = f"mtdata.jobs.child mtdata.duties mtdata.cake.jobs {DJANGO}" + (
    "mtdata.cake.report mtdata.study.operations.job_parts mtdata.weblogs.job_parts"
    " tests.jobs.kinds psycopg pymysql boto3 botocore.endpoint logging.config"
    " django.db.models.sql.compiler mtdata.study.operations.jobs mtdata.toolbox.jobs"
    " mtdata.jobs.records.claims mtdata.jobs.records.queries"  # with the models; no database yet
    " mtdata.programme.imports mtdata.programme.jobs mtdata.programme.rollback"
    " mtdata.alerts.notify mtdata.jobs.celery.runner"
)
WEB = f"{STUDY} {DJANGO}" + (
    "django.contrib.auth.hashers django.contrib.auth.password_validation django.views.generic"
    " django.core.handlers.wsgi django.core.management.commands.migrate django.middleware.csrf"
    " django.template.response django.test.client jinja2 pydantic.type_adapter"
    " mtdata.jobs.link_words mtdata.web.access.relay mtdata.web.serve mtdata.web.setting"
    " tests.jobs.kinds"
)
WEBLOGS = f"{STUDY} mtdata.cli.weblogs_imports mtdata.cli.weblogs_looks boto3 zstandard"
"""What is imported ahead; more than is needed makes each fork and its end dearer."""


class Order(NamedTuple):
    """What is to be run: `python -m module words`, with that environment and nothing else."""

    module: str
    words: Sequence[str]
    environment: Mapping[str, str]


class Program:
    """A process that was forked, as subprocess.Popen shows one."""

    stdin: IO[bytes] | None = None
    stdout: IO[bytes] | None = None

    def __init__(self, pid: int, control: socket.socket) -> None:
        self.pid, self._control = pid, control
        self._asking = Lock()
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code once it has ended (-9: killed)."""
        with self._asking:
            if self.returncode is None:
                self._control.settimeout(timeout)
                try:
                    self.returncode = int(self._control.recv(LARGEST))
                except (BlockingIOError, TimeoutError):
                    raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0) from None
                self._control.close()
        return self.returncode

    def poll(self) -> int | None:
        """The same if it has ended, else None."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal unless it is known to have ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


class Server:
    """The process that is forked, with these modules; it ends with this one."""

    def __init__(self, modules: str) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            words = ["-m", "tests.preloaded", str(theirs.fileno()), *modules.split()]
            self._process = subprocess.Popen(
                [sys.executable, *words], cwd=ROOT, pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip

    def begin(
        self, order: Order, streams: Sequence[int], tracer: Sequence[str] = ()
    ) -> tuple[Program, subprocess.Popen[bytes] | None]:
        """Start the program with these three streams; its tracer as well, if one is given."""
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        held, release = os.pipe()
        try:
            with theirs:
                files = [theirs.fileno(), held, *streams]
                socket.send_fds(self._socket, [json.dumps(order).encode()], files)
            told = mine.recv(LARGEST)
            assert told, "the preloaded process could not fork"
            program = Program(int(told), mine)
            traced_by = _attached(tracer, program) if tracer else None
            os.write(release, b".")
            return program, traced_by
        finally:
            os.close(held)
            os.close(release)

    def close(self) -> None:
        """Let it go."""
        self._socket.close()
        self._process.wait()


@cache
def server(modules: str) -> Server:
    """The one of this process with these modules."""
    made = Server(modules)
    atexit.register(made.close)
    return made


def run(
    order: Order,
    tracer: Sequence[str] = (),
    *,
    said: str = "",
    modules: str = STUDY,
    meanwhile: Callable[[Program], None] = lambda program: None,
    timeout_s: float | None = None,
) -> tuple[int, str, str]:
    """Run a program to its end: exit code, standard output and error; `said` is what it reads."""
    with TemporaryFile() as typed, TemporaryFile() as out, TemporaryFile() as err:
        typed.write(said.encode())
        typed.seek(0)
        streams = [file.fileno() for file in (typed, out, err)]
        program, traced_by = server(modules).begin(order, streams, tracer)
        try:
            meanwhile(program)
            code = program.wait(timeout_s)
            if traced_by:
                traced_by.communicate(timeout=timeout_s)
        except BaseException:
            os.killpg(program.pid, signal.SIGKILL)
            raise
        return code, _text(out), _text(err)


def command(
    words: Sequence[str], said: str = "", modules: str = STUDY, module: str = "mtdata"
) -> subprocess.CompletedProcess[str]:
    """The command line with these words, as subprocess.run shows what ended."""
    order = Order(module, words, dict(os.environ))
    code, out, err = run(order, said=said, modules=modules, timeout_s=PATIENCE_S)
    return subprocess.CompletedProcess(words, code, out, err)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def started(
    module: str,
    words: Sequence[str],
    modules: str,
    *,
    out: int = 1,
    err: int = 2,
    environment: Mapping[str, str] | None = None,
) -> Program:
    """A program that goes on; it reads nothing, and says what it says at these file descriptors."""
    order = Order(module, words, dict(os.environ if environment is None else environment))
    with open(os.devnull, "rb") as nothing:
        return server(modules).begin(order, [nothing.fileno(), out, err])[0]


def piped(words: Sequence[str], environment: Mapping[str, str]) -> Program:
    """A child of a job that `python words` would be, with pipes as standard input and output."""
    module, *more = (word for word in words[1:] if word not in ("-I", "-P", "-m"))
    if module.endswith(".py"):
        module = ".".join(Path(module).relative_to(ROOT).with_suffix("").parts)
    theirs_in, mine_in = os.pipe()
    mine_out, theirs_out = os.pipe()
    try:
        order = Order(module, more, environment)
        program, _ = server(JOBS).begin(order, [theirs_in, theirs_out, 2])
    finally:
        os.close(theirs_in)
        os.close(theirs_out)
    program.stdin, program.stdout = os.fdopen(mine_in, "wb"), os.fdopen(mine_out, "rb")
    return program


class Forking:
    """Stands in for the module `subprocess` where children of jobs are begun."""

    PIPE, TimeoutExpired = subprocess.PIPE, subprocess.TimeoutExpired

    @staticmethod
    def Popen(words: Sequence[str], **how: Any) -> Any:  # its name there
        """Fork what an interpreter would run; begin anything else (a tracer) as it is."""
        if words[0] == sys.executable:
            return piped(words, dict(os.environ))
        return subprocess.Popen(words, **how)


def fork_children_of_jobs() -> None:
    """From now on the slots of this process fork what they begin."""
    from mtdata.jobs import child_session

    child_session.subprocess = Forking  # type: ignore[assignment]


def _attached(tracer: Sequence[str], program: Program) -> subprocess.Popen[bytes]:
    """The tracer, once it holds the program: it says so, and no call is made before."""
    words = [*tracer, "-p", str(program.pid)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stderr
    said = b""
    while b"attached" not in said:
        if not (line := process.stderr.readline()):
            program.kill()
            raise AssertionError(f"{words} could not attach: {said.decode()}")
        said += line
    return process


# --- in the process that is forked -------------------------------------------------------------


def main() -> None:
    """Import all, then fork for each order; in a fork this returns as the program does."""
    asking = socket.socket(fileno=int(sys.argv[1]))
    for name in sys.argv[2:]:
        __import__(name)
    gc.collect()
    gc.freeze()
    while True:
        text, files, _, _ = socket.recv_fds(asking, LARGEST, 5)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not text:
            return
        if not os.fork():
            break
        for file in files:
            os.close(file)
    asking.close()
    order = Order(*json.loads(text))
    if program := os.fork():
        _tell(program, files)
    _become(order, files)
    if not hasattr(sys.modules.get(order.module), "__path__"):  # a package keeps what is in it
        sys.modules.pop(order.module, None)  # as in an interpreter, it runs as __main__ alone
    runpy.run_module(order.module, run_name="__main__", alter_sys=True)


def _tell(program: int, files: Sequence[int]) -> None:
    """Tell who has been forked, and in the end how it ended; holds none of its streams open."""
    with socket.socket(fileno=files[0]) as control:
        for file in files[1:]:
            os.close(file)
        control.send(str(program).encode())
        _, status = os.waitpid(program, 0)
        with suppress(OSError):  # nobody wants to know any more
            control.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(order: Order, files: Sequence[int]) -> None:
    """Take on session, streams and environment, and wait until nothing is missing."""
    _, held, *streams = files
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_long(ANY), 0, 0, 0)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.environ.clear()
    os.environ.update(order.environment)
    sys.argv[1:] = order.words
    select.select([held], [], [])  # not read: reading is what a tracer may count
    for file in files:
        os.close(file)


if __name__ == "__main__":
    main()
