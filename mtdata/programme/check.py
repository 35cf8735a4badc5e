"""What `mtdata check` looks at of form responses: OUTPUT, who may be mailed, what writes a format.

Nobody who has none is asked anything: it looks where programme.config names one of the first two.
"""

from __future__ import annotations

from contextlib import closing

from mtdata.config import Settings
from mtdata.config.check import check_owner
from mtdata.core.checks import Finding
from mtdata.core.errors import MTDataError
from mtdata.core.installing import install
from mtdata.core.output.probe import LONGEST_S, probe
from mtdata.programme.duty import FORMS
from mtdata.programme.export.formats import FORMATS
from mtdata.programme.export.output import open_forms_output
from mtdata.programme.offline import check_mail

LINK_TODO = "see OUTPUT_REGION and OUTPUT_ENDPOINT in programme.config"


def look(settings: Settings) -> list[Finding]:
    """Put a probe into OUTPUT, and judge the rest; at most a minute."""
    return [_check_output(settings), *check_mail(settings), *_check_formats()]


def folders(settings: Settings) -> list[Finding]:
    """Whether the folder of OUTPUT is ours."""
    folder = settings.programme.output_folder
    return check_owner(FORMS, "OUTPUT", folder) if folder else []


def _check_output(settings: Settings) -> Finding:
    try:
        with closing(open_forms_output(settings.programme, LONGEST_S)) as output:
            return Finding(FORMS, "OUTPUT", "good", probe(output, LINK_TODO))
    except MTDataError as error:
        return Finding(FORMS, "OUTPUT", "bad", str(error), error.exit_code)


def _check_formats() -> list[Finding]:
    lacking = {name: one.extra for name, one in FORMATS.items() if not one.is_installed}
    told = "; ".join(
        f"{name} cannot be written: `{install(extra)}` brings what it needs"
        for name, extra in lacking.items()
    )
    there = ", ".join(name for name in FORMATS if name not in lacking)
    if lacking:
        return [Finding(FORMS, "FORMATS", "odd", f"{there} can be written; {told}")]
    return [Finding(FORMS, "FORMATS", "good", f"{there} can be written")]
