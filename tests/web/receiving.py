"""An address of the tests that takes uploads and tells what came; no test itself."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse, JsonResponse

from mtdata.web.access.authorize import Audience
from mtdata.web.access.roles import Role
from mtdata.web.body_limits import upload_body
from mtdata.web.route import Route, post
from mtdata.web.uploads.reading import sent_file


def tell_what_came(request: HttpRequest) -> HttpResponse:
    """The name, the length of each piece, and the digest of all."""
    sent, digest, lengths = sent_file(request), hashlib.sha256(), []
    for piece in sent.pieces:
        digest.update(piece)
        lengths.append(len(piece))
    found = {"name": sent.name, "lengths": lengths, "digest": digest.hexdigest()}
    return JsonResponse(found | {"note": request.POST.get("note", "")})


ROUTE = Route(
    "test/upload/",
    "test_upload",
    post(Role.OPERATOR, tell_what_came, upload_body),
    Audience.EITHER,
)
