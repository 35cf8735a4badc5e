"""What goes wrong in an operation, as problem details; no value that came is told again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from mtdata.core.errors import JobError, RecordsError, UsageError
from mtdata.web import faults
from mtdata.web.api.order_faults import FieldFault, faults_beside

MOST_FIELDS, MOST_LETTERS = 20, 40
ODD = "The request is not as it has to be."


class Misfits(Exception):
    """What is asked for does not fit what there is, field by field."""

    def __init__(self, words: str, faults: Sequence[FieldFault]) -> None:
        super().__init__(words)
        self.faults = faults


@contextmanager
def refusals(status: HTTPStatus) -> Iterator[None]:
    """What cannot be done is answered so; that the records are away is told elsewhere.

    HttpError, with the status of each.
    """
    try:
        yield
    except RecordsError:
        raise
    except (UsageError, JobError) as error:
        raise HttpError(status, str(error)) from error


def tell(api: NinjaAPI) -> None:
    """Have the API answer its faults as problem details; others go on to the middleware."""
    api.add_exception_handler(HttpError, _refused)
    api.add_exception_handler(Http404, _missing)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(Misfits, _misfit)
    api.add_exception_handler(RequestDataTooBig, _too_large)


def _refused(request: HttpRequest, error: Any) -> HttpResponse:
    return faults.problem(HTTPStatus(error.status_code), str(error))


def _missing(request: HttpRequest, error: Any) -> HttpResponse:
    if isinstance(error, faults.JobForgotten):
        return faults.problem(HTTPStatus.GONE, str(error))
    return faults.problem(HTTPStatus.NOT_FOUND, str(error) or "There is nothing at this address.")


def _too_large(request: HttpRequest, error: Any) -> HttpResponse:
    return faults.bad_request(request, error)


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """Which fields are wrong and how; `ctx` and `input` hold what came, so they stay here."""
    wrong = [(one["loc"], one["msg"]) for one in error.errors]
    return unprocessable(ODD, [*wrong, *faults_beside(request, {where for where, _ in wrong})])


def _misfit(request: HttpRequest, error: Any) -> HttpResponse:
    return unprocessable(str(error), error.faults)


def unprocessable(words: str, wrong: Sequence[FieldFault]) -> HttpResponse:
    """422 with every field that is wrong, where it stood and by the name that was sent."""
    fields = [
        {"field": _plain_path(where), "fault": why, "name": _sent_name(where)}
        for where, why in wrong[:MOST_FIELDS]
    ]
    words = f"{words} Nothing was changed."
    return faults.problem(HTTPStatus.UNPROCESSABLE_ENTITY, words, errors=fields)


def _plain_path(where: tuple[Any, ...]) -> str:
    """`body.order.kind`; a name of the sender's own is told no further than it is a plain one."""
    words = [str(word) for word in where]
    plain = [word for word in words if word.isascii() and word.replace("_", "").isalnum()]
    return ".".join(word[:MOST_LETTERS] for word in plain)


def _sent_name(where: tuple[Any, ...]) -> str:
    """`kind`, `parameters.rows`: without what only this program calls it, and on one line."""
    first = {"body": 2, "query": -1}.get(str(where[0]), 1)
    inner = where[first:]
    words = (str(word)[:MOST_LETTERS] for word in inner)
    return ".".join("".join(c if " " <= c <= "~" else "?" for c in word) for word in words)
