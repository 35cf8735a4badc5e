"""What a codebook may say; pure: it reads no file and sees no answer.

Each field's description is what its fault says is allowed.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Kind = Literal["integer", "number", "text", "choice", "multiple", "date", "flag"]
Rule = Literal["sum", "mean", "prorated"]
MODEL = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _words(value: object) -> object:
    """A list of words; a single one may stand for itself."""
    return [value] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]


class Variable(BaseModel):
    """One column of a scale's sheets."""

    model_config = MODEL

    wording: str = Field("", description="the question as people read it")
    type: Kind = Field("text", description="integer, number, text, choice, multiple, date or flag")
    values: dict[str, str] = Field({}, description="each value that may stand, and its label")
    no_answer: Words = Field((), description="values that say `prefer not to answer`")
    lowest: float | None = Field(None, description="the least number that may stand")
    highest: float | None = Field(None, description="the greatest number that may stand")
    reversed: bool = Field(False, description="true where a high value means little")
    required: bool = Field(True, description="false where an empty cell is no missing answer")
    unit: str = Field("", description="such as s, years or kg")
    note: str = Field("", description="anything else")

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Least and greatest number that count as an answer; None where none are known.

        Those of `values` where these are numbers and nothing else is said.
        """
        numbers = [number for value in self.values if (number := _number(value)) is not None]
        coded = [n for n in numbers if n not in {_number(word) for word in self.no_answer}]
        low = self.lowest if self.lowest is not None else min(coded, default=None)
        high = self.highest if self.highest is not None else max(coded, default=None)
        return None if low is None or high is None else (low, high)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.reversed and self.bounds is None:
            raise ValueError("reversed wants lowest and highest, or values that are numbers")
        if self.type == "choice" and not self.values:
            raise ValueError("type choice wants values")
        if self.bounds and self.bounds[0] > self.bounds[1]:
            raise ValueError("lowest is above highest")
        return self


class SubScale(BaseModel):
    """A score: which items it is of, and how they are put together."""

    model_config = MODEL

    items: Words = Field(description="names of variables", min_length=1)
    rule: Rule = Field("sum", description="sum, mean or prorated")
    at_least: int | None = Field(None, ge=1, description="so many items must be answered")
    times: float = Field(1, description="what the score is multiplied by")
    title: str = Field("", description="its name as people read it")
    note: str = Field("", description="anything else, such as cut-offs with their source")

    @property
    def least(self) -> int:
        """How many items must be answered: all for a sum, unless `at_least` says otherwise."""
        if self.at_least is not None:
            return self.at_least
        return len(self.items) if self.rule == "sum" else 1


class Codebook(BaseModel):
    """One scale: its variables and scores, and where what is said of it comes from."""

    model_config = MODEL

    scale: str = Field(description="the scale's name as the site has it")
    title: str = Field("", description="its name as people read it")
    citation: str = Field("", description="who made it, and where that was published")
    source: str = Field("", description="where what stands here was taken from")
    unsure: str = Field("", description="what of it nobody has held against the original, if any")
    about: str = Field("", description="what it measures, over which span of time")
    variables: dict[str, Variable] = Field(description="by the name of the column")
    sub_scales: dict[str, SubScale] = Field({}, description="by the name of the score")

    @model_validator(mode="after")
    def _items_are_variables(self) -> Self:
        for name, score in self.sub_scales.items():
            unknown = [item for item in score.items if item not in self.variables]
            if unknown:
                raise ValueError(f"sub_scales.{name}: {', '.join(unknown)}: no such variable")
            if len(set(score.items)) < len(score.items):
                raise ValueError(f"sub_scales.{name}: an item stands twice")
            if score.least > len(score.items):
                raise ValueError(f"sub_scales.{name}: at_least is more than it has items")
        return self


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
