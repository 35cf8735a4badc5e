"""OUTPUT of programme.config, where files of form responses go; it puts nothing there."""

from __future__ import annotations

from functools import partial

from mtdata.config import Settings
from mtdata.config.programme import ProgrammeConfig
from mtdata.core.output import Output, open_output
from mtdata.jobs.duty import PlacedFile

NAMED = "OUTPUT in programme.config"


def open_forms_output(how: ProgrammeConfig, timeout_s: float = 60.0) -> Output:
    """The output; a store answers within so many seconds, or is away."""
    return open_output(how.output, how.output_store(timeout_s), how.state, NAMED)


def placed_file(settings: Settings, place: str) -> PlacedFile | None:
    """The file at that place, if it is in OUTPUT."""
    how = settings.programme
    name = place.removeprefix(f"{how.output}/")
    return None if name == place else PlacedFile("forms", name, partial(open_forms_output, how))
