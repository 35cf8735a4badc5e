"""What `mtdata check` says of the codebooks; it reads their files alone, and changes nothing."""

from __future__ import annotations

from mtdata.config import Settings
from mtdata.core.checks import Finding, of_program
from mtdata.core.errors import ConfigError
from mtdata.toolbox.codebook.loading import ENDING, codebook_files, codebooks, codebooks_folder

WHAT = "codebooks"


def check_codebooks(settings: Settings) -> list[Finding]:
    """A finding of all codebooks, or one for each fault; none where there is no folder."""
    folder = codebooks_folder(settings)
    if not folder.is_dir():
        return []
    odd = sorted(f.name for f in folder.glob("*.y*ml") if not f.name.endswith(ENDING))
    ignored = [of_program(WHAT, "odd", f"{folder / n}: not read; call it {ENDING}") for n in odd]
    try:
        count = len(codebooks(settings))
    except ConfigError as error:
        faults = str(error).splitlines()
        return [of_program(WHAT, "bad", fault, error.exit_code) for fault in faults] + ignored
    names = ", ".join(codebook_files(settings))
    told = f"{folder}: {count} good: {names}" if count else f"{folder}: none"
    return [of_program(WHAT, "good", told), *ignored]
