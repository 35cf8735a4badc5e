"""Files that are kept for an import: whole and by their digest, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import pytest

from mtdata.core.errors import JobError
from mtdata.jobs.records.asking import now
from mtdata.programme import uploads
from mtdata.programme.keeping import of_uploads
from mtdata.programme.records.models import Upload, UploadPiece
from tests.programme.place import ImportPlace

CONTENT = b"name\n" + b"x" * (uploads.PIECE + 10)


def test_a_file_is_kept_in_pieces_and_read_from_any_byte(plain: ImportPlace) -> None:
    made = uploads.store([CONTENT[:7], CONTENT[7:]], len(CONTENT), name="a.csv", sort="teams")
    assert (made.size, made.sha256) == (len(CONTENT), sha256(CONTENT).hexdigest())
    for offset in (0, 5, uploads.PIECE - 1, uploads.PIECE, len(CONTENT) - 1):
        assert b"".join(uploads.content(made, offset)) == CONTENT[offset:]


def test_of_a_file_that_is_too_large_nothing_is_kept(plain: ImportPlace) -> None:
    with pytest.raises(JobError, match="UPLOAD_MAX"):
        uploads.store([CONTENT], len(CONTENT) - 1, name="a.csv", sort="teams")
    assert (Upload.objects.count(), UploadPiece.objects.count()) == (0, 0)


def test_of_a_file_that_breaks_off_nothing_is_kept(plain: ImportPlace) -> None:
    def broken() -> Iterator[bytes]:
        yield CONTENT
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        uploads.store(broken(), 1 << 30, name="a.csv", sort="teams")
    assert (Upload.objects.count(), UploadPiece.objects.count()) == (0, 0)


def test_contents_that_nobody_needed_go_in_pieces_by_themselves(
    plain: ImportPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "AT_ONCE", 2)
    young = uploads.store([CONTENT], 1 << 30, name="young.csv", sort="teams")
    old = uploads.store([CONTENT + CONTENT], 1 << 30, name="old.csv", sort="teams")
    broken = Upload.objects.create(name="broken.csv", sort="teams", made_at=now())
    long_ago = now() - 2 * uploads.KEPT
    Upload.objects.filter(pk__in=(old.pk, broken.pk)).update(made_at=long_ago)
    [contents, names] = of_uploads()
    assert (contents.amount().number, names.amount().number) == (2, 3)
    pieces = list(contents.forget())
    assert (max(pieces), sum(pieces)) == (2, -(-2 * len(CONTENT) // uploads.PIECE))
    assert (uploads.has_content(young), uploads.has_content(old)) == (True, False)
    assert set(Upload.objects.values_list("name", flat=True)) == {"young.csv", "old.csv"}
    assert (contents.amount().number, list(names.forget())) == (1, [])
