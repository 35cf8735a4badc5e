"""How a page reads what was uploaded: in pieces, while the request lasts; it keeps nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.http.multipartparser import FILE, ChunkIter, LazyStream, Parser, exhaust

from mtdata.core.errors import UsageError
from mtdata.core.regroup import regrouped
from mtdata.web.wire import header_parts

PIECE, CHUNK = 1 << 18, 1 << 16
MOST_PARTS, MOST_NAME, MOST_BOUNDARY = 100, 100, 200
FORM = "multipart/form-data"
NO_FILE = "no file was sent; nothing was changed"
ODD_NAME = "the header Content-Disposition cannot be read; nothing was changed"
UNNAMED = "upload"


class SentFile(NamedTuple):
    """A file as its sender named it, and its bytes in pieces of PIECE, to be read once."""

    name: str
    pieces: Iterator[bytes]


class SkippedFile(FileUploadHandler):
    """A file in a form: where its fields are read it is passed over, neither kept nor copied."""

    def new_file(self, *of_file: Any, **more: Any) -> None:
        """SkipFile, always."""
        raise SkipFile


def sent_file(request: HttpRequest, field: str = "file") -> SentFile:
    """The file of that field of a form, or the body as it is where no form was sent.

    UsageError where there is none.
    """
    if request.content_type == FORM:
        if (found := file_of_form(request, field)) is None:
            raise UsageError(NO_FILE)
        return found
    source = _body_of(request)
    try:
        _, told = header_parts(request.headers.get("Content-Disposition", ""))
    except ValueError:
        raise UsageError(ODD_NAME) from None
    return SentFile(
        shown_name(told.get("filename", "")), regrouped(ChunkIter(source, CHUNK), PIECE)
    )


def file_of_form(request: HttpRequest, field: str = "file") -> SentFile | None:
    """The file of that field of a form; None where none was chosen, or no such form was sent."""
    if request.content_type != FORM:
        return None
    _ = request.POST  # its fields are read first of all: a page wants them too
    return _of_form(request, _body_of(request), field)


def _body_of(request: HttpRequest) -> Any:
    source = request.META["wsgi.input"]
    source.seek(0)
    return source


def _of_form(request: HttpRequest, source: Any, field: str) -> SentFile | None:
    boundary = (request.content_params or {}).get("boundary", "")
    if not 0 < len(boundary) <= MOST_BOUNDARY or not boundary.isascii():
        raise UsageError("the form cannot be read: it tells no boundary; nothing was changed")
    parts = Parser(LazyStream(ChunkIter(source, CHUNK)), boundary.encode())
    for count, (sort, about, part) in enumerate(parts):
        if count > MOST_PARTS:
            break
        _, told = about.get("content-disposition", ("", {}))
        if sort == FILE and told.get("name") == field.encode():
            if "content-transfer-encoding" in about:
                raise UsageError("the file must be sent as it is; nothing was changed")
            return SentFile(
                shown_name(told["filename"].decode("utf-8", "replace")), regrouped(part, PIECE)
            )
        exhaust(part)
    return None


def shown_name(name: str) -> str:
    """The last part of a name, as it can be shown: no path, no sign that hides or turns others."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    plain = "".join(one for one in last if unicodedata.category(one)[0] != "C")
    return " ".join(plain.split())[:MOST_NAME].strip(". ") or UNNAMED
