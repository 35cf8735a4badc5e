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
        "no key opened a value",
        "the raw bytes; not deleted",
        "put the right key into `keys/`; rows follow by themselves",
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
        "the raw bytes; the changed file stays as it is",
        "`mtdata verify` makes the rows again in a new part",
    ),
    "raw_changed": Advice(
        "a raw file is damaged",
        "its rows; not deleted",
        "`mtdata verify` puts it back from replicas; else the site is asked again while it "
        "has them; seen for good: close it by hand",
    ),
    "storage": Advice(
        "the disk refused",
        "what was committed",
        "make room or mend the disk; the next round goes on",
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
        "the disk of the pool is nearly full",
        "all that was collected; deletes stop when nothing can be written",
        "make room, or move the pool, before it is full",
    ),
    "schedule_missed": Advice(
        "no round of the site went well for three times EVERY and at least a quarter of an hour",
        "all that was collected; what is new waits on the site",
        "see the other incidents of the site; look whether the daemon or cron runs",
    ),
    "silence": Advice(
        "no new entry for long on a scale that usually has some",
        "all that was collected",
        "look whether the study still runs and the site still takes answers",
    ),
    "surge": Advice(
        "far more new entries than the scale usually has",
        "everything; they are collected like any other",
        "look whether they are real: a robot, a test, an import",
    ),
    "lockout_ahead": Advice(
        "the site nears the number of rows at which it locks participants out",
        "all that was collected",
        "let the rows be deleted: DELETE_MODE, `mtdata deletions`, then the reason told there",
    ),
    "task_failed": Advice(
        "a fault of the program ended one of its tasks",
        "what was committed; the other tasks go on, and this one is tried again",
        "send the log lines of that time to whoever looks after the program",
    ),
    "config_refused": Advice(
        "a config file was changed and has a fault",
        "everything; the daemon goes on with the config of before",
        "`mtdata check` names each fault; mend it, then reload",
    ),
    "log_unwritable": Advice(
        "a log file cannot be written",
        "everything but log lines; they go to standard error",
        "make room, or give the folder of the logs back to the program's user",
    ),
    "news_stuck": Advice(
        "a mail server or web hook does not take our messages",
        "everything; messages wait in `state/outbox` and go out later in order",
        "`mtdata check --mail` says what is wrong with each; mend log.config or the server",
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
    "mended": Advice(
        "something was not as it was left, and was put right",
        "everything",
        "nothing; should it come again, look at the disk",
    ),
}
"""The order is that of KINDS; every kind is there."""
