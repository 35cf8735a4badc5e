"""Whether an output takes files, gives them back and opens its links: a small file is put there
and taken away; nothing stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import requests
from urllib3.exceptions import HTTPError

from mtdata.core.errors import MTDataError, OutputError, StorageError
from mtdata.core.http import bounded_session
from mtdata.core.output.port import FileFacts, Output
from mtdata.core.trust import AGENT

LONGEST_S = 20.0
"""So long an answer is waited for."""
PROBE = b"mtdata check; it may be removed\n"
NAME, TAG = "mtdata-check.txt", "check"
LINK_S, MOST_OF_A_FAULT = 60, 4096
_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")

Done = TypeVar("Done")


def probe(output: Output, todo: str) -> str:
    """Put a probe there, read it back, also by a link as people get it, and remove it.

    What was done; `todo` is told where a link opens nothing.  OutputError for what the place does
    not let us do.  StorageError where it comes back as another.
    """
    try:
        with TemporaryDirectory(prefix="mtdata-check-") as folder:
            linked = _put(output, Path(folder) / NAME, todo)
    except OSError as error:
        raise StorageError(f"no folder for a probe: {error.strerror}") from error
    return f"{output.place}: a probe was put there, read back and removed{linked}"


def _put(output: Output, spooled: Path, todo: str) -> str:
    spooled.write_bytes(PROBE)
    facts = FileFacts(len(PROBE), sha256(PROBE).hexdigest(), 0)
    output.publish(output.stage(NAME, spooled, facts, TAG))
    came = _tried("read back", lambda: b"".join(output.pieces(NAME)))
    link = _tried("signed for download", lambda: output.link(NAME, "attachment", LINK_S))
    odd = _followed(link) if link else ""
    _tried("removed", lambda: output.remove(NAME))
    if came != PROBE:
        raise OutputError(f"{output.place}/{NAME}: other bytes came back than were put there")
    if odd:
        raise OutputError(
            f"{output.place}: files are put there and read, but a signed link to one {odd}, so "
            f"`jobs show --links` gives none that opens: {todo}"
        )
    return "; a signed link opened it" if link else ""


def _followed(link: str) -> str:
    """What is wrong with a link to the probe, '' when it brings it; asked as a browser does."""
    with bounded_session("", AGENT) as session:
        try:
            with session.get(link, timeout=LONGEST_S, stream=True) as answer:
                start = answer.raw.read(MOST_OF_A_FAULT)
        except (requests.RequestException, HTTPError, OSError) as error:
            return f"does not open it ({type(error).__name__})"  # its words hold the link
    if answer.status_code == 200:
        return "" if start == PROBE else "brings other bytes"
    code = _CODE.search(start)
    return f"is answered {answer.status_code} ({code[1].decode() if code else 'no reason'})"


def _tried(done: str, act: Callable[[], Done]) -> Done:
    try:
        return act()
    except MTDataError as error:
        told = f"{NAME} was put there and cannot be {done}: {error}"
        raise type(error)(told) from None
