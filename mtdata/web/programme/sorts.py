"""The sorts of rows that files bring, as their pages call them: a line each; it reads nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mtdata.programme.jobs import FORMS, TEAMS, ImportSort
from mtdata.programme.name_count import NameCount
from mtdata.programme.preview import OwnRows, RowLookup

TIME = "2020-05-15 14:30, a day alone, or with an offset; without one it is of the zone TIMEZONE"
TEAM_COLUMNS = {
    "name": "at most 600 characters; the same name is the same team",
    "description": "any text",
    "manager": "at most 20 characters",
    "members": "any text",
}
FORM_COLUMNS = {
    "timestamp": TIME,
    "user": "at most 500 characters",
    "name_of_respondent": "at most 500 characters; the header may say name",
    "gender_of_respondent": "Male, Female or Other",
    "reading_books": "True or False, yes or no, 1 or 0",
    "listening_music": "True or False, yes or no, 1 or 0",
    "mobile_no": "at most 15 characters",
    "record_latitude": "degrees from -90 to 90, at most six digits behind the point",
    "record_longitude": "degrees from -180 to 180, at most six digits behind the point",
}


class RowSort(NamedTuple):
    """What the pages say of a sort: `noun` is one such row, `columns` what each may hold."""

    sort: ImportSort
    kind: str
    noun: str
    columns: dict[str, str]
    example: str  # a file of ours
    lookup: Callable[[], RowLookup]
    admin: str  # the route of the list in the administration

    @property
    def page(self) -> str:
        """The route of the page where such a file is brought."""
        return f"import_{self.sort.name}"


TEAM_ROWS = RowSort(
    TEAMS,
    TEAMS.kind,
    "team",
    TEAM_COLUMNS,
    "programme/teams.csv",
    NameCount,
    "admin:programme_team_changelist",
)
FORM_ROWS = RowSort(
    FORMS,
    FORMS.kind,
    "form response",
    FORM_COLUMNS,
    "programme/form_responses.csv",
    OwnRows,
    "admin:programme_formresponse_changelist",
)
BY_KIND = {one.kind: one for one in (TEAM_ROWS, FORM_ROWS)}
