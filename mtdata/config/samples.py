"""The sample config files, found and copied; never overwrites a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from mtdata.core.errors import ConfigError, StorageError

_SUFFIX = ".sample"
_SCALES = "scales"
_BESIDE = Path(__file__).resolve().parents[2] / "config"


def samples_folder() -> Path:
    """Where the samples lie: config/ of a checkout, else share/mtdata/config of the install.

    ConfigError where they lie nowhere.
    """
    places = [_BESIDE, Path(sys.prefix) / "share" / "mtdata" / "config"]
    for place in places:
        # Any package may bring a folder named config; only ours holds this file.
        if (place / "server.config.sample").is_file():
            return place
    raise ConfigError(f"the sample files are missing; looked in {places[0]} and {places[1]}")


def write_samples(folder: Path) -> list[Path]:
    """Copy each sample without its suffix into `folder` (0700, made when missing), files 0600.

    Codebooks go into its folder `scales`.

    Returns the files that were made; one that is there stays as it is.
    StorageError where one cannot be written.
    """
    configs = sorted(samples_folder().glob(f"*.config{_SUFFIX}"))
    return _copied_into(folder, configs) + write_codebooks(folder)


def write_codebooks(folder: Path) -> list[Path]:
    """Copy the codebooks alone into `scales` of the folder; as `write_samples`."""
    return _copied_into(folder / _SCALES, sorted((samples_folder() / _SCALES).glob(f"*{_SUFFIX}")))


def _copied_into(folder: Path, samples: Iterable[Path]) -> list[Path]:
    """The files that were made of the samples."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = [_copied(sample, folder / sample.name.removesuffix(_SUFFIX)) for sample in samples]
    except OSError as error:
        raise StorageError(
            f"{error.filename or folder}: cannot be made: {error.strerror}"
        ) from error
    return [target for target in made if target]


def _copied(sample: Path, target: Path) -> Path | None:
    content = sample.read_bytes()
    try:
        number = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return None
    with open(number, "wb") as file:
        file.write(content)
    return target
