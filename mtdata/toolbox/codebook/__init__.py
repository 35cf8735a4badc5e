"""Codebooks: what the variables of a scale mean, and how it is scored; one YAML file a scale."""

from __future__ import annotations

from mtdata.toolbox.codebook.loading import codebooks, codebooks_folder, load_codebook
from mtdata.toolbox.codebook.model import Codebook, SubScale, Variable

__all__ = [
    "Codebook",
    "SubScale",
    "Variable",
    "codebooks",
    "codebooks_folder",
    "load_codebook",
]
