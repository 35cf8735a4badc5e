"""The chain of a ledger's events, held against itself and against the heads that were signed last.

A chain that is not as it was entered is told (exit code 74, an incident until a person closes it)
and blocks nothing.  Nothing rests on it: what is collected is proven by bytes that are read back,
and before a delete goes out raw bytes, row and copies are read anew and held against the digest of
what the site itself shows at that moment.  To stop deletes for it would make none of them safer,
and would leave answers on a site that must not keep them.  For the same reason it hinders no other
incident from being closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from mtdata.core import signing
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import ConfigError, StorageError
from mtdata.study.ledger.evidence import log_incident
from mtdata.study.model.events import SHOWN, broken_links
from mtdata.study.model.heads import SignedHeads, departure, heads_of
from mtdata.study.pool import Pool

KIND = "history_changed"
HEADS, SIGNATURE = "heads.json", "heads.sig"
_NEXT = f"{SIGNATURE}.next"
_MOST_BYTES = 64 << 20


class HeadsFolder:
    """Where the newest signed heads of a site stay: in the home, whoever else was given them."""

    def __init__(self, state: Path, site: str) -> None:
        """`state` is the home's folder of that name; the key is in `keys/` beside it."""
        self.path, self.keys = state / "receipts" / site, state.parent / "keys"
        self._disk = FolderDisk(self.path)

    def read(self) -> SignedHeads | None:
        """What was signed last, None for nothing yet.

        ConfigError where no key of ours signed what stands there, or that cannot be told, and where
        it is another version's.
        """
        content = self._content(HEADS)
        if content is None:
            return None
        signatures = (self._content(name) for name in (SIGNATURE, _NEXT))
        if not any(one and signing.is_signed(self.keys, content, one) for one in signatures):
            raise ConfigError(
                f"{self.path / HEADS}: {self.keys / signing.PRIVATE} did not sign what stands "
                "there: it was changed, or the key was. `mtdata receipts export` keeps it beside "
                "and signs anew; others have what they were given"
            )
        try:
            return heads_of(content)
        except ValueError:
            told = "another version of the program signed it; `mtdata receipts export` signs anew"
            raise ConfigError(f"{self.path / HEADS}: {told}") from None

    def write(self, content: bytes, signature: bytes) -> None:
        """Replace what stands there.  Cut off in between, one signature fits all the same."""
        self._disk.replace(_NEXT, signature)
        self._disk.replace(HEADS, content)
        self._disk.publish(_NEXT, SIGNATURE)

    def set_aside(self, signed_at: str) -> None:
        """Give the heads of another chain a name of their own."""
        for name in (HEADS, SIGNATURE):
            if self._disk.size(name) is not None:
                self._disk.publish(name, f"{signed_at}_{name}")

    def _content(self, name: str) -> bytes | None:
        size = self._disk.size(name)
        return None if size is None else self._disk.read(name, 0, min(size, _MOST_BYTES))


def hold_chain(pool: Pool, heads: HeadsFolder | None) -> list[str]:
    """Read the whole chain; what is wrong with it and no person has seen yet, told and entered.

    What a person closed the incident of is known, and is told again only with something new.
    """
    incidents, told = pool.ledger.incidents, list(_departures(pool, heads))
    if not told:
        return []
    detail = "; ".join(told)
    is_open = any(one.kind == KIND for one in incidents.open_incidents(""))
    if not is_open and incidents.has_detail(KIND, "", detail):
        return []
    incidents.raise_incident(KIND, "", detail, pool.clock.now())
    log_incident(KIND, "", detail)
    return [f"the ledger's history: {one}" for one in told]


def _departures(pool: Pool, heads: HeadsFolder | None) -> Iterator[str]:
    broken = broken_links(pool.ledger.events.chain())
    try:
        yield from islice(broken, SHOWN)
        if more := sum(1 for _ in broken):
            yield f"and {more} more"
    except StorageError as error:  # what no program writes; all else is to be read all the same
        yield str(error)
    if heads is not None and (told := _against_signed(pool, heads)):
        yield told


def _against_signed(pool: Pool, heads: HeadsFolder) -> str:
    try:
        signed = heads.read()
    except (ConfigError, StorageError) as error:
        return str(error)
    return departure(signed, pool.ledger.events.head_of) if signed else ""
