"""From `scales/<Scale>.yaml` of the config folder to codebooks, or to all their faults at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ValidationError

from mtdata.config import Settings
from mtdata.config.reading import read_yaml
from mtdata.core.errors import ConfigError
from mtdata.toolbox.codebook.model import Codebook, SubScale, Variable

_MODELS: tuple[type[BaseModel], ...] = (Codebook, Variable, SubScale)
KNOWN = frozenset(key for model in _MODELS for key in model.model_fields)
ENDING = ".yaml"


def codebooks_folder(settings: Settings) -> Path:
    """Where the codebooks lie; it need not be there."""
    return settings.folder / "scales"


def codebooks(settings: Settings) -> dict[str, Codebook]:
    """Every codebook by the name of its scale.  ConfigError with every fault of them all."""
    faults: list[str] = []
    known: dict[str, Codebook] = {}
    for file in sorted(codebooks_folder(settings).glob(f"*{ENDING}")):
        codebook = _read(file, faults)
        if codebook is not None:
            known[codebook.scale] = codebook
    if faults:
        raise ConfigError("\n".join(faults))
    return known


def load_codebook(file: Path) -> Codebook:
    """One codebook.  ConfigError with every fault of it."""
    faults: list[str] = []
    codebook = _read(file, faults)
    if codebook is None:
        raise ConfigError("\n".join(faults) or f"{file}: it is empty")
    return codebook


def _read(file: Path, faults: list[str]) -> Codebook | None:
    before = len(faults)
    content = read_yaml(file, faults, KNOWN)
    if len(faults) > before:
        return None
    if not isinstance(content, dict):
        faults.append(f"{file}: keys such as scale and variables are allowed; found none")
        return None
    try:
        codebook = Codebook.model_validate(content)
    except ValidationError as error:
        faults.extend(f"{file}: {line}" for line in _worded(error))
        return None
    if codebook.scale != file.name.removesuffix(ENDING):
        faults.append(f"{file}: scale: {codebook.scale}: it must be the name of the file")
        return None
    return codebook


def _worded(error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        place = ".".join(map(str, fault["loc"]))
        said = fault["msg"].removeprefix("Value error, ")
        yield f"{place}: {said}" if place else said
