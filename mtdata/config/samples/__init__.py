"""The sample config files, which lie beside this file, copied; never overwrites a file.

The checkout's own `config/` has the same files, for people who look there; a test holds them alike.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from mtdata.core.errors import ConfigError, StorageError

_SUFFIX = ".sample"
_SCALES = "scales"
_HERE = Path(__file__).resolve().parent


def samples_folder() -> Path:
    """Where the samples lie: within the package, so wherever that was installed to.

    ConfigError where they were left behind.
    """
    if not (_HERE / f"server.config{_SUFFIX}").is_file():
        raise ConfigError(f"the sample files are missing in {_HERE}: install mtdata anew")
    return _HERE


def sample_text(file: str) -> str:
    """The sample of that config file, such as `server.config`, as it lies there."""
    return (samples_folder() / f"{file}{_SUFFIX}").read_text(encoding="utf-8")


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


def write_missing(folder: Path, contents: Iterable[tuple[str, bytes]]) -> list[Path]:
    """Lay files of these names into `folder` (0700, made when missing), 0600 each.

    Returns those that were made; one that is there stays.  StorageError as of `write_samples`.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = [_written(folder / name, content) for name, content in contents]
    except OSError as error:
        raise StorageError(
            f"{error.filename or folder}: cannot be made: {error.strerror}"
        ) from error
    return [target for target in made if target]


def _copied_into(folder: Path, samples: Iterable[Path]) -> list[Path]:
    """The files that were made of the samples."""
    contents = ((one.name.removesuffix(_SUFFIX), one.read_bytes()) for one in samples)
    return write_missing(folder, contents)


def _written(target: Path, content: bytes) -> Path | None:
    try:
        number = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return None
    with open(number, "wb") as file:
        file.write(content)
    return target
