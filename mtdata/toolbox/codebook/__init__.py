"""Codebooks: what the variables of a scale mean, and how it is scored; one YAML file a scale."""

from __future__ import annotations

from mtdata.toolbox.codebook.loading import (
    codebook_file,
    codebook_files,
    codebook_of,
    codebooks,
    codebooks_folder,
    find_codebook,
    load_codebook,
)
from mtdata.toolbox.codebook.model import Codebook, SubScale, Variable, json_schema

__all__ = [
    "Codebook",
    "SubScale",
    "Variable",
    "codebook_file",
    "codebook_files",
    "codebook_of",
    "codebooks",
    "codebooks_folder",
    "find_codebook",
    "json_schema",
    "load_codebook",
]
