"""New jobs: which kind, and a form made from what that kind declares; a GET queues nothing."""

from __future__ import annotations

import json
import logging
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst

from mtdata.config import Settings
from mtdata.errors import MTDataError
from mtdata.jobs import front
from mtdata.jobs.kind import MOST_VALUE, REQUIRED, Kind, Parameter, day, default_of, reading
from mtdata.web.pages.words import see
from mtdata.web.reach import reach_of

log = logging.getLogger(__name__)
EVERY = "."


def choose(request: HttpRequest) -> HttpResponse:
    """The kinds that there are."""
    kinds = sorted(reach_of(request.user).kinds.values(), key=lambda kind: kind.name)
    return render(request, "web/job_kinds.html", {"kinds": kinds})


class JobForm(forms.Form):
    """A field a parameter; what is wrong is found by the kind itself, and told at the field."""

    def __init__(self, kind: Kind, ours: Settings, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self._kind, self._settings = kind, ours
        for parameter in kind.parameters:
            self.fields[parameter.name] = _field(parameter, ours)

    @property
    def given(self) -> dict[str, str]:
        """What was filled in; an empty field is left to its default."""
        return {name: word for name, word in self.cleaned_data.items() if word != ""}

    def clean(self) -> None:
        """Every fault of every field at once."""
        found = reading(self._kind, self._settings, self.given)
        for name, why in found.faults.items():
            if name not in self.errors:
                self.add_error(name or None, f"{capfirst(why)}.")


def _field(parameter: Parameter, ours: Settings) -> forms.Field:
    needed = parameter.default is REQUIRED
    field = forms.CharField(
        required=False,  # the kind says it in its own words
        help_text=f"Allowed: {parameter.allowed}.",
        initial="" if needed else _words(_default(parameter, ours)),
    )
    field.is_needed, field.examples = needed, parameter.examples
    attributes = {"autocomplete": "off"} | ({"required": True} if needed else {})
    if parameter.choices is not None:
        offered = [(one, _told(one)) for one in parameter.choices(ours)]
        field.widget = forms.Select(attributes, [] if not needed else [("", "choose")])
        field.widget.choices += offered
        return field
    kind = "date" if parameter.read is day else "text"
    more = {"list": f"examples_{parameter.name}"} if parameter.examples else {}
    field.widget = forms.TextInput(
        attributes | more | {"type": kind} | ({"maxlength": MOST_VALUE} if kind == "text" else {})
    )
    return field


def _default(parameter: Parameter, ours: Settings) -> Any:
    try:
        return default_of(parameter, ours)
    except MTDataError:  # the form says so when it is sent
        return ""


def _told(choice: str) -> str:
    return f"{choice} (every one)" if choice == EVERY else choice


def _words(value: Any) -> str:
    """A kept value as it may be given again."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def show(request: HttpRequest, kind: str) -> HttpResponse:
    """The empty form, or one filled as the job `?from=` was."""
    found, ours = _kind(request, kind), reach_of(request.user).settings
    return _shown(request, found, JobForm(found, ours, initial=_as_before(request, found)))


def _as_before(request: HttpRequest, kind: Kind) -> dict[str, str]:
    try:
        job_id = UUID(request.GET.get("from", ""))
    except ValueError:
        return {}
    job = reach_of(request.user).job(job_id)
    known = {parameter.name for parameter in kind.parameters}
    kept = job.parameters if job and job.kind == kind.name else {}
    return {name: _words(value) for name, value in kept.items() if name in known}


def queue(request: HttpRequest, kind: str) -> HttpResponse:
    """Queue a job, or show what is wrong with it."""
    found, ours = _kind(request, kind), reach_of(request.user).settings
    form = JobForm(found, ours, request.POST)
    if not form.is_valid():
        return _shown(request, found, form, status=400)
    owner = request.user.get_username()
    job = front.add(ours, settings.MTDATA_KINDS, found.name, form.given, owner)
    log.info("%s queued %s", owner, job.name)
    messages.success(request, f"{job.name} is queued.")
    return see("job", job.pk)


def _kind(request: HttpRequest, name: str) -> Kind:
    kinds = reach_of(request.user).kinds
    if name not in kinds:
        raise Http404
    return kinds[name]


def _shown(request: HttpRequest, kind: Kind, form: JobForm, status: int = 200) -> HttpResponse:
    return render(request, "web/job_form.html", {"kind": kind, "form": form}, status=status)
