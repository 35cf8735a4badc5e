"""From the files of a config folder to Settings, or to all their faults; never writes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from mtdata.config import values
from mtdata.config.credentials import (
    account,
    export_keys,
    form_output_keys,
    mail_account,
    replica_keys,
)
from mtdata.config.daemon import DaemonConfig
from mtdata.config.export import ACCOUNTS, AccountConfig, ExportConfig
from mtdata.config.folders import home_folder
from mtdata.config.hands import changeable_paths, strange_hands
from mtdata.config.log import LogConfig, MailConfig
from mtdata.config.original import MOVE, is_of_original, site_keys
from mtdata.config.programme import ProgrammeConfig
from mtdata.config.reading import read_yaml
from mtdata.config.sections import (
    Model,
    ReadSection,
    Section,
    World,
    allowed_keys,
    filled,
    given_outside,
)
from mtdata.config.settings import RecoveryConfig, Settings
from mtdata.config.site import SiteConfig
from mtdata.config.variables import expanded
from mtdata.config.weblogs import WeblogsConfig, WeblogSite
from mtdata.config.weblogs_loading import SITES, weblogs_config
from mtdata.core.disclosure import kind_of
from mtdata.core.errors import ConfigError

Account = TypeVar("Account", bound=AccountConfig)
MODELS: tuple[type[BaseModel], ...] = (
    SiteConfig,
    RecoveryConfig,
    LogConfig,
    MailConfig,
    DaemonConfig,
    ProgrammeConfig,
    WeblogSite,
    *ACCOUNTS.values(),
)
"""Every model whose keys a file may have."""
KNOWN = frozenset(key for model in MODELS for key in allowed_keys(model))
KNOWN |= {*ACCOUNTS, SITES}


def load(folder: Path, environ: Mapping[str, str]) -> Settings:
    """Read server.config and, where they are, the other files of the folder.

    Raises ConfigError with every fault of them all, one a line.
    """
    return load_sections(folder, environ)[0]


def load_sections(folder: Path, environ: Mapping[str, str]) -> tuple[Settings, list[ReadSection]]:
    """What `load` gives, and every section that was read, in the order of the files.

    ConfigError as of `load`.
    """
    folder = Path(os.path.abspath(folder))
    world = World(home_folder(folder, environ), environ, [], [])
    world.faults.extend(filter(None, map(strange_hands, changeable_paths(folder))))
    settings = Settings(
        folder=folder,
        home=world.home,
        sites=tuple(_sites(folder / "server.config", world)),
        recovery=_optional(folder / "recovery.config", RecoveryConfig, world),
        log=_log(folder / "log.config", world),
        daemon=_optional(folder / "daemon.config", DaemonConfig, world),
        programme=_programme(folder / "programme.config", world),
        export=_export(folder / "export.config", world),
        weblogs=_weblogs(folder / "weblogs.config", world),
    )
    if world.faults:
        raise ConfigError("\n".join(world.faults))
    return settings, world.read


WITHOUT_STUDY = ("export.config", "weblogs.config", "programme.config")
"""Where one of these is there, a home may have no study, and so no server.config."""


def _sites(file: Path, world: World) -> list[SiteConfig]:
    if _is_missing(file):
        if all(_is_missing(file.with_name(name)) for name in WITHOUT_STUDY):
            world.faults.append(f"{file}: not there; `mtdata init {file.parent}` makes a sample")
        return []
    if is_of_original(file):
        world.faults.append(f"{file}: {MOVE}")
        return []
    before = len(world.faults)
    content = read_yaml(file, world.faults, KNOWN)
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
    except OSError as error:  # there, or hidden from us: reading it will say why
        return isinstance(error, FileNotFoundError)
    return False


def _sections(file: Path, content: Any, world: World) -> Iterator[Section]:
    """One section a site, whichever of the two forms the file has; each filled."""
    if not content or not isinstance(content, dict | list):
        world.faults.append(
            f"{file}: allowed is `site_name:` with its keys below, or a list of sites that each "
            f"have NAME; found {kind_of(content or None)}"
        )
        return
    if isinstance(content, dict):
        content = _indented(file, content, world)
    for label, keys in _labelled(content):
        where = f"{file}: site {label}"
        if isinstance(keys, dict):
            yield _section(where, keys, world)
        else:
            world.faults.append(f"{where}: allowed is a mapping of keys; found {kind_of(keys)}")


def _indented(file: Path, content: dict[Any, Any], world: World) -> dict[Any, Any]:
    """The sites alone: keys of a site that stand where sites stand are one fault together."""
    if flat := site_keys(content, allowed_keys(SiteConfig)):
        world.faults.append(
            f"{file}: {' '.join(flat)}: these are keys of a site: indent them under the site's name"
            ", a line `name:` of its own"
        )
    return {key: value for key, value in content.items() if key not in flat}


def _labelled(content: dict[Any, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    """What to call each site in messages, and its keys with NAME."""
    if isinstance(content, list):
        for number, keys in enumerate(content, 1):
            name = keys.get("NAME") if isinstance(keys, dict) else None
            is_told = values.is_name(name) and _has_keys(keys)
            yield f"{name} (number {number})" if is_told else f"number {number}", keys
        return
    for number, (name, keys) in enumerate(content.items(), 1):
        named = isinstance(keys, dict) and keys.get("NAME") in (None, "")
        label = name if values.is_name(name) and _has_keys(keys) else f"number {number}"
        yield label, {**keys, "NAME": str(name)} if named else keys


def _has_keys(content: Any) -> bool:
    """Whether it is a section: what is called by no key that we know may be no name at all."""
    return isinstance(content, dict) and bool((KNOWN - {"NAME"}) & set(content))


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
            text = f"allowed is a folder of its own; found that of {paths[path]}"
            yield section.fault("PATH", text)
        if path:
            paths.setdefault(path, section.label)


def _path_of(section: Section, home: Path) -> Path | None:
    try:
        return values.absolute_path(section.values.get("PATH"), home).resolve()
    except (ValueError, OSError, RuntimeError):
        return None  # the model tells what is wrong with it


def _optional(file: Path, model: type[Model], world: World) -> Model:
    """What the file says, or every default where it is missing or faulty (the faults are told)."""
    return filled(str(file), _content_of(file, world), model, world, {}) or model()


def _content_of(file: Path, world: World) -> Any:
    return {} if _is_missing(file) else read_yaml(file, world.faults, KNOWN) or {}


def _log(file: Path, world: World) -> LogConfig:
    """log.config; MAIL within it is a section of its own."""
    content = _content_of(file, world)
    if not isinstance(content, dict) or not content.get("MAIL"):
        return filled(str(file), content, LogConfig, world, {}) or LogConfig()
    where = f"{file}: MAIL"
    given = given_outside(f"{where}: USER, PASS", mail_account, world)
    mail = filled(where, content["MAIL"], MailConfig, world, given)
    rest = {key: value for key, value in content.items() if key != "MAIL"}
    return filled(str(file), rest, LogConfig, world, {"MAIL": mail}) or LogConfig()


def _programme(file: Path, world: World) -> ProgrammeConfig:
    given = given_outside(f"{file}: OUTPUT_ACCESS_KEY", form_output_keys, world)
    content = _content_of(file, world)
    return filled(str(file), content, ProgrammeConfig, world, given) or ProgrammeConfig()


def _weblogs(file: Path, world: World) -> WeblogsConfig:
    return weblogs_config(str(file), _content_of(file, world), world)


def _export(file: Path, world: World) -> ExportConfig:
    """export.config; under each key one account, a mapping of them by name, or a list."""
    if is_of_original(file):
        world.faults.append(f"{file}: {MOVE}. Then remove this file")
        return ExportConfig()
    content = _content_of(file, world)
    if not isinstance(content, dict) or set(content) - set(ACCOUNTS):
        allowed = f"allowed is the key {' or '.join(ACCOUNTS)} alone"
        is_old = isinstance(content, dict) and site_keys(content, allowed_keys(SiteConfig))
        world.faults.append(f"{file}: {MOVE if is_old else f'{allowed}; found something else'}")
        return ExportConfig()
    found = {
        key.lower(): _accounts(f"{file}: {key}", content.get(key), model, world)
        for key, model in ACCOUNTS.items()
    }
    return ExportConfig(**found)


def _accounts(where: str, told: Any, model: type[Account], world: World) -> tuple[Account, ...]:
    if isinstance(told, dict) and not all(isinstance(keys, dict) for keys in told.values()):
        told = [told]
    elif told and not isinstance(told, dict | list):
        text = f"allowed are accounts with their keys; found {kind_of(told)}"
        world.faults.append(f"{where}: {text}")
        return ()
    accounts: dict[str, Account] = {}
    told = told or {}
    for label, keys in _labelled(told):
        at = where if len(told) == 1 else f"{where} {label}"
        one = _account(at, keys, model, world)
        if one and one.name.casefold() in accounts:
            text = "allowed is a name of its own; found that of another account"
            world.faults.append(f"{at}: NAME: {text}")
        elif one and any(one.output == other.output for other in accounts.values()):
            text = "allowed is a place of its own; found that of another account, with such files"
            world.faults.append(f"{at}: OUTPUT: {text}")
        elif one:
            accounts[one.name.casefold()] = one
    return tuple(accounts.values())


def _account(where: str, keys: Any, model: type[Account], world: World) -> Account | None:
    name = _name_of(keys, world.environ) if isinstance(keys, dict) else ""
    own = partial(export_keys, name or model.model_fields["name"].default)
    given = given_outside(f"{where}: API_KEY", own, world)
    return filled(where, keys, model, world, given)
