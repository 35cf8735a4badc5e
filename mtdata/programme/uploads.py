"""Files that people brought, in the records' database, so that a runner of any machine has them.

A file is kept in pieces, each in a commit of its own.  Its content goes as soon as no job needs it;
what is left of it is its name, size and digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from mtdata.core.errors import JobError
from mtdata.core.regroup import regrouped
from mtdata.core.words import size
from mtdata.jobs.records.asking import asking, now, whole
from mtdata.programme.records.models import Upload, UploadPiece

PIECE, AT_ONCE = 1 << 18, 200
KEPT = timedelta(days=7)
"""So long a file is kept that no job has carried to its end."""
NAME = 255


def store(pieces: Iterable[bytes], most: int, *, name: str, sort: str, owner: str = "") -> Any:
    """Keep a file of at most so many bytes.  JobError for a larger one; nothing of it is kept."""
    forget_old()
    with asking():
        upload = Upload.objects.create(name=name[-NAME:], sort=sort, owner=owner, made_at=now())
    digest, length = sha256(), 0
    try:
        for number, piece in enumerate(regrouped(pieces, PIECE)):
            length += len(piece)
            if length > most:
                raise JobError(f"the file is larger than UPLOAD_MAX, {size(most)}; nothing is kept")
            digest.update(piece)
            with asking():
                UploadPiece.objects.create(upload=upload, number=number, content=piece)
        with asking():
            upload.sha256, upload.size = digest.hexdigest(), length
            upload.save(update_fields=["sha256", "size"])
    except BaseException:
        with asking():
            upload.delete()
        raise
    return upload


def named(word: str, sort: str, owner: str | None = None) -> Any:
    """The whole file of that id, behind which its name may stand.

    ValueError where there is none of that sort of rows, or it is another's than that `owner`'s:
    nothing is told of it then, not even that it is there.
    """
    try:
        number = UUID(word.partition(" ")[0])
    except ValueError:
        raise ValueError("it is no id of a file that was brought") from None
    with asking():
        found = Upload.objects.filter(pk=number, sort=sort).exclude(sha256="").first()
    if found is None or owner not in (None, found.owner):
        raise ValueError("there is no such file of this kind; bring it once more")
    return found


def content(upload: Any, offset: int = 0) -> Iterator[bytes]:
    """The bytes of a file from that offset on, a piece at a time.  JobError when it is gone."""
    number, skip = divmod(offset, PIECE)
    for at in range(number, -(-upload.size // PIECE)):
        # read by a move of its own: the caller writes meanwhile
        piece = whole(partial(_piece, upload, at))
        yield piece[skip:] if skip else piece
        skip = 0


def _piece(upload: Any, number: int) -> bytes:
    found = UploadPiece.objects.filter(upload=upload, number=number)
    content = found.values_list("content", flat=True).first()
    if content is None:
        raise JobError(f"the content of {upload.name!a} is kept no more; bring the file once more")
    return bytes(content)


def has_content(upload: Any) -> bool:
    """Whether its content is still there; an empty file has none."""
    with asking():
        return bool(UploadPiece.objects.filter(upload=upload).exists())


def forget(upload: Any) -> None:
    """Remove the content of a file that no job needs any more."""
    with asking():
        UploadPiece.objects.filter(upload=upload).delete()


def forget_old() -> None:
    """Remove the content of files that nobody needed for KEPT, and what broke off by then."""
    for _ in old_pieces():
        pass


def old_pieces() -> Iterator[int]:
    """Remove such content AT_ONCE pieces at a step, each in a commit; how many those were."""
    count = AT_ONCE
    while count == AT_ONCE:
        with asking():
            until = now() - KEPT
            old = UploadPiece.objects.filter(upload__made_at__lt=until)
            keys = list(old.values_list("pk", flat=True)[:AT_ONCE])
            count = UploadPiece.objects.filter(pk__in=keys).delete()[0]
            Upload.objects.filter(made_at__lt=until, sha256="").delete()
        yield count
