"""The answers that bring what jobs made, whole or a part (Range); the ETag is what proves it.

What is read before an answer holds a thread, so few read at once; what goes out holds none.
"""

from __future__ import annotations

import mimetypes
import sys
from collections import OrderedDict
from collections.abc import Generator
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse

from mtdata.jobs.kind import Guard
from mtdata.jobs.records.models import Artifact
from mtdata.web.downloads import ranges
from mtdata.web.downloads.fetching import Fetching, Flow
from mtdata.web.downloads.places import disposition
from mtdata.web.downloads.proof import ProvenFile
from mtdata.web.downloads.ranges import ByteRange
from mtdata.web.downloads.ways import DownloadSlot, DownloadSlots

AT_ONCE, READ_AT_ONCE, READ_WAIT_S, MOST_KNOWN = 16, 4, 5.0, 4096
_WAYS, _READS = DownloadSlots(AT_ONCE), DownloadSlots(READ_AT_ONCE)
_TOTALS: OrderedDict[tuple[UUID, str], int] = OrderedDict()
"""How long it is behind its guard, by the job and the ETag."""


def reading(request: HttpRequest) -> DownloadSlot:
    """Leave to read before the answer to this request.  BusyError when too many are at it."""
    return _READS.take(request.user.pk, wait_s=READ_WAIT_S)


def sent(request: HttpRequest, artifact: Artifact, guard: Guard | None) -> HttpResponse:
    """What brings it, through this guard.  Lost when it is gone or was changed."""
    fetching = Fetching()
    try:
        if guard is None and fetching.is_local(artifact):
            fetching.close()
            return _file(request, artifact)
        fetching.prove(artifact)
        return _stream(request, artifact, guard, fetching)
    except BaseException:
        fetching.close()
        raise


def _file(request: HttpRequest, artifact: Artifact) -> HttpResponse:
    """From the descriptor that was proven; no thread waits for its reader."""
    file, tag = ProvenFile(artifact), _tag(artifact, None)
    part = _part(request, tag, file.size)
    if part and not part.stop:
        file.close()
        return _nothing(part)
    response: Any = FileResponse(file)
    start, stop = (part.start, part.stop) if part else (0, file.size)
    file.seek(start)
    for name, value in (_head(artifact.name, tag) | _length(stop - start)).items():
        response.headers[name] = value  # it would guess another type, and the length to the end
    return _as_part(response, part)


def _stream(
    request: HttpRequest, artifact: Artifact, guard: Guard | None, fetching: Fetching
) -> HttpResponse:
    tag = _tag(artifact, guard)
    total = artifact.size if guard is None else None
    head = _head(artifact.name, tag)
    if request.method == "HEAD":
        fetching.close()
        return HttpResponse(headers=head | _length(total))
    if total is None and _is_part_asked(request, tag):
        total = _counted(guard, fetching, artifact, tag)
    part = None if total is None else _part(request, tag, total)
    if part and not part.stop:
        fetching.close()
        return _nothing(part)
    start, stop = (part.start, part.stop) if part else (0, sys.maxsize)
    pieces = ranges.bytes_of(_through(guard, fetching, artifact), start, stop)
    flow = Flow(f"{artifact.name} of {artifact.job.name}", fetching, pieces, _slot_for(request))
    length = part.stop - part.start if part else total
    return _as_part(StreamingHttpResponse(flow, headers=head | _length(length)), part)


def sent_zip(
    request: HttpRequest, name: str, fetching: Fetching, pieces: Generator[bytes]
) -> HttpResponse:
    """What brings these bytes of a zip; how long it will be nobody knows."""
    head = {"Content-Type": "application/zip", "Content-Disposition": disposition(f"{name}.zip")}
    if request.method == "HEAD":
        fetching.close()
        return HttpResponse(headers=head)
    flow = Flow(f"the zip of {name}", fetching, pieces, _slot_for(request))
    return StreamingHttpResponse(flow, headers=head)


def _slot_for(request: HttpRequest) -> DownloadSlot:
    return _WAYS.take(request.user.pk, request.META.get("mtdata.line"))


def _counted(guard: Guard | None, fetching: Fetching, artifact: Artifact, tag: str) -> int:
    """How many bytes come through the guard; all are read for that, once."""
    known = (artifact.job.pk, tag)
    if known in _TOTALS:
        return _TOTALS[known]
    total = sum(map(len, _through(guard, fetching, artifact)))
    if tag:
        _TOTALS[known] = total
        while len(_TOTALS) > MOST_KNOWN:
            _TOTALS.popitem(last=False)
    return total


def _through(guard: Guard | None, fetching: Fetching, artifact: Artifact) -> Any:
    pieces = fetching.pieces(artifact)
    return pieces if guard is None else guard(pieces)


def _tag(artifact: Artifact, guard: Guard | None) -> str:
    """The ETag: by the bytes, and other ones behind the guard.  '' where no digest was entered."""
    if not artifact.sha256:
        return ""
    return f'"{artifact.sha256}"' if guard is None else f'"{artifact.sha256}-guarded"'


def _head(name: str, tag: str) -> dict[str, str]:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    head = {"Content-Type": kind, "Content-Disposition": disposition(name)}
    return head | {"Accept-Ranges": "bytes"} | ({"ETag": tag} if tag else {})


def _length(length: int | None) -> dict[str, str]:
    return {} if length is None else {"Content-Length": str(length)}


def _is_part_asked(request: HttpRequest, tag: str) -> bool:
    condition = request.headers.get("If-Range", "")
    is_get = request.method == "GET"
    return is_get and ranges.is_range_asked(request.headers.get("Range", ""), condition, tag)


def _part(request: HttpRequest, tag: str, total: int) -> ByteRange | None:
    if not _is_part_asked(request, tag):
        return None
    return ranges.part(request.headers["Range"], total)


def _as_part(response: Any, part: ByteRange | None) -> HttpResponse:
    if part:
        response.status_code = HTTPStatus.PARTIAL_CONTENT
        response.headers["Content-Range"] = part.header
    answer: HttpResponse = response
    return answer


def _nothing(part: ByteRange) -> HttpResponse:
    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    return HttpResponse(status=status, headers={"Content-Range": part.header})
