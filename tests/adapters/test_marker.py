"""A marker: only its time is set, so that a full disk takes it, and other programs see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from mtdata.alerts.marker import Marker
from mtdata.core.disk import FolderDisk

AT = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_new_marker_says_never(tmp_path: Path) -> None:
    marker = Marker(FolderDisk(tmp_path), "m")
    assert not marker.is_recent(AT, HOUR)
    marker.prepare()
    assert not marker.is_recent(datetime.now(UTC), HOUR)


def test_what_was_done_is_recent_for_a_while_and_for_other_programs_too(tmp_path: Path) -> None:
    marker = Marker(FolderDisk(tmp_path), "m")
    marker.prepare()
    marker.touch(AT)
    for one in (marker, Marker(FolderDisk(tmp_path), "m")):
        one.prepare()
        assert one.is_recent(AT + HOUR / 2, HOUR)
        assert not one.is_recent(AT + HOUR, HOUR)
        assert not one.is_recent(AT - HOUR, HOUR)  # the clock was put back
    assert (tmp_path / "m").stat().st_size == 0


def test_where_no_file_can_be_made_it_is_known_as_long_as_the_program_runs(tmp_path: Path) -> None:
    (tmp_path / "in the way").write_bytes(b"")
    marker = Marker(FolderDisk(tmp_path / "in the way"), "m")
    marker.prepare()
    marker.touch(AT)
    assert marker.is_recent(AT, HOUR)
