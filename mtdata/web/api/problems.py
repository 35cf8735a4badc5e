"""What goes wrong in an operation, as problem details; no value that came is told again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from mtdata.core.errors import JobError, RecordsError, UsageError
from mtdata.web import faults

MOST_FIELDS, MOST_LETTERS = 20, 40


class Misfits(Exception):
    """Parameters that a kind does not take, by their names; '' for what is of no one of them."""

    def __init__(self, words: str, faults: dict[str, str]) -> None:
        super().__init__(words)
        self.faults = faults


@contextmanager
def refusals(status: HTTPStatus) -> Iterator[None]:
    """What cannot be done is answered so; that the records are away is told elsewhere."""
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
    return faults.problem(HTTPStatus.NOT_FOUND, str(error) or "There is nothing at this address.")


def _too_large(request: HttpRequest, error: Any) -> HttpResponse:
    return faults.bad_request(request, error)


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """Which fields are wrong and how; `ctx` and `input` hold what came, so they stay here."""
    fields = [
        {"field": _named(one["loc"]), "fault": one["msg"]} for one in error.errors[:MOST_FIELDS]
    ]
    return faults.problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The request is not as it has to be. Nothing was changed.",
        errors=fields,
    )


def _misfit(request: HttpRequest, error: Any) -> HttpResponse:
    shown = list(error.faults.items())[:MOST_FIELDS]
    fields = [
        {"field": _named(("body", "order", "parameters", name)), "fault": why}
        for name, why in shown
    ]
    return faults.problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, f"{error} Nothing was changed.", errors=fields
    )


def _named(where: tuple[Any, ...]) -> str:
    """`body.order.kind`; a name of the sender's own is told no further than it is a plain one."""
    words = [str(word) for word in where]
    plain = [word for word in words if word.isascii() and word.replace("_", "").isalnum()]
    return ".".join(word[:MOST_LETTERS] for word in plain)
