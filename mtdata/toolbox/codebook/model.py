"""What a codebook may say; pure: it reads no file and sees no answer.

Each field's description is what its fault says is allowed.  What one key cannot show by itself is
judged by mtdata/toolbox/codebook/faults.py, all of it at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from mtdata.study.model.scale import NAME
from mtdata.toolbox.codebook import faults

Kind = Literal["integer", "number", "text", "choice", "multiple", "date", "flag"]
Rule = Literal["sum", "mean", "prorated"]
MODEL = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)
Judged = TypeVar("Judged")
_WORD = {"type": ["string", "number", "boolean"]}


def _words(value: object) -> object:
    """A list of words; a single one may stand for itself."""
    return [value] if isinstance(value, str) else value


def _section(value: object) -> object:
    """A section with nothing in it is an empty one."""
    return {} if value is None else value


# In a file 555 is a number to an editor, and a word to us: the schema allows it both ways.
Words = Annotated[
    tuple[str, ...],
    BeforeValidator(_words),
    WithJsonSchema({"anyOf": [_WORD, {"type": "array", "items": _WORD}]}),
]
Labels = Annotated[
    dict[str, Annotated[str, WithJsonSchema(_WORD)]],
    BeforeValidator(_section),
]


class Variable(BaseModel):
    """One column of a scale's sheets."""

    model_config = MODEL

    wording: str = Field("", description="the question as people read it")
    type: Kind = Field("text", description="integer, number, text, choice, multiple, date or flag")
    values: Labels = Field(
        {}, description="values, each with its label; of a choice, all there are"
    )
    no_answer: Words = Field((), description="values that say `prefer not to answer`")
    lowest: float | None = Field(None, description="the least number that may stand")
    highest: float | None = Field(None, description="the greatest number that may stand")
    reversed: bool = Field(False, description="true where a high value means little, or false")
    required: bool = Field(True, description="false where an empty cell is no missing answer")
    unit: str = Field("", description="such as s, years or kg")
    note: str = Field("", description="anything else, as text")

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Least and greatest number that count as an answer; None where none are known.

        Those of `values` where these are numbers and nothing else is said; 0 and 1 of a flag.
        """
        return faults.bounds_of(self)

    @property
    def labels(self) -> dict[str, str]:
        """Each value and its label; those of `no_answer` last."""
        answers = {w: label for w, label in self.values.items() if w not in self.no_answer}
        return answers | {word: self.values.get(word) or NO_ANSWER for word in self.no_answer}

    @property
    def codes(self) -> dict[float, str]:
        """The values that are numbers, and their labels; those of `no_answer` last."""
        numbers = {word: faults.number_of(word) for word in self.labels}
        return {n: self.labels[word] for word, n in numbers.items() if n is not None}

    @property
    def is_numeric(self) -> bool:
        """Whether every answer to it is a number."""
        return faults.is_numeric(self)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        return _judged(self, faults.of_variable(self))


NO_ANSWER = "Prefer not to answer"


class SubScale(BaseModel):
    """A score: which items it is of, and how they are put together."""

    model_config = MODEL

    items: Words = Field(description="names of variables, one or more", min_length=1)
    rule: Rule = Field("sum", description="sum, mean or prorated")
    at_least: int | None = Field(None, ge=1, description="how many items must be answered")
    times: float = Field(1, description="what the score is multiplied by, as a number")
    title: str = Field("", description="its name as people read it")
    note: str = Field("", description="anything else, such as cut-offs with their source")

    @property
    def least(self) -> int:
        """How many items must be answered: all for a sum, unless `at_least` says otherwise."""
        if self.at_least is not None:
            return self.at_least
        return len(self.items) if self.rule == "sum" else 1

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        return _judged(self, faults.of_score(self))


class Codebook(BaseModel):
    """One scale: its variables and scores, and where what is said of it comes from."""

    model_config = MODEL

    scale: str = Field(
        pattern=f"^{NAME.pattern}$",
        description="the scale's name as the site has it: letters, digits, '_' and '-'",
    )
    title: str = Field("", description="its name as people read it")
    citation: str = Field("", description="who made it, and where that was published")
    source: str = Field("", description="where what stands here was taken from")
    unsure: str = Field("", description="what of it nobody has held against the original, if any")
    about: str = Field("", description="what it measures, over which span of time")
    variables: dict[str, Annotated[Variable, BeforeValidator(_section)]] = Field(
        description="names of columns, each with its keys"
    )
    sub_scales: Annotated[dict[str, SubScale], BeforeValidator(_section)] = Field(
        {}, description="names of scores, each with its keys"
    )

    def score_range(self, name: str) -> tuple[float, float] | None:
        """Least and greatest that a score can be; None where an item has no bounds."""
        score = self.sub_scales[name]
        bounds = [self.variables[item].bounds for item in score.items]
        known = [one for one in bounds if one is not None]
        if len(known) < len(bounds):
            return None
        share = score.times / (len(bounds) if score.rule == "mean" else 1)
        ends = (sum(low for low, _ in known) * share, sum(high for _, high in known) * share)
        return (min(ends), max(ends))

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        return _judged(self, faults.across(self.variables, self.sub_scales))


def _judged(value: Judged, found: list[str]) -> Judged:
    if found:
        raise ValueError("\n".join(found))
    return value


def json_schema() -> Mapping[str, Any]:
    """What a codebook's file may say, as a JSON schema for editors and validators."""
    schema = Codebook.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
