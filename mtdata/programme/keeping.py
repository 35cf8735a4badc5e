"""What of teams and form responses grows with time, beside their jobs; rows are people's own."""

from __future__ import annotations

from functools import partial

from mtdata.core.keeping import Growing
from mtdata.jobs.records.old_rows import OldRows, amount_of
from mtdata.programme.uploads import KEPT, old_pieces

UPLOADS = OldRows("programme_upload", "id", "made_at")
HELD = "EXISTS (SELECT 1 FROM programme_uploadpiece p WHERE p.upload_id = programme_upload.id)"


def of_uploads() -> tuple[Growing, ...]:
    """Files that were brought."""
    return (
        Growing(
            name="contents of uploaded files",
            keep_s=KEPT.total_seconds(),
            amount=partial(amount_of, UPLOADS._replace(also=HELD)),
            forget=old_pieces,
        ),
        Growing(
            name="names and digests of uploaded files",
            why="for ever, by them a file that comes twice is known",
            amount=partial(amount_of, UPLOADS),
        ),
    )
