"""The operation that enters form responses: one or many, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Body

from mtdata.jobs.records.asking import whole
from mtdata.programme.forms import FIELDS
from mtdata.programme.records.models import FormResponse
from mtdata.web.api.problems import Misfits
from mtdata.web.programme.reading import WHERE, read_forms
from mtdata.web.programme.shapes import MOST, FormRows

WRONG = "Not every form response is as it has to be; none was entered."


def add_form_responses(request: HttpRequest, rows: Body[FormRows]) -> dict[str, Any]:
    """Enter form responses: one, or a list of at most 1,000.

    All of a list are entered or none. Of each that is wrong `errors` tell its place in the list,
    the first being 0, and the column.
    """
    sent = rows if isinstance(rows, list) else [rows]
    if not 0 < len(sent) <= MOST:
        told = f"it has {len(sent):,} form responses; 1 to {MOST:,} may be sent"
        raise Misfits(WRONG, [(WHERE, told)])
    found = read_forms(sent, settings.MTDATA.programme.timezone)
    if found.faults:
        raise Misfits(WRONG, found.faults)
    enter(found.rows)
    return {"added": len(found.rows)}


def enter(rows: Sequence[tuple[Any, ...]]) -> None:
    """In one commit, and once; no job wrote them."""
    whole(partial(_enter, rows), patient=False, stands=_is_entered)


def _enter(rows: Sequence[tuple[Any, ...]]) -> FormResponse:
    """The first, by itself: of many not every database tells their numbers."""
    first, *rest = [FormResponse(**dict(zip(FIELDS, row, strict=True))) for row in rows]
    first.save(force_insert=True)
    FormResponse.objects.bulk_create(rest)
    return first


def _is_entered(first: FormResponse) -> bool:
    """Whether this very row is there: then the others are there with it."""
    return FormResponse.objects.filter(pk=first.pk, user=first.user).exists()
