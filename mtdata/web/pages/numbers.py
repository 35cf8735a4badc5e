"""The numbers for Prometheus: how the duties and the jobs stand, without any value of theirs."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST

from mtdata.config import Settings
from mtdata.jobs.metrics import page_of
from mtdata.web.cached_look import CachedLook


def _text(ours: Settings) -> bytes:
    return page_of(settings.MTDATA_DUTIES, ours, is_open=True).text()


_TEXT = CachedLook(_text)


def metrics(request: HttpRequest) -> HttpResponse:
    """The text that Prometheus reads."""
    return HttpResponse(_TEXT(settings.MTDATA), content_type=CONTENT_TYPE_LATEST)
