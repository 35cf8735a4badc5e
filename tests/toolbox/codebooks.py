"""Codebooks for the tests of the toolbox; it tests nothing itself."""

from __future__ import annotations

from pathlib import Path

MOOD = """
scale: Mood
variables:
  calm: {wording: "How calm, really?", type: choice, values: {"0": not, "1": a bit, "2": quite,
    "3": "very 'much'"}, no_answer: "555"}
  tense: {type: integer, lowest: 0, highest: 3, no_answer: "555", reversed: true}
  hours: {type: number, lowest: 0, highest: 24}
  note: {type: text, required: false}
sub_scales:
  mood: {items: [calm, tense], rule: sum, title: Mood of today}
  even: {items: [calm, tense], rule: mean}
  whole: {items: [calm, tense, hours], rule: prorated, at_least: 2, times: 2}
"""


def write_codebook(config: Path, text: str = MOOD, scale: str = "Mood") -> None:
    """Put a codebook where the config has them."""
    (config / "scales").mkdir(exist_ok=True)
    (config / "scales" / f"{scale}.yaml").write_text(text, encoding="utf-8")
