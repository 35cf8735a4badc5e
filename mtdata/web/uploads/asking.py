"""A question about a large body, asked in a thread: the loop of the server never waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mtdata.web.downloads.pouring import StreamedAnswer
from mtdata.web.uploads.incoming import NOT_ASKED, Admission, IncomingRequest

Ask = Callable[[dict[str, Any]], Admission]


def no_uploads(environ: dict[str, Any]) -> Admission:
    """Nobody may send more than all may."""
    return None


class AdmissionQuestion:
    """May this one go on?  A task for threads; the connection hears it by its loop."""

    def __init__(self, connection: Any, request: IncomingRequest, admit: Ask) -> None:
        self._connection, self._request, self._admit = connection, request, admit

    def service(self) -> None:
        """Find the answer; where that fails the body is refused."""
        admission: Admission = NOT_ASKED
        try:
            environ = StreamedAnswer(self._connection, self._request).get_environment()
            if self._request.chunked:  # whatever length is told beside it
                environ.pop("CONTENT_LENGTH", None)
            admission = self._admit(environ)
        finally:
            told = admission
            self._connection.server.trigger.pull_trigger(
                lambda: self._connection.go_on(self._request, told)
            )

    def cancel(self) -> None:
        """The server ends, and the connection with it."""
