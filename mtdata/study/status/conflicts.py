"""Where two versions of an entry stand, since when, and in which fields they differ; no values."""

from __future__ import annotations

from mtdata.core.errors import StorageError
from mtdata.study.drift import column_names
from mtdata.study.ledger.counts import EntryVersion
from mtdata.study.model.package import read_entry
from mtdata.study.pool import Pool


def difference(pool: Pool, scale: str) -> str:
    """The oldest conflict of a scale that is open, in words."""
    versions = pool.ledger.entries.conflict(scale)
    places = " and in ".join(f"{one.path}{_since(one)}" for one in versions)
    id = f"id {versions[0].id}" if versions else "one"
    return f"{id} stands in {places}; fields that differ: {_fields(pool, versions)}"


def _since(one: EntryVersion) -> str:
    return f" (collected {one.kept_at:%Y-%m-%d %H:%M} UTC)" if one.kept_at else ""


def _fields(pool: Pool, versions: list[EntryVersion]) -> str:
    """Bytes that are not as they were backed up are told by others."""
    try:
        digests = [one.digest for one in versions]
        bodies = pool.archive.matched([one.span for one in versions], digests)
    except StorageError:
        bodies = []
    values = [read_entry(body).values or {} for body in bodies if body]
    if len(values) < 2:
        return "not known, for the bytes of one of them cannot be read"
    old, new = ({name: repr(value) for name, value in one.items()} for one in values)
    return column_names({name for name in old | new if old.get(name) != new.get(name)})
