"""From one mapping of a config file to one model, with a line for each fault; never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mtdata.config.accepted import accepted_keys
from mtdata.config.reading import expanded, is_one_variable
from mtdata.config.settings import did_you_mean
from mtdata.core.border import Border
from mtdata.core.disclosure import Accepted, disclosed, kind_of, named

Model = TypeVar("Model", bound=BaseModel)
_MODEL = Border(ValueError, "a value cannot be used")


def allowed_keys(model: type[BaseModel]) -> dict[str, str]:
    """The keys that a file may have for the model, and what each allows."""
    fields = model.model_fields.values()
    return {str(f.validation_alias): str(f.description) for f in fields if f.validation_alias}


class World(NamedTuple):
    """What every section of a folder shares; `faults` grows while the files are read."""

    home: Path
    environ: Mapping[str, str]
    faults: list[str]


class Section:
    """The keys of one site, or of a whole file, on their way into a model."""

    def __init__(self, where: str, raw: Mapping[str, Any], model: type[BaseModel]) -> None:
        self.where = where
        self.label = where.rpartition(": ")[2]
        self.values: dict[str, Any] = {}
        self._raw = raw
        self._spoilt: set[str] = set()
        fields = {
            name: field for name, field in model.model_fields.items() if field.validation_alias
        }
        self._allowed, self._accepted = allowed_keys(model), accepted_keys(model)
        self._retired: tuple[str, ...] = getattr(model, "RETIRED", ())
        # A default that fails is told by the field's name, a value by its key.
        self._key_of = {name: str(field.validation_alias) for name, field in fields.items()}

    def fill(self, environ: Mapping[str, str], given: Mapping[str, Any]) -> list[str]:
        """Take over `given` first, then what the file says; return the faults."""
        self.values.update(given)
        known = {*self._allowed, *self._retired}
        numbered = enumerate(self._raw, 1)
        faults = [self._unknown(*pair) for pair in numbered if pair[1] not in known]
        if retired := tuple(key for key in self._retired if key in self._raw):
            self.values["retired"] = retired
        for key in self._raw:
            if key in self._allowed and key not in given:
                faults += self._take(key, environ)
        return faults

    def into(self, model: type[Model], world: World) -> Model | None:
        """Return the model, or None after adding each fault to those of the world."""
        try:
            with _MODEL:
                return model.model_validate(self.values, context={"home": world.home})
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
        except ValueError as error:
            world.faults.append(f"{self.where}: {error}")
            return None
        wrong = [(self._key(detail), detail) for detail in details]
        world.faults.extend(self._wrong(*pair) for pair in wrong if pair[0] not in self._spoilt)
        return None

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

    def _key(self, detail: ErrorDetails) -> str:
        name = str(detail["loc"][0])
        return self._key_of.get(name, name)

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
