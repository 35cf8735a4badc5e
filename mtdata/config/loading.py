"""From the files of a config folder to Settings, or to all their faults; never writes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mtdata.config import values
from mtdata.config.credentials import account, replica_keys
from mtdata.config.reading import expanded, read_yaml
from mtdata.config.sections import Section, World
from mtdata.config.settings import RecoveryConfig, Settings
from mtdata.config.site import SiteConfig
from mtdata.errors import ConfigError


def load(folder: Path, environ: Mapping[str, str]) -> Settings:
    """Read server.config and, where there is one, recovery.config.

    Raises ConfigError with every fault of both, one a line.
    """
    folder = Path(os.path.abspath(folder))
    world = World(folder.parent.resolve(), environ, [])
    sites = _sites(folder / "server.config", world)
    recovery = _recovery(folder / "recovery.config", world)
    if world.faults:
        raise ConfigError("\n".join(world.faults))
    return Settings(folder=folder, home=world.home, sites=tuple(sites), recovery=recovery)


def _sites(file: Path, world: World) -> list[SiteConfig]:
    if _is_missing(file):
        world.faults.append(f"{file}: not there; `mtdata init {file.parent}` makes a sample")
        return []
    before = len(world.faults)
    content = read_yaml(file, world.faults)
    if content is None and len(world.faults) > before:
        return []
    read = [
        (section, section.into(SiteConfig, world)) for section in _sections(file, content, world)
    ]
    world.faults.extend(_shared([section for section, _ in read], world.home))
    return [model for _, model in read if model]


def _is_missing(file: Path) -> bool:
    try:
        file.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False  # there, or hidden from us: reading it will say why
    return False


def _sections(file: Path, content: Any, world: World) -> Iterator[Section]:
    """One section a site, whichever of the two forms the file has; each filled."""
    if not content or not isinstance(content, dict | list):
        found = "text" if content else "nothing"
        world.faults.append(
            f"{file}: allowed is `site_name:` with its keys below, or a list of sites that each "
            f"have NAME; found {found}"
        )
        return
    for label, keys in _labelled(content):
        where = f"{file}: site {ascii(label)[1:-1]}"
        if isinstance(keys, dict):
            yield _section(where, keys, world)
        else:
            world.faults.append(f"{where}: allowed is a mapping of keys; found something else")


def _labelled(content: dict[Any, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    """What to call each site in messages, and its keys with NAME."""
    if isinstance(content, list):
        for number, keys in enumerate(content, 1):
            name = keys.get("NAME") if isinstance(keys, dict) else None
            yield f"{name} (number {number})" if name else f"number {number}", keys
        return
    for name, keys in content.items():
        named = isinstance(keys, dict) and not keys.get("NAME")
        yield str(name), {**keys, "NAME": str(name)} if named else keys


def _section(where: str, keys: dict[str, Any], world: World) -> Section:
    section = Section(where, keys, SiteConfig)
    given: dict[str, Any] = {}
    name = _name_of(keys, world.environ)
    try:
        given = account(name, world.environ) if name else {}
    except ValueError as error:
        world.faults.append(section.fault("USER, PASS", str(error)))
    try:
        given["replica_keys"] = replica_keys(name, world.environ) if name else {}
    except ValueError as error:
        world.faults.append(section.fault("REPLICAS", str(error)))
    world.faults.extend(section.fill(world.environ, given))
    return section


def _name_of(keys: dict[str, Any], environ: Mapping[str, str]) -> str:
    """The site's name, empty when it is not valid: the model will tell."""
    try:
        return values.site_name(expanded(keys.get("NAME"), environ))
    except ValueError:
        return ""


def _shared(sections: list[Section], home: Path) -> Iterator[str]:
    """Names and folders that belong to two sites."""
    names: dict[str, str] = {}
    paths: dict[Path, str] = {}
    for section in sections:
        name = section.values.get("NAME")
        # - and _ are one in MTDATA_<SITE>_PASS: such twins would get each other's password.
        key = str(name).casefold().replace("-", "_")
        if name and key in names:
            text = f"allowed is a name of its own (a = A, - = _); found that of {names[key]}"
            yield section.fault("NAME", text)
        names.setdefault(key, section.label)
        path = _path_of(section, home)
        if path and path in paths:
            yield section.fault(
                "PATH", f"allowed is a folder of its own; found that of {paths[path]}"
            )
        if path:
            paths.setdefault(path, section.label)


def _path_of(section: Section, home: Path) -> Path | None:
    try:
        return values.place(section.values.get("PATH"), home).resolve()
    except (ValueError, OSError, RuntimeError):
        return None  # the model tells what is wrong with it


def _recovery(file: Path, world: World) -> RecoveryConfig:
    if _is_missing(file):
        return RecoveryConfig()
    content = read_yaml(file, world.faults)
    if content is not None and not isinstance(content, dict):
        world.faults.append(f"{file}: allowed are the keys OUT and LOG; found something else")
        content = None
    section = Section(str(file), content or {}, RecoveryConfig)
    world.faults.extend(section.fill(world.environ, {}))
    return section.into(RecoveryConfig, world) or RecoveryConfig()
