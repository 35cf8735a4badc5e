"""What `mtdata check` says of form responses by the config alone; it asks nobody."""

from __future__ import annotations

from collections.abc import Sequence

from mtdata.config import Settings
from mtdata.core.checks import Finding
from mtdata.core.errors import ConfigError
from mtdata.programme.duty import FORMS


def check_offline(settings: Settings, names: Sequence[str]) -> list[Finding]:
    """Where exports go, and whether what MAIL_ALLOWED needs is there, if somebody has forms."""
    if not names:
        return []
    return [Finding(FORMS, "OUTPUT", "good", settings.programme.output), *check_mail(settings)]


def check_mail(settings: Settings) -> list[Finding]:
    """Whether those who may be mailed a link can be."""
    allowed = len(settings.programme.mail_allowed)
    if not allowed:
        return []
    needs = {
        "TELL_JOBS in programme.config": settings.programme.tell_jobs,
        "MAIL in log.config": settings.log.mail,
    }
    if lacking := [name for name, there in needs.items() if not there]:
        told = f"it needs {' and '.join(lacking)}, so exports with email= are refused"
        return [Finding(FORMS, "MAIL_ALLOWED", "bad", told, ConfigError.exit_code)]
    return [Finding(FORMS, "MAIL_ALLOWED", "good", f"{allowed} may be mailed a link to an export")]
