"""Raw files that hold more than the ledger knows, whoever is to blame; it changes nothing."""

from __future__ import annotations

from mtdata.core.control import in_utf8
from mtdata.core.pool_files import RAW
from mtdata.study.files.archive import CLOSING
from mtdata.study.integrity.placing import Placing
from mtdata.study.model.mark import FileMark
from mtdata.study.model.states import ASIDE
from mtdata.study.pool import Pool

ADVICE = "`mtdata verify` takes up what can be placed"


def not_taken_up(pool: Pool) -> dict[str, str]:
    """What is wrong with raw files that hold what the ledger does not know, or cannot be read."""
    return {**Placing(pool).unreadable(), **strangers(pool)}


def strangers(pool: Pool) -> dict[str, str]:
    """What is wrong with each raw file of the folder that holds what the ledger does not know.

    A file of the known length is passed by: its bytes are held against the ledger elsewhere.  Of a
    file that was set aside an entry counts when its id is nowhere else.
    """
    placing, marks = Placing(pool), pool.ledger.files.raw_marks()
    tables = {scale.name for scale in pool.ledger.listing.scales() if not scale.deleteable}
    found = {}
    for path in (f"{RAW}/{name}" for name in pool.disk.names(RAW) if name.endswith(".json")):
        mark, state = marks.get(path, (None, ""))
        if mark and state != ASIDE and pool.disk.size(path) == _length(mark):
            continue
        named = None if mark else placing.of(path)
        scale = mark.scale if mark else named.scale if named else ""
        if scale in tables and state == ASIDE:
            continue
        if number := placing.unknown_entries(path, scale, by_id=state == ASIDE):
            found[path] = (
                f"{in_utf8(path)} holds {number} entries that the ledger does not know; {ADVICE}"
            )
    return found


def _length(mark: FileMark) -> int:
    return mark.length + (len(CLOSING) if mark.mode == "grow" else 0)


def is_meant(word: str, base: str, owner: str, stays: set[str]) -> bool:
    """Whether the command line's word means the raw file `base` of which no ledger knows."""
    if word in (".", "all"):
        return True
    if word == "static" or owner in stays:
        return owner in stays and word.casefold() in ("static", owner.casefold())
    return base.casefold().startswith(f"{word.casefold()}_")
