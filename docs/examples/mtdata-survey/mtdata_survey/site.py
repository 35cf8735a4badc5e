"""A kind of site: surveys behind a small JSON API; it never decides what may be deleted.

GET scales is [{"name", "size", "deleteable"}, ...], GET scales/NAME a JSON array of entries, and
DELETE scales/NAME/ID takes one of them away.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import requests

from mtdata.core.errors import MTDataError, PackageError, SiteError, SiteRefused
from mtdata.study.collectors.http import SiteAccess
from mtdata.study.model.receipt import DeleteAnswer, Outcome
from mtdata.study.model.scale import checked_name

PIECE, MOST_LISTING, MOST_FAILURES = 64 * 1024, 1_000_000, 5
LEFT = f"not asked: {MOST_FAILURES} failures in a row"
OUTCOMES = {200: Outcome.DONE, 204: Outcome.DONE, 404: Outcome.ABSENT}
REFUSALS = (401, 403, 405, 409)


class SurveySite:
    """Port Site; what the site says is never repeated in a message, it could quote an answer."""

    def __init__(self, access: SiteAccess) -> None:
        self._server, self._most = access.server, access.max_response_bytes
        self._limits = access.connect_timeout_s, access.timeout_s
        self._session = requests.Session()
        self._session.trust_env = False  # neither a .netrc nor a proxy of whoever calls
        self._session.auth = (access.user, access.password)
        self._session.verify = access.ca or True
        self._session.headers["User-Agent"] = access.agent

    def listing(self) -> list[Mapping[str, Any]]:
        """Port: Site.listing."""
        with self._get("scales", SiteError) as pieces:
            body = b"".join(self._bounded(pieces, MOST_LISTING, SiteError, "the list of scales"))
        try:
            lines = json.loads(body)
        except ValueError:
            raise SiteError("the list of scales is no JSON") from None
        if not isinstance(lines, list) or not all(isinstance(one, dict) for one in lines):
            raise SiteError("the list of scales is no array of objects")
        return lines

    def schedule(self) -> None:
        """Port: Site.schedule; these sites have none."""

    @contextmanager
    def fetch(self, scale: str) -> Iterator[Iterator[bytes]]:
        """Port: Site.fetch."""
        with self._get(f"scales/{checked_name(scale)}", PackageError) as pieces:
            yield self._bounded(pieces, self._most, PackageError, scale)

    def delete(self, scale: str, ids: Sequence[int]) -> Iterator[DeleteAnswer]:
        """Port: Site.delete, one after the other."""
        path, refused, failures = f"scales/{checked_name(scale)}", "", 0
        for number in ids:
            if refused or failures == MOST_FAILURES:
                sort = Outcome.REFUSED if refused else Outcome.FAILED
                yield DeleteAnswer(number, sort, refused or LEFT)
                continue
            answer = self._delete(path, number)
            refused = answer.reason if answer.outcome is Outcome.REFUSED else ""
            failures = failures + 1 if answer.outcome is Outcome.FAILED else 0
            yield answer

    def close(self) -> None:
        """Port: Site.close."""
        self._session.close()

    def _delete(self, path: str, number: int) -> DeleteAnswer:
        try:
            answer = self._session.delete(
                f"{self._server}/{path}/{int(number)}", timeout=self._limits, allow_redirects=False
            )
        except requests.RequestException as error:
            return DeleteAnswer(number, Outcome.FAILED, type(error).__name__)
        code = answer.status_code
        sort = OUTCOMES.get(code, Outcome.REFUSED if code in REFUSALS else Outcome.FAILED)
        return DeleteAnswer(number, sort, "" if sort is Outcome.DONE else f"the site says {code}")

    @contextmanager
    def _get(self, path: str, fault: type[MTDataError]) -> Iterator[Iterator[bytes]]:
        """The answer piece by piece; `fault` is what an answer without it is."""
        try:
            with self._session.get(
                f"{self._server}/{path}", timeout=self._limits, stream=True, allow_redirects=False
            ) as answer:
                if answer.status_code in (401, 403):
                    raise SiteRefused(f"the account is not accepted ({answer.status_code})")
                if answer.status_code != 200:
                    raise fault(f"{path}: the site answers {answer.status_code}")
                yield answer.iter_content(PIECE)
        except requests.RequestException as error:  # its words hold the address
            raise SiteError(f"{path}: {type(error).__name__}") from None

    def _bounded(
        self, pieces: Iterator[bytes], most: int, fault: type[MTDataError], what: str
    ) -> Iterator[bytes]:
        """The pieces, at most so many bytes; one that breaks off is that fault."""
        count = 0
        try:
            for piece in pieces:
                count += len(piece)
                if count > most:
                    raise fault(f"{what}: more than {most:,} bytes")
                yield piece
        except requests.RequestException as error:
            raise fault(f"{what}: it breaks off ({type(error).__name__})") from None
