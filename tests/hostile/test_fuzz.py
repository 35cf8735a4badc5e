"""Sound packages with random damage: what was intact before it comes out, and nothing invented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.core.csv_lines import csv_cells, csv_line, csv_lines
from mtdata.core.errors import EntryError, PackageError, SiteError
from mtdata.study.collectors.mindtrails import LIST, _objects
from mtdata.study.files.rawfile import raw_entries
from mtdata.study.model.package import BATCH_BYTES, BATCH_ENTRIES, Entry, in_batches, is_json
from mtdata.study.model.row import cells_digest, cells_of
from mtdata.study.model.scale import NAME, offered
from tests.hostile.mutants import TEXTS, VALUES, Package, damages, packages, pieces, read
from tests.tally import tried


@contextmanager
def counted(kind: str) -> Iterator[None]:
    yield
    tried("fuzzed packages", kind)


def in_order(found: list[Entry], content: bytes) -> bool:
    """Whether the entries are slices of the content, one behind another."""
    place = 0
    for entry in found:
        place = content.find(entry.body, place)
        if place < 0:
            return False
        place += len(entry.body)
    return True


@given(packages(), st.integers(1, 70), st.data())
def test_what_stands_before_the_damage_comes_out_and_nothing_is_invented(
    package: Package, size: int, data: st.DataObject
) -> None:
    content, first = data.draw(damages(package.bytes()))
    with counted("package with random damage"):
        found, broken = read(content, size)
        intact = [b for b, end in package.placed(0) if end <= first]
        if first > 0:
            assert [entry.body for entry in found][: len(intact)] == intact
        assert in_order(found, content)
        assert all(json.loads(entry.body) is not ... for entry in found if is_json(entry))
        whole, _ = read(content)
        assert [entry.body for entry in whole] == [entry.body for entry in found]
        if not broken:
            covered = sum(len(entry.body) for entry in found)
            assert covered >= len(content) - content.count(b",") - 200 or not found


@given(packages(), st.data())
def test_an_entry_that_is_garbled_takes_no_other_along_and_the_package_proves_nothing(
    package: Package, data: st.DataObject
) -> None:
    bodies = [json.dumps({"id": n, "a": n, "b": {"c": [n]}}).encode() for n in range(10)]
    at = data.draw(st.integers(1, 8))
    bad = data.draw(st.sampled_from([b'{"id":5,"a":"x}', b'{"id":5,"a":[[1}', b'{"a":1}}']))
    content = package.joint.join([*bodies[:at], bad, *bodies[at:]])
    with counted("package with a garbled entry"):
        found, broken = read(b"[" + content + b"]")
        assert broken
        assert [entry.body for entry in found if not entry.fault] == bodies
        assert [entry.body for entry in found if entry.fault] == [bad]


@given(st.lists(packages(), min_size=1, max_size=3), st.data())
def test_a_damaged_raw_file_gives_what_was_before_the_damage(
    several: list[Package], data: st.DataObject
) -> None:
    text = b"{" + b",\n".join(b'"QOL_%d": ' % n + one.bytes() for n, one in enumerate(several))
    content, first = data.draw(damages(text + b"}\n"))
    found: list[Entry] = []
    with counted("raw file with random damage"):
        try:
            for one in raw_entries(pieces(content, 50)):
                assert content[one.start : one.end] == one.entry.body
                found.append(one.entry)
        except PackageError:
            assert first <= len(content)
        intact = [b for b, end in several[0].placed(len(b'{"QOL_0": ')) if end <= first]
        if first > len(b'{"QOL_0": '):
            assert [entry.body for entry in found][: len(intact)] == intact
        assert in_order(found, content)
        assert all(is_json(entry) or entry.fault for entry in found)


@given(packages(), st.integers(1, 70))
def test_a_sound_package_or_raw_file_gives_every_byte_of_every_entry(
    package: Package, size: int
) -> None:
    with counted("sound package"):
        found, broken = read(package.bytes(), size)
        assert not broken
        assert [entry.body for entry in found] == package.bodies
        text = b'{"QOL_1": ' + package.bytes() + b"}"
        raw = list(raw_entries(pieces(text, size)))
        assert [one.entry.body for one in raw] == package.bodies
        assert [text[one.start : one.end] for one in raw] == package.bodies


@given(st.lists(st.integers(0, 300_000), max_size=60))
def test_batches_are_bounded(sizes: list[int]) -> None:
    source = [Entry(1, b"", b"x" * size, None, "") for size in sizes]
    with counted("batches"):
        batches = list(in_batches(iter(source)))
        assert [entry for batch in batches for entry in batch] == source
        for batch in batches:
            assert len(batch) <= BATCH_ENTRIES
            assert sum(len(entry.body) for entry in batch[:-1]) < BATCH_BYTES


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=6))
def test_the_cells_of_any_entry_come_back_from_their_line(values: dict[str, object]) -> None:
    with counted("rows"):
        try:
            columns, cells = cells_of(values)
        except EntryError:
            return
        for row in (list(columns), cells):
            assert csv_cells(csv_line(row)) == row
            assert csv_lines([row]) == [csv_line(row)]
        turned = cells_digest(columns, [*cells[:-1], cells[-1] + "x"])
        assert cells_digest(columns, cells) != turned


ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
LINES = st.lists(
    st.dictionaries(
        st.sampled_from(["name", "size", "deleteable"]),
        ODD | st.sampled_from(["QOL", "qol", True, 0, 2**64]) | st.lists(ODD, max_size=2),
    ),
    max_size=5,
)


@given(LINES, st.data())
def test_a_listing_gives_safe_names_or_a_clear_error(
    lines: list[object], data: st.DataObject
) -> None:
    content = json.dumps(lines).encode()
    if data.draw(st.booleans()):
        content, _ = data.draw(damages(content))
    with counted("listing"):
        try:
            found, faults = offered(_objects(content, LIST))
        except SiteError:
            return
        assert all(NAME.fullmatch(name) for name in found)
        assert len({name.casefold() for name in found}) == len(found)
        assert all(0 <= scale.size < 2**63 for scale in found.values())
        assert all(type(scale.deleteable) is bool for scale in found.values())
        assert all(fault.isascii() and len(fault) < 400 for fault in faults)


@pytest.mark.parametrize("content", [b"[" * 50_000, b'[{"a":' * 50_000, b"[" + b'"' * 99_999])
def test_what_has_no_end_ends(content: bytes) -> None:
    assert read(content) == ([], True)
