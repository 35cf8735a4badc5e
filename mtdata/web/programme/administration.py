"""Teams and form responses in Django's own pages, for admins alone; what a person edits is marked.

A page counts and loads no more than it shows: the tables may have a million rows.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mtdata.jobs.records.asking import asking, now
from mtdata.jobs.records.models import Job
from mtdata.programme.records.models import FormResponse, Team
from mtdata.programme.teams import name_key
from mtdata.web.access.administration import SITE, OpenToAdmins
from mtdata.web.cached_look import CachedLook
from mtdata.web.programme.row_counts import table_counts

SIZE, MOST_LEADERS, LEADERS_KEPT_S = 50, 40, 60.0
WRITTEN_BY = ("job", "attempt", "edited_at")


def _first_leaders() -> list[str]:
    with asking():
        found = Team.objects.exclude(manager="").order_by("manager")
        return list(found.values_list("manager", flat=True).distinct()[:MOST_LEADERS])


_LEADERS = CachedLook(lambda ours: _first_leaders(), LEADERS_KEPT_S)


class JobFilter(admin.SimpleListFilter):
    """The rows that one job wrote last: `?job=ID`, as the page of that job links it."""

    title = parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The job that is asked for, and no other."""
        asked = request.GET.get(self.parameter_name, "")
        return [(asked, asked[:8])] if asked else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """None for what is no id of a job."""
        if self.value() is None:
            return queryset
        try:
            return queryset.filter(job=UUID(self.value()))
        except ValueError:
            return queryset.none()


class LeaderFilter(admin.SimpleListFilter):
    """The first managers by the alphabet; the search has all of them."""

    title = parameter_name = "manager"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """At most MOST_LEADERS, as they were a moment ago, and whoever is asked for."""
        asked = [word] if (word := request.GET.get(self.parameter_name, "")) else []
        names = dict.fromkeys([*_LEADERS(settings.MTDATA), *asked])
        return [(name, name) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The teams of that manager."""
        return queryset if self.value() is None else queryset.filter(manager=self.value())


class TeamForm(forms.ModelForm):
    """Refuses a name that another team has."""

    class Meta:
        """What a person may write."""

        model = Team
        fields = ("name", "description", "manager", "members")

    def clean_name(self) -> str:
        """A name without blanks around it, which no other team has, by the rule of imports."""
        name = str(self.cleaned_data["name"]).strip()
        others = Team.objects.exclude(pk=self.instance.pk)
        if others.filter(name_key=name_key(name)).exists():
            raise forms.ValidationError("There is a team of that name already.")
        return name


class ImportedRows(OpenToAdmins, admin.ModelAdmin):
    """What both tables have in common: whose rows these are, and that an edit is marked."""

    list_per_page, list_max_show_all, show_full_result_count = SIZE, SIZE, False
    actions, readonly_fields = None, WRITTEN_BY  # an action would load all that is ticked

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the name of the job of each row."""
        names = Job.objects.filter(pk=OuterRef("job")).values("name")[:1]
        return super().get_queryset(request).annotate(job_name=Subquery(names))

    def _job_link(self, row: Any) -> SafeString | str:
        """A link to the job that wrote the row last; its id where that is gone."""
        if row.job is None or row.job_name is None:
            return str(row.job or "")
        return format_html('<a href="{}">{}</a>', reverse("job", args=[row.job]), row.job_name)

    job_link = admin.display(description="job", ordering="job")(_job_link)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Keep what a person wrote, and that one did: an undo leaves it."""
        if change and not form.has_changed():
            return
        obj.edited_at = now()
        super().save_model(request, obj, form, change)
        table_counts.forget()


class TeamRows(ImportedRows):
    """Teams, to be looked for, changed and removed one by one."""

    form = TeamForm
    fields = (*TeamForm.Meta.fields, *WRITTEN_BY)
    list_display = ("name", "manager", "job_link", "edited_at")
    list_filter = (LeaderFilter, JobFilter)
    search_fields = ("name", "manager", "members")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """With the digest of its name, by which imports know it."""
        obj.name_key = name_key(obj.name)
        super().save_model(request, obj, form, change)


class FormResponseRows(ImportedRows):
    """Form responses, to be looked for, changed and removed one by one."""

    list_display = ("timestamp", "user", "name_of_respondent", "gender_of_respondent", "job_link")
    list_filter = ("gender_of_respondent", "timestamp", JobFilter)
    search_fields = ("user", "name_of_respondent", "mobile_no")


def register() -> None:
    """Put both tables into the administration, once."""
    for table, rows in ((Team, TeamRows), (FormResponse, FormResponseRows)):
        if not SITE.is_registered(table):
            SITE.register(table, rows)
