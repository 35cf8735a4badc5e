"""From the files of a config folder to Settings, or to all their faults; never writes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from mtdata.config import values
from mtdata.config.credentials import account, export_keys, mail_account, replica_keys
from mtdata.config.daemon import DaemonConfig
from mtdata.config.export import ACCOUNTS, AccountConfig, ExportConfig
from mtdata.config.hands import strange_hands
from mtdata.config.log import LogConfig, MailConfig
from mtdata.config.programme import ProgrammeConfig
from mtdata.config.reading import expanded, read_yaml
from mtdata.config.sections import Model, Section, World, allowed_keys
from mtdata.config.settings import RecoveryConfig, Settings
from mtdata.config.site import SiteConfig
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
    *ACCOUNTS.values(),
)
"""Every model whose keys a file may have."""
FILES = tuple(f"{name}.config" for name in "server recovery log daemon programme export".split())
"""What is read in a config folder, where it is there."""
KNOWN = frozenset(key for model in MODELS for key in allowed_keys(model))
KNOWN |= {*ACCOUNTS, *ProgrammeConfig.RETIRED}


def load(folder: Path, environ: Mapping[str, str]) -> Settings:
    """Read server.config and, where they are, the other files of the folder.

    Raises ConfigError with every fault of them all, one a line.
    """
    folder = Path(os.path.abspath(folder))
    world = World(folder.parent.resolve(), environ, [])
    world.faults.extend(filter(None, map(strange_hands, _links_to(folder))))
    sites = _sites(folder / "server.config", world)
    recovery = _optional(folder / "recovery.config", RecoveryConfig, world)
    log = _log(folder / "log.config", world)
    daemon = _optional(folder / "daemon.config", DaemonConfig, world)
    programme = _optional(folder / "programme.config", ProgrammeConfig, world)
    export = _export(folder / "export.config", world)
    if world.faults:
        raise ConfigError("\n".join(world.faults))
    return Settings(
        folder=folder,
        home=world.home,
        sites=tuple(sites),
        recovery=recovery,
        log=log,
        daemon=daemon,
        programme=programme,
        export=export,
    )


def _links_to(folder: Path) -> list[Path]:
    """The folder, its files, and where a link leads to: who may change one changes what is done."""
    files = [folder / name for name in FILES]
    led = [Path(os.path.realpath(file)).parent for file in files if file.is_symlink()]
    return list(dict.fromkeys([folder, *files, *led]))


def _sites(file: Path, world: World) -> list[SiteConfig]:
    if _is_missing(file):
        world.faults.append(f"{file}: not there; `mtdata init {file.parent}` makes a sample")
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
    except FileNotFoundError:
        return True
    except OSError:
        return False  # there, or hidden from us: reading it will say why
    return False


def _sections(file: Path, content: Any, world: World) -> Iterator[Section]:
    """One section a site, whichever of the two forms the file has; each filled."""
    if not content or not isinstance(content, dict | list):
        world.faults.append(
            f"{file}: allowed is `site_name:` with its keys below, or a list of sites that each "
            f"have NAME; found {kind_of(content or None)}"
        )
        return
    for label, keys in _labelled(content):
        where = f"{file}: site {label}"
        if isinstance(keys, dict):
            yield _section(where, keys, world)
        else:
            told = f"allowed is a mapping of keys; found {kind_of(keys)}"
            world.faults.append(f"{where}: {told}")


def _labelled(content: dict[Any, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    """What to call each site in messages, and its keys with NAME."""
    if isinstance(content, list):
        for number, keys in enumerate(content, 1):
            name = keys.get("NAME") if isinstance(keys, dict) else None
            is_told = values.is_name(name) and _has_keys(keys)
            yield f"{name} (number {number})" if is_told else f"number {number}", keys
        return
    for number, (name, keys) in enumerate(content.items(), 1):
        named = isinstance(keys, dict) and not keys.get("NAME")
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
            yield section.fault(
                "PATH", f"allowed is a folder of its own; found that of {paths[path]}"
            )
        if path:
            paths.setdefault(path, section.label)


def _path_of(section: Section, home: Path) -> Path | None:
    try:
        return values.absolute_path(section.values.get("PATH"), home).resolve()
    except (ValueError, OSError, RuntimeError):
        return None  # the model tells what is wrong with it


def _optional(file: Path, model: type[Model], world: World, **given: Any) -> Model:
    """What the file says, or every default where it is missing or faulty (the faults are told)."""
    content = {} if _is_missing(file) else read_yaml(file, world.faults, KNOWN) or {}
    return _filled(str(file), content, model, world, given) or model()


def _filled(
    where: str, content: Any, model: type[Model], world: World, given: Mapping[str, Any]
) -> Model | None:
    if not isinstance(content, dict):
        keys = " ".join(allowed_keys(model))
        world.faults.append(f"{where}: allowed are the keys {keys}; found {kind_of(content)}")
        return None
    section = Section(where, content, model)
    world.faults.extend(section.fill(world.environ, given))
    return section.into(model, world)


def _log(file: Path, world: World) -> LogConfig:
    """log.config; MAIL within it is a section of its own."""
    content = {} if _is_missing(file) else read_yaml(file, world.faults, KNOWN) or {}
    if not isinstance(content, dict) or not content.get("MAIL"):
        return _filled(str(file), content, LogConfig, world, {}) or LogConfig()
    where = f"{file}: MAIL"
    try:
        given = mail_account(world.environ)
    except ValueError as error:
        world.faults.append(f"{where}: USER, PASS: {error}")
        given = {}
    mail = _filled(where, content["MAIL"], MailConfig, world, given)
    rest = {key: value for key, value in content.items() if key != "MAIL"}
    return _filled(str(file), rest, LogConfig, world, {"MAIL": mail}) or LogConfig()


def _export(file: Path, world: World) -> ExportConfig:
    """export.config; under each key one account, a mapping of them by name, or a list."""
    content = {} if _is_missing(file) else read_yaml(file, world.faults, KNOWN) or {}
    if not isinstance(content, dict) or set(content) - set(ACCOUNTS):
        allowed = f"allowed is the key {' or '.join(ACCOUNTS)} alone"
        world.faults.append(f"{file}: {allowed}; found something else")
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
        found = kind_of(told)
        world.faults.append(f"{where}: allowed are accounts with their keys; found {found}")
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
    try:
        name = _name_of(keys, world.environ) if isinstance(keys, dict) else ""
        given = export_keys(name or model.model_fields["name"].default, world.environ)
    except ValueError as error:
        world.faults.append(f"{where}: API_KEY: {error}")
        given = {}
    return _filled(where, keys, model, world, given)
