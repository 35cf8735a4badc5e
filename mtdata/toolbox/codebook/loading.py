"""From `scales/<Scale>.yaml` of the config folder to codebooks, or to all their faults at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from mtdata.config import Settings
from mtdata.config.reading import read_yaml
from mtdata.core.errors import ConfigError
from mtdata.core.words import did_you_mean
from mtdata.study.model.scale import NAME
from mtdata.toolbox.codebook.faults import alike, of_names, printable
from mtdata.toolbox.codebook.model import Codebook, SubScale, Variable

_MODELS: tuple[type[BaseModel], ...] = (Codebook, Variable, SubScale)
KNOWN = frozenset(key for model in _MODELS for key in model.model_fields)
SECTIONS: dict[str, type[BaseModel]] = {"variables": Variable, "sub_scales": SubScale}
ENDING = ".yaml"


def codebooks_folder(settings: Settings) -> Path:
    """Where the codebooks lie; it need not be there."""
    return settings.folder / "scales"


def codebook_files(settings: Settings) -> dict[str, Path]:
    """The file of each scale by its name, in order; whether they are right is not looked at."""
    return files_in(codebooks_folder(settings))


def files_in(folder: Path) -> dict[str, Path]:
    """The file of each scale by its name, in order, of any folder of codebooks."""
    files = sorted(folder.glob(f"*{ENDING}"))
    return {file.name.removesuffix(ENDING): file for file in files if file.name[0] != "."}


def codebooks(settings: Settings) -> dict[str, Codebook]:
    """Every codebook by the name of its scale.  ConfigError with every fault of them all."""
    files = codebook_files(settings)
    faults = [
        f"{files[name]}: the file of another scale differs by case alone; one scale, one file"
        for name in alike(files)
    ]
    read = [_read(file, faults) for file in files.values()]
    if faults:
        raise ConfigError("\n".join(faults))
    return {codebook.scale: codebook for codebook in read if codebook is not None}


def codebook_file(settings: Settings, scale: str) -> Path | None:
    """The file of a scale by its name in any case; None where there is none.

    ConfigError where two files are for it.
    """
    return _file_of(codebook_files(settings), scale)


def _file_of(files: Mapping[str, Path], scale: str) -> Path | None:
    found = [file for name, file in files.items() if name.casefold() == scale.casefold()]
    if len(found) > 1:
        names = " and ".join(str(file) for file in found)
        raise ConfigError(f"{names}: differ by case alone; one scale, one file")
    return found[0] if found else None


def codebook_in(folder: Path, scale: str) -> Codebook | None:
    """The codebook of one scale, its name in any case, out of any folder; None for none there.

    ConfigError with every fault of it, and where two files are for it.
    """
    file = _file_of(files_in(folder), scale)
    return load_codebook(file) if file else None


def find_codebook(settings: Settings, scale: str) -> Codebook | None:
    """The codebook of one scale, its name in any case; None where there is none.

    ConfigError with every fault of it; those of other files are nothing to it.
    """
    file = codebook_file(settings, scale)
    return load_codebook(file) if file else None


def codebook_of(settings: Settings, scale: str) -> Codebook:
    """The codebook of one scale, its name in any case.

    ConfigError with every fault of it, and where there is none: how to make one.
    """
    found = find_codebook(settings, scale)
    if found is None:
        folder = codebooks_folder(settings)
        near = did_you_mean(scale, codebook_files(settings))
        advice = f" `mtdata codebook --draft {scale} --out {folder}` makes a first one"
        raise ConfigError(
            f"{folder}: there is no codebook of the scale {printable(scale)}.{near}"
            f"{advice if NAME.fullmatch(scale) else ''}"
        )
    return found


def load_codebook(file: Path) -> Codebook:
    """One codebook.  ConfigError with every fault of it."""
    faults: list[str] = []
    codebook = _read(file, faults)
    if codebook is None or faults:
        raise ConfigError("\n".join(faults))
    return codebook


def _read(file: Path, faults: list[str]) -> Codebook | None:
    found: list[str] = []
    content = read_yaml(file, found, KNOWN, deep=True)
    faults.extend(found)
    if not isinstance(content, dict):
        if not found:
            faults.append(f"{file}: keys such as scale and variables are allowed; found none")
        return None
    try:
        codebook = Codebook.model_validate(content)
    except ValidationError as error:
        faults.extend(f"{file}: {line}" for line in _all_faults(error, content))
        return None
    if codebook.scale != file.name.removesuffix(ENDING):
        faults.append(f"{file}: scale: {codebook.scale}: it must be the name of the file")
        return None
    return codebook


def _all_faults(error: ValidationError, content: Mapping[str, Any]) -> list[str]:
    """Each fault once, with those that are not looked for once something near is wrong."""
    sections = {key: value for key in SECTIONS if isinstance(value := content.get(key), dict)}
    items = {
        name: [word for word in _listed(score.get("items")) if isinstance(word, str)]
        for name, score in sections.get("sub_scales", {}).items()
        if isinstance(score, dict) and isinstance(name, str)
    }
    names = [name for name in sections.get("variables", {}) if isinstance(name, str)]
    crossed = of_names(names, items) if "variables" in sections else []
    return list(dict.fromkeys([*_worded(error), *_beside(error, sections), *crossed]))


def _beside(error: ValidationError, sections: Mapping[str, Any]) -> Iterator[str]:
    """What does not fit together in a part, of the keys that are right in themselves."""
    wrong: dict[tuple[str, str], set[str]] = {}
    for path in (_path(fault["loc"]) for fault in error.errors(include_url=False)):
        if len(path) > 2:
            wrong.setdefault((str(path[0]), str(path[1])), set()).add(str(path[2]))
    for (section, name), keys in wrong.items():
        rest = {key: value for key, value in sections[section][name].items() if key not in keys}
        try:
            SECTIONS[section].model_validate(rest)
        except ValidationError as other:
            yield from _worded(other, (section, name), only="value_error")


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _path(loc: tuple[int | str, ...]) -> list[str]:
    return [str(part) for part in loc if part != "[key]"]


def _worded(error: ValidationError, within: tuple[str, ...] = (), only: str = "") -> Iterator[str]:
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        path = [*within, *_path(fault["loc"])]
        place = ".".join(map(printable, path))
        if only not in ("", fault["type"]):
            continue
        if fault["type"] == "value_error":
            for line in fault["msg"].removeprefix("Value error, ").splitlines():
                yield f"{place}.{line}" if place else line
        elif fault["type"] == "missing":
            yield f"{place}: it is missing; allowed: {_allowed(path)}"
        elif fault["type"] == "extra_forbidden":
            keys = ", ".join(_model_at(path).model_fields)
            near = did_you_mean(path[-1], _model_at(path).model_fields)
            yield f"{place}: no such key.{near} Allowed: {keys}"
        else:
            yield f"{place}: allowed: {_allowed(path)}"


def _model_at(path: list[str]) -> type[BaseModel]:
    """The model of which the path names a key."""
    return SECTIONS.get(path[0], Codebook) if len(path) > 2 else Codebook


def _allowed(path: list[str]) -> str:
    """What the key at that place says of itself."""
    if len(path) == 2 and path[0] in SECTIONS:
        return f"keys such as {', '.join(list(SECTIONS[path[0]].model_fields)[:3])}"
    key = path[2] if len(path) > 2 and path[0] in SECTIONS else path[0]
    field = _model_at(path).model_fields.get(key)
    return (field.description if field else None) or "text"
