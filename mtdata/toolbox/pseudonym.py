"""Other names for participants, by a keyed hash; the key is never written, shown or compared.

With the same key a person has the same pseudonym in every file, so files can be joined; without it
nobody can tell whose pseudonym that is, nor try all the participants there are.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256

from mtdata.core.errors import ConfigError

KEY_NAME = "PSEUDONYM_KEY"
SHORTEST_KEY, LENGTH = 16, 32
METHOD = f"HMAC-SHA-256 by {KEY_NAME}, the first {LENGTH} hexadecimal digits"
"""How they are made, as it is said beside the files that have them."""


def pseudonym(key: bytes, participant: str) -> str:
    """What stands for a participant: 32 hexadecimal digits, the same for the same key.

    White space around a participant tells nobody apart, in whatever file.
    """
    return hmac.new(key, participant.strip().encode(), sha256).hexdigest()[:LENGTH]


def pseudonym_key(environ: Mapping[str, str]) -> bytes:
    """The key of the environment; ConfigError where there is none, or one that can be guessed."""
    key = environ.get(KEY_NAME, "").strip()
    if len(key) >= SHORTEST_KEY:
        return key.encode("utf-8", "surrogateescape")
    wrong = f"it has less than {SHORTEST_KEY} characters" if key else "it is not set"
    raise ConfigError(
        f"{KEY_NAME}: {wrong}; pseudonyms are made by it, so it has to be as hard to guess as a "
        "password and to stay the same. `openssl rand -hex 32` makes one: keep it where passwords "
        "are kept, away from the files"
    )
