"""From one mapping of a config file to one model, with a line for each fault; never a secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mtdata.config.accepted import accepted_keys
from mtdata.config.variables import expanded, is_one_variable
from mtdata.core.border import Border
from mtdata.core.disclosure import Accepted, disclosed, kind_of, named
from mtdata.core.words import did_you_mean

Model = TypeVar("Model", bound=BaseModel)
_MODEL = Border(ValueError, "a value cannot be used")


def allowed_keys(model: type[BaseModel]) -> dict[str, str]:
    """The keys that a file may have for the model, and what each allows."""
    fields = model.model_fields.values()
    return {str(f.validation_alias): str(f.description) for f in fields if f.validation_alias}


class ReadSection(NamedTuple):
    """One section that was read without a fault: `where` it stands, and what became of it.

    `written` is what its file says, before any variable is put in; `outside` are the keys that are
    given outside of it.
    """

    where: str
    model: BaseModel
    written: Mapping[str, Any]
    outside: frozenset[str]


class World(NamedTuple):
    """What every section of a folder shares; `faults` and `read` grow while the files are read."""

    home: Path
    environ: Mapping[str, str]
    faults: list[str]
    read: list[ReadSection]


class Section:
    """The keys of one site, or of a whole file, on their way into a model."""

    def __init__(self, where: str, raw: Mapping[str, Any], model: type[BaseModel]) -> None:
        self.where = where
        self.label = where.rpartition(": ")[2]
        self.values: dict[str, Any] = {}
        self._raw = raw
        self._spoilt: set[str] = set()  # keys whose faults are told
        self._outside: set[str] = set()  # keys that are given outside the file
        self._allowed, self._accepted = allowed_keys(model), accepted_keys(model)
        # A default that fails is told by the field's name, a value by its key.
        fields = model.model_fields.items()
        self._key_of = {name: str(f.validation_alias) for name, f in fields if f.validation_alias}

    def fill(self, environ: Mapping[str, str], given: Mapping[str, Any]) -> list[str]:
        """Take over `given` first, then what the file says; return the faults."""
        self.values.update(given)
        self._outside.update(given)
        unknown = (pair for pair in enumerate(self._raw, 1) if pair[1] not in self._allowed)
        faults = [self._unknown(*pair) for pair in unknown]
        for key in self._raw:
            if key in self._allowed and key not in given:
                faults += self._take(key, environ)
        return faults

    def into(self, model: type[Model], world: World) -> Model | None:
        """Return the model, or None after adding each fault to those of the world."""
        try:
            with _MODEL:
                made = model.model_validate(self.values, context={"home": world.home})
            world.read.append(self._as_read(made))
            return made
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
        except ValueError as error:
            world.faults.append(f"{self.where}: {error}")
            return None
        for detail in details:
            name = str(detail["loc"][0])
            if (key := self._key_of.get(name, name)) not in self._spoilt:
                self._spoilt.add(key)
                world.faults.append(self._wrong(key, detail))
        return None

    def inherit(self, above: Section) -> None:
        """Take over what stands above and is not said here; what is wrong there is told there."""
        self._spoilt |= above._spoilt - set(self._raw)
        self._outside |= above._outside - set(self.values)
        self.values = {**above.values, **self.values}
        self._raw = {**above._raw, **self._raw}

    def _as_read(self, made: BaseModel) -> ReadSection:
        keys = self.values.keys() & self._raw.keys() - self._outside
        written = {key: self._raw[key] for key in keys}
        return ReadSection(self.where, made, written, frozenset(self._outside))

    def is_faulty(self, key: str) -> bool:
        """Whether a fault of that key is told already."""
        return key in self._spoilt

    def lacking(self, key: str) -> str:
        """The fault that a key is needed and not there, which is told by nobody else."""
        self._spoilt.add(key)
        return self.fault(key, f"allowed is {self._allowed[key]}; found nothing")

    def fault(self, key: str, text: str) -> str:
        """One fault of the section, as a line of the message."""
        return f"{self.where}: {key}: {text}"

    def _unknown(self, number: int, key: Any) -> str:
        near = did_you_mean(str(key), self._allowed)
        word = named(key, self._allowed, f"key number {number} ({kind_of(key)})")
        return self.fault(word, f"there is no such key.{near} Allowed: {' '.join(self._allowed)}")

    def _take(self, key: str, environ: Mapping[str, str]) -> list[str]:
        try:
            value = expanded(self._raw[key], environ)
        except ValueError as error:
            self._spoilt.add(key)
            return [self.fault(key, str(error))]
        if value not in (None, ""):  # an empty value is a key that was left out
            self.values[key] = value
        return []

    def _wrong(self, key: str, detail: ErrorDetails) -> str:
        reason = detail.get("ctx", {}).get("error")
        why = f" ({reason})" if reason else ""
        allowed = self._allowed.get(key, "other text")
        return self.fault(key, f"allowed is {allowed}; found {self._value_text(key)}{why}")

    def _value_text(self, key: str) -> str:
        """The value as the file has it: `${NAME}` stays, so no value of the environment shows."""
        if key not in self.values:
            return "nothing"
        if key not in self._raw:
            return "what was given outside the file"
        value = self._raw[key]
        if is_one_variable(value):  # it is set, so it is the name of a variable and no secret
            return f'"{value}"'
        return disclosed(value, self._accepted.get(key, Accepted()))


def filled(
    where: str, content: Any, model: type[Model], world: World, given: Mapping[str, Any]
) -> Model | None:
    """The model that these keys make, or None after adding each fault to those of the world."""
    if not isinstance(content, dict):
        keys = " ".join(allowed_keys(model))
        world.faults.append(f"{where}: allowed are the keys {keys}; found {kind_of(content)}")
        return None
    section = Section(where, content, model)
    world.faults.extend(section.fill(world.environ, given))
    return section.into(model, world)


def given_outside(
    where: str, keys: Callable[[Mapping[str, str]], dict[str, str]], world: World
) -> dict[str, str]:
    """What is given outside the file; what is wrong with it is told as a fault."""
    try:
        return keys(world.environ)
    except ValueError as error:
        world.faults.append(f"{where}: {error}")
        return {}
