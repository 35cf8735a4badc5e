"""Orders that come with an `Idempotency-Key`: however often one is sent, it is given once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from mtdata.jobs import queue
from mtdata.jobs.records.asking import asking, now, whole
from mtdata.web.api.problems import unprocessable
from mtdata.web.models import KeptAnswer

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
KEPT, MOST_KEY = timedelta(days=1), 255
KEY = {"type": "string", "minLength": 1, "maxLength": MOST_KEY, "pattern": "^[!-~]*$"}
NO_KEY = "it has to be 1 to 255 letters, digits and signs of ASCII, such as a UUID"
OTHER = "it came within the last day with another order"
PARAMETER = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "schema": KEY,
    "description": (
        "Of your choice. Sent again within a day, the order is not given a second time: the answer "
        f"is the first one, with the header {REPLAYED}. An order that was refused is not kept."
    ),
}


def once(request: HttpRequest, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer, or that of the same order before."""
    key = request.headers.get(HEADER)
    if key is None:
        return answer()
    if not 0 < len(key) <= MOST_KEY or not all("!" <= one <= "~" for one in key):
        return _refused(NO_KEY)
    known = _digest(str(request.user.pk), key)
    path = request.path.replace("/api/v1/", "/api/", 1)  # one order, by whichever it comes
    asked = _digest(request.method or "", path, request.body.decode("latin-1"))
    with asking():
        KeptAnswer.objects.filter(made_at__lte=now() - KEPT).delete()
    try:
        with queue.alone():
            return whole(lambda: _first(known, asked, answer), patient=False)
    except IntegrityError:  # it is there; one that is under way at another was waited for
        kept = KeptAnswer.objects.filter(key=known).first()
        if kept is None:
            raise
        return _again(kept, asked)


def _digest(*words: str) -> str:
    return sha256("\0".join(words).encode()).hexdigest()


def _first(key: str, asked: str, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """Give the order, and keep what was answered in the same commit."""
    kept = KeptAnswer.objects.create(key=key, asked=asked, made_at=now())
    response = answer()
    if response.status_code >= 400:
        transaction.set_rollback(True)
        return response
    kept.status, kept.place = response.status_code, response.headers.get("Location", "")
    kept.body = response.content.decode()
    kept.save()
    return response


def _again(kept: KeptAnswer, asked: str) -> HttpResponse:
    if kept.asked != asked:
        return _refused(OTHER)
    place = {"Location": kept.place} if kept.place else {}
    return HttpResponse(
        kept.body,
        status=kept.status,
        content_type="application/json; charset=utf-8",
        headers={REPLAYED: "true", **place},
    )


def _refused(why: str) -> HttpResponse:
    return unprocessable("The request is not as it has to be.", [(("header", HEADER), why)])
