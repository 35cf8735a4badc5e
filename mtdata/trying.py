"""An account of CAKE tried out for `mtdata check`: asked once, and a probe put and taken away.

It takes no report and leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from mtdata import exporting
from mtdata.config.export import CakeConfig
from mtdata.errors import MTDataError, OutputError, StorageError
from mtdata.exports.output import Facts, Output

LONGEST_S = 20.0
"""So long an answer is waited for, or a turn that somebody else has."""
PROBE = b"mtdata check; it may be removed\n"
NAME, TAG = "mtdata-check.txt", "check"


def ask(home: Path, account: CakeConfig) -> str:
    """Ask the instance for its currencies, once; what it answered.

    ExportError when it cannot be reached, does not answer or does not accept the key; BusyError
    while others ask it.
    """
    client = exporting.cake_trial(home, account, LONGEST_S)
    try:
        found = client.currencies(tries=1)
    finally:
        client.close()
    return f"{account.server}: it accepts the key, and has {len(found)} currencies"


def put(account: CakeConfig) -> str:
    """Put a probe into the output, read it back and remove it; where that was.

    OutputError for what the place does not let us do.
    """
    output = exporting.cake_output(account, LONGEST_S)
    try:
        with TemporaryDirectory(prefix="mtdata-check-") as folder:
            _put(output, Path(folder) / NAME)
    except OSError as error:
        raise StorageError(f"no folder for a probe: {error.strerror}") from error
    finally:
        output.close()
    return f"{output.place}: a probe was put there, read back and removed"


def _put(output: Output, spooled: Path) -> None:
    spooled.write_bytes(PROBE)
    facts = Facts(len(PROBE), sha256(PROBE).hexdigest(), 0)
    output.publish(output.stage(NAME, spooled, facts, TAG))
    came = _tried("read back", lambda: b"".join(output.pieces(NAME)))
    _tried("removed", lambda: output.remove(NAME))
    if came != PROBE:
        raise OutputError(f"{output.place}/{NAME}: other bytes came back than were put there")


def _tried(done: str, act: Callable[[], bytes | None]) -> bytes | None:
    try:
        return act()
    except MTDataError as error:
        told = f"{NAME} was put there and cannot be {done}: {error}"
        raise type(error)(told) from None
