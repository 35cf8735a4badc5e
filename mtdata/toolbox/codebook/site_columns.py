"""The columns that the site gives to every questionnaire, so that no codebook has to; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mtdata.toolbox.codebook.model import Codebook, Variable

SITE_COLUMNS: Mapping[str, Variable] = {
    "id": Variable(wording="Number of the entry, unique within the scale", type="integer"),
    "date": Variable(wording="When it was sent, in the site's time zone", type="date"),
    "session": Variable(wording="Session of the study", required=False),
    "tag": Variable(
        wording="Tells two tasks of one scale in a session apart, such as pre and post",
        required=False,
    ),
    "timeOnPage": Variable(
        wording="Time on the page", type="number", unit="s", lowest=0, required=False
    ),
    "participant": Variable(wording="Number of the participant"),
    "participantId": Variable(wording="Number of the participant"),
    "participantRSA": Variable(wording="Number of the participant, sent sealed"),
}
PARTICIPANT = ("participantRSA", "participantId", "participant")
"""What the column of the participant may be called; the first that is there counts."""
_FOLDED = {name.casefold(): variable for name, variable in SITE_COLUMNS.items()}


def variable_of(codebook: Codebook | None, column: str) -> Variable | None:
    """What a column is by the codebook, else by what every scale has; None for a stranger."""
    own = codebook.variables if codebook else {}
    named = {name.casefold(): variable for name, variable in own.items()}
    return named.get(column.casefold()) or _FOLDED.get(column.casefold())


def participant_column(columns: Iterable[str]) -> str | None:
    """The column that says whose entry it is."""
    named = {column.casefold(): column for column in columns}
    return next((named[one.casefold()] for one in PARTICIPANT if one.casefold() in named), None)
