"""The original platform's address to stop a task: it shows what that takes back, and asks first."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.web.pages import job as job_page
from mtdata.web.pages import orders


def show(request: HttpRequest, job: Any) -> HttpResponse:
    """What a stop would take back now, or an undo where it has ended; 404 for no such job."""
    return render(request, "programme/stop_task.html", job_page.job_context(request, job))


def stop(request: HttpRequest, job: Any) -> HttpResponse:
    """End it and take back what it did."""
    return orders.stop(request, job)
