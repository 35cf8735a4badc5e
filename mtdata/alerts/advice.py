"""What each kind of incident means to a person: what happened, what is safe, what to do; no I/O."""

from __future__ import annotations

from typing import NamedTuple


class Advice(NamedTuple):
    """The words of docs/OPERATING.md and of mails; a test holds the page to this table."""

    happened: str
    safe: str
    todo: str


ADVICE: dict[str, Advice] = {
    "site_unreachable": Advice(
        "no connection, no list of scales in time, TLS, 502 to 504, or three slow packages "
        "in a row",
        "all that was collected",
        "nothing for an hour; then ask the site's admin",
    ),
    "site_refused": Advice(
        "401, 403 or a log-in page",
        "all that was collected",
        "mend USER and PASS, `mtdata check`",
    ),
    "package_broken": Advice(
        "one scale's answer broke off, came too slowly, or is no JSON",
        "all that was collected; nothing of a package that did not arrive whole is used; of "
        "one that is garbled inside, the entries before that",
        "if it stays: look at that scale on the site, or raise TIMEOUT",
    ),
    "name_refused": Advice(
        "a scale's name is no safe file name",
        "nothing of it is asked for",
        "rename it on the site",
    ),
    "entry_malformed": Advice(
        "an entry has no usable id, or is no JSON",
        "its bytes, in the raw file or in `held/`",
        "look at it, put it right on the site",
    ),
    "entry_sealed": Advice(
        "a sealed field holds what no key opened, or what is not sealed at all",
        "the raw bytes; not deleted",
        "`mtdata held` says which: put the right key into `keys/`, rows follow by themselves; "
        "a site that does not seal wants ENCRYPTION: off",
    ),
    "entry_drift": Advice(
        "other fields than known, and DRIFT is hold",
        "the raw bytes; not deleted",
        "`mtdata held SITE --release SCALE all`, or DRIFT: rewrite",
    ),
    "entry_conflict": Advice(
        "an id came again with other content",
        "both versions in raw; not deleted",
        "`mtdata held`, compare, `mtdata held SITE --release SCALE ID`",
    ),
    "key_wrong": Advice(
        "a key opened nothing at all",
        "the raw bytes; not deleted",
        "the key named is not this site's",
    ),
    "key_unreadable": Advice(
        "a key file cannot be used",
        "the raw bytes; not deleted",
        "the message has the command that mends it",
    ),
    "drift": Advice(
        "fields came or went",
        "the sheet was widened",
        "tell the analysts",
    ),
    "leftover": Advice(
        "safe here, still on the site",
        "everything",
        "with DELETE_MODE False: expected; else see the reason",
    ),
    "delete_failed": Advice(
        "the site did not delete",
        "everything; asked again next round",
        "a data security threat: see the reason",
    ),
    "listing_shrank": Advice(
        "entries vanished that we did not delete",
        "what we have",
        "find out who did; then `mtdata incidents SITE --close N`",
    ),
    "ids_anew": Advice(
        "ids start again from below",
        "everything; held",
        "somebody reset the site's tables; then release and close",
    ),
    "sheet_changed": Advice(
        "a sheet is not as it was left",
        "the raw bytes; the changed file stays as it is; nothing is deleted on this site meanwhile",
        "`mtdata verify` makes the rows again in a new part; a second one that finds all well "
        "closes it",
    ),
    "raw_changed": Advice(
        "a raw file is damaged",
        "its rows; nothing is deleted on this site meanwhile",
        "`mtdata verify` puts it back from replicas; else the site is asked again while it "
        "has them; seen for good: close it by hand",
    ),
    "files_older": Advice(
        "raw files are shorter than the ledger knows them, or gone: older ones were put back",
        "what still stands there; nothing is deleted",
        "put the newer files back, or `mtdata verify` where there are replicas; seen for good: "
        "close it by hand",
    ),
    "file_unplaced": Advice(
        "a raw file holds entries that the ledger does not know, and its name fits no DATE_FORMAT",
        "everything; nothing of that scale is collected or deleted meanwhile",
        "add its formats to `formats.json` of the pool, rename the file, or move it away",
    ),
    "raw_unreadable": Advice(
        "raw_data has a file that the ledger does not know, and that is no raw file as it stands",
        "everything; rounds go on",
        "put back what it was, give it its name (`<Scale>_<DATE>.json`), or move it out of "
        "raw_data",
    ),
    "pool_damaged": Advice(
        "files of the pool cannot be read, or come back as others than were written",
        "what was committed; nothing is deleted on this site meanwhile",
        "look at the disk; then `mtdata verify` until it finds all well, or close it by hand",
    ),
    "pool_away": Advice(
        "where the pool was known to be there is none (is its disk mounted?), another one, or an "
        "older copy of it",
        "all that was collected; nothing is collected or deleted meanwhile",
        "mount the disk, or put the newer pool back; what lies there now is meant: "
        "`mtdata pool SITE --accept`",
    ),
    "pool_taken": Advice(
        "NAME or SERVER in the config is another than the pool has",
        "everything; nothing is collected or deleted meanwhile",
        "give each site a PATH of its own; the study moved or was renamed: "
        "`mtdata pool SITE --accept`",
    ),
    "storage": Advice(
        "the disk refused",
        "what was committed",
        "as the message says: make room, mend the disk or move PATH; the next round goes on",
    ),
    "replica_unreachable": Advice(
        "a replica was down, slow, or its disk is not mounted",
        "everything; nothing is deleted meanwhile",
        "nothing for an hour; then see the message",
    ),
    "replica_refused": Advice(
        "a replica has no such bucket, or does not accept our keys",
        "everything; nothing is deleted meanwhile",
        "mend REPLICAS, `mtdata check`",
    ),
    "replica_wrong": Advice(
        "a copy is gone, or its checksum is another",
        "everything; nothing is deleted meanwhile",
        "nothing at once: the copy is put again by itself; find out who changes things there",
    ),
    "disk_low": Advice(
        "the disk has no room for another week like the last, or less than 512 MiB, or few inodes",
        "everything; rounds go on",
        "make room before a round has none; rows stay on the site when it is full",
    ),
    "schedule_missed": Advice(
        "no good round for three times EVERY (15 minutes at least), or static scales six "
        "hours late",
        "all that was collected; rows lie on the site meanwhile",
        "is the daemon, the timer or cron running? then `mtdata incidents`, `mtdata export SITE`",
    ),
    "report_missed": Advice(
        "a daily report of CAKE Failed, or has not ended when the next one is due",
        "every file that stands there, each of them whole; the next daily report asks for the "
        "missed days too",
        "`mtdata jobs log JOB` says why: mend that, `mtdata jobs retry JOB`; it is Queued: is "
        "the daemon or `mtdata runner` at work?",
    ),
    "silence": Advice(
        "a scale that usually has some had no new entry for three of its longest gaps",
        "everything",
        "try a questionnaire yourself; the study ended or paused: close it by hand, it is "
        "not told again",
    ),
    "surge": Advice(
        "more than ten times the entries of any of the last 14 days, and 1,000 at least",
        "everything; collected as ever",
        "look at them: a new wave, a robot, or the site sends rows again under new ids",
    ),
    "lockout_ahead": Advice(
        "the rows on the site reach four fifths of MAX_RECORDS, or will reach it within two days",
        "everything",
        "the site turns participants away when it is reached: `mtdata deletions` says why "
        "rows stay",
    ),
    "task_failed": Advice(
        "a task of the daemon ended by a fault of the program",
        "what was committed; the other tasks go on",
        "the log has the place; report it, `mtdata verify` when in doubt",
    ),
    "config_refused": Advice(
        "a changed config is faulty; the old one holds",
        "everything; rounds go on by the old one",
        "`mtdata check` says what is wrong; then reload",
    ),
    "log_unwritable": Advice(
        "the log folder is full or read-only",
        "everything; the daemon speaks to stderr and the journal",
        "make room, or give it back to the user of the daemon",
    ),
    "news_stuck": Advice(
        "mails or web hooks cannot be delivered",
        "everything; the news wait in `state/outbox` and go out in order",
        "mend MAIL or WEBHOOKS, `mtdata check --mail`",
    ),
    "benchmark_created": Advice(
        "`benchMark.json` was not there, and was made",
        "everything",
        "nothing; if it was there before, find out who took it away",
    ),
    "adopted": Advice(
        "the pool had no ledger, and one was made from its files",
        "everything; no entry is collected twice",
        "nothing; `mtdata verify` proves it",
    ),
    "ledger_behind": Advice(
        "files hold what the ledger did not know: an older one was put back, or copied without "
        "its -wal",
        "everything; it was taken up, no entry is collected twice",
        "nothing; `mtdata verify` proves it; copy a ledger while nothing runs, with its -wal",
    ),
    "mended": Advice(
        "something was not as it was left, and was put right",
        "everything",
        "nothing; should it come again, look at the disk",
    ),
}
"""The order is that of KINDS; every kind is there."""
