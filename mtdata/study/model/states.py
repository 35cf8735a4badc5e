"""The words by which a ledger keeps how entries and files stand; they are its format."""

from __future__ import annotations

STORED, HELD, ROWED, SAME_VALUES, ERASED = 0, 1, 2, 3, 4
"""An entry: its raw bytes are safe and its row is to be made; no row before a person or a key; it
has its row; a newer version with the same values has that row now; it was erased for its person,
and is left out for ever."""

SEALED, MALFORMED, CONFLICT, DRIFT = HELD_KINDS = ("sealed", "malformed", "conflict", "drift")
"""Why an entry is held: no key opens it; it can be no row; its id came before with other content;
it has other fields than its scale."""

SUPERSEDED, ADOPTED = "superseded", "adopted"
"""The answer of an entry that no site gave: another version took its place; it was found here."""

LIVE = "live"
"""A file that may be written."""
CLOSED = "closed"
"""A file as we made it, never written again."""
FOREIGN = "foreign"
"""A file of the original program, never written."""
ASIDE = "aside"
"""A file that is not as it was left."""
STAGED = "staged"
"""A file that is about to be published."""
REPLACED = "replaced"
"""Another file has its rows now."""
ENTERING = "entering"
"""A file that was found in the pool, half entered yet."""
NEWER = "newer"
"""A file that is to be entered as it stands now."""
SPARE = "spare"
"""A file that holds nothing that stands nowhere else."""

STANDING = (LIVE, CLOSED, FOREIGN, ASIDE)
"""Files that should be there."""
UNMET = (NEWER, ENTERING)
"""Files that the ledger does not know whole."""
