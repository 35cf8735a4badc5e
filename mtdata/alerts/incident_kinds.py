"""Every sort of incident: how loudly it is told, what is safe then and what to do; one table."""

from __future__ import annotations

from typing import NamedTuple


class IncidentKind(NamedTuple):
    """A sort of incident, and what it means to a person.

    `level` is one of LEVELS (levels.py); `happened`, `safe` and `todo` are the words of
    docs/OPERATING.md and of mails, to which a test holds that page.  `stays`: no round closes it;
    `blocks`: meanwhile no deletes of its "scale", or of the whole "site", "" for none.  `follows`:
    while one of these is open for its scale or the site, this one is counted there and not opened.
    `at_once`: it is over as it is told, and that waits for no other mail.
    """

    level: str
    title: str
    happened: str
    safe: str
    todo: str
    stays: bool = False
    blocks: str = ""
    follows: tuple[str, ...] = ()
    at_once: bool = False


KINDS: dict[str, IncidentKind] = {
    "site_unreachable": IncidentKind("critical", "the site cannot be reached",
        "no connection, no list of scales in time, TLS, 502 to 504, or three slow packages in a "
        "row",
        "all that was collected",
        "nothing for an hour; then `mtdata check` says how far it gets: ask the site's admin"),
    "site_refused": IncidentKind("critical", "the site does not accept our account",
        "401, 403 or a log-in page",
        "all that was collected",
        "write the account that the site accepts into USER and PASS, `mtdata check`"),
    "site_moved": IncidentKind("critical", "the site sends us to another address",
        "a redirect to another host, port or scheme; our password goes nowhere else",
        "all that was collected",
        "write SERVER: with the address that it names, if that is your site, `mtdata check`"),
    "package_broken": IncidentKind("error", "a package cannot be used",
        "one scale's answer broke off, came too slowly, or is no JSON",
        "all that was collected; nothing of a package that did not arrive whole is used; of one "
        "that is garbled inside, the entries before that",
        "nothing at once, the next round asks again; if it stays: look at that scale on the site, "
        "or raise TIMEOUT", follows=("site_unreachable", "site_refused", "site_moved")),
    "name_refused": IncidentKind("error", "a scale has a name that is not safe",
        "a scale's name is no safe file name",
        "nothing of it is asked for",
        "rename it on the site"),
    "entry_malformed": IncidentKind("error", "entries are held: malformed",
        "an entry has no usable id, or is no JSON",
        "its bytes, in the raw file or in `held/`",
        "`mtdata held SITE` says which and why: put it right on the site"),
    "entry_sealed": IncidentKind("error", "entries are held: still sealed",
        "a sealed field holds what no key opened, or what is not sealed at all",
        "the raw bytes; not deleted",
        "`mtdata held` says which: put the right key into `keys/`, rows follow by themselves; a "
        "site that does not seal wants ENCRYPTION: off",
        follows=("key_wrong", "key_unreadable")),
    "entry_drift": IncidentKind("warning", "entries are held: other fields than known",
        "other fields than known, and DRIFT is hold",
        "the raw bytes; not deleted",
        "`mtdata held SITE --release SCALE all`, or DRIFT: rewrite"),
    "entry_conflict": IncidentKind("error", "entries are held: same id, other content",
        "an id came again with other content",
        "both versions in raw; not deleted",
        "compare the two in the files that are named; `mtdata held SITE --release SCALE ID` lets "
        "the newer one become a row"),
    "key_wrong": IncidentKind("critical", "a private key opens nothing",
        "a key opened nothing at all",
        "the raw bytes; not deleted",
        "ask who runs the site for the SHA-256 of its public key; `mtdata check SITE` shows that "
        "of each key here. Put the private key that has the same into `keys/` and its name into "
        "PRIVATE_FILE: rows follow by themselves"),
    "key_unreadable": IncidentKind("critical", "a private key cannot be used",
        "a key file cannot be used",
        "the raw bytes; not deleted",
        "the message has the command that mends it; rows follow by themselves"),
    "drift": IncidentKind("warning", "the fields of a scale changed",
        "fields came or went",
        "the sheet was widened",
        "tell the analysts which columns are new or stay empty", at_once=True),
    "leftover": IncidentKind("warning", "old entries still lie on the site",
        "safe here, still on the site, though DELETE_MODE is True",
        "everything",
        "`mtdata deletions SITE` says why each stays: mend that",
        follows=("delete_failed", "listing_shrank", "ids_anew", "sheet_changed", "raw_changed",
            "files_older", "pool_damaged", "pool_restored", "replica_unreachable",
            "replica_full", "replica_refused", "replica_wrong")),
    "delete_failed": IncidentKind("critical", "deletes failed: a data security threat",
        "the site did not delete",
        "everything; asked again next round",
        "the reason has the site's own words: ask its admin to let USER delete, or to take it out "
        "of import mode"),
    "listing_shrank": IncidentKind("critical", "entries vanished that we did not delete",
        "entries vanished that we did not delete",
        "what we have",
        "find out who did; then `mtdata incidents SITE --close N`", stays=True, blocks="scale"),
    "ids_anew": IncidentKind("critical", "the ids of a scale began anew",
        "ids start again from below",
        "everything; held",
        "somebody reset the site's tables: `mtdata held SITE --release SCALE all`, then `mtdata "
        "incidents SITE --close N`", stays=True, blocks="scale"),
    "sheet_changed": IncidentKind("error", "a sheet was changed by someone else",
        "a sheet is not as it was left",
        "the raw bytes; the changed file stays as it is; nothing is deleted on this site meanwhile",
        "`mtdata verify` makes the rows again in a new part; a second "
        "one that finds all well closes it", stays=True, blocks="site"),
    "raw_changed": IncidentKind("critical", "a raw file was changed or damaged",
        "a raw file is damaged",
        "its rows; nothing is deleted on this site meanwhile",
        "`mtdata verify` puts it back from replicas; else the site is asked again while it has "
        "them; seen for good: close it by hand", stays=True, blocks="site"),
    "files_older": IncidentKind("critical", "files are older than the ledger",
        "raw files are shorter than the ledger knows them, or gone: older ones were put back",
        "what still stands there; nothing is deleted",
        "put the newer files back, or `mtdata verify` where there are "
        "replicas; seen for good: close it by hand", stays=True, blocks="site"),
    "file_unplaced": IncidentKind("critical", "a raw file that nobody can place",
        "a raw file holds entries that the ledger does not know, and its name fits no DATE_FORMAT",
        "everything; nothing of that scale is collected or deleted meanwhile",
        "add its formats to `formats.json` of the pool, rename the file, or move "
        "it away", blocks="scale"),
    "raw_unreadable": IncidentKind("error", "a raw file that nobody can read",
        "raw_data has a file that the ledger does not know, and that is no raw file as it stands",
        "everything; rounds go on",
        "put back what it was, give it its name (`<Scale>_<DATE>.json`), or move it out of "
        "raw_data"),
    "pool_damaged": IncidentKind("critical", "files of the pool come back damaged",
        "files of the pool cannot be read, or come back as others than were written",
        "what was committed; nothing is deleted on this site meanwhile",
        "look at the disk; then `mtdata verify` until it finds all "
        "well, or close it by hand", stays=True, blocks="site"),
    "pool_restored": IncidentKind("warning", "the pool was put back from a backup",
        "`mtdata restore` put the pool back, and nothing has proven it since",
        "everything that the backup had; rounds collect, and nothing is deleted on this site "
        "meanwhile",
        "`mtdata verify SITE` until it finds all well; first stop whatever still collects from "
        "this site elsewhere", stays=True, blocks="site"),
    "history_changed": IncidentKind("critical", "the ledger's history is not as it was entered",
        "events of the ledger were changed, cut off or written anew, or are not those whose heads "
        "were signed",
        "everything: rounds and deletes rest on bytes that are read anew, and go on",
        "find out who wrote into `ledger.sqlite3` or put another there, and compare with what "
        "`mtdata receipts export` gave out; then `mtdata incidents SITE --close N`", stays=True),
    "pool_away": IncidentKind("critical", "the pool is not the one that was known",
        "where the pool was known to be there is none (is its disk mounted?), another one, or an "
        "older copy of it",
        "all that was collected; nothing is collected or deleted meanwhile",
        "mount the disk, or put the newer pool back; what lies there now is meant: `mtdata pool "
        "SITE --accept`"),
    "pool_taken": IncidentKind("critical", "the pool belongs to another site",
        "NAME or SERVER in the config is another than the pool has",
        "everything; nothing is collected or deleted meanwhile",
        "give each site a PATH of its own; the study moved or was renamed: `mtdata pool SITE "
        "--accept`"),
    "storage": IncidentKind("critical", "the pool cannot be written, read or trusted",
        "the disk refused",
        "what was committed",
        "mend the disk or its rights, as the message says, or move PATH; the next round goes on"),
    "disk_full": IncidentKind("critical", "the disk is full",
        "no room is left on the disk, or in the quota of our user",
        "what was committed; rows stay on the site meanwhile",
        "make room on the disk of the path that is named (`df -h`, `quota`), or move PATH; the "
        "next round goes on"),
    "replica_unreachable": IncidentKind("critical", "a replica cannot be reached",
        "a replica was down, slow, or its disk is not mounted",
        "everything; nothing is deleted meanwhile",
        "nothing for an hour; then see the message"),
    "replica_full": IncidentKind("critical", "the disk of a replica is full",
        "no room is left on the disk of a replica, or in the quota of our user",
        "everything; nothing is deleted meanwhile",
        "make room there; the next round copies what is missing"),
    "replica_refused": IncidentKind("critical", "a replica does not accept us",
        "a replica has no such bucket, or does not accept our keys",
        "everything; nothing is deleted meanwhile",
        "mend REPLICAS, `mtdata check`"),
    "replica_wrong": IncidentKind("critical", "a replica lost or changed a copy",
        "a copy is gone, or its checksum is another",
        "everything; nothing is deleted meanwhile",
        "nothing at once: the copy is put again by itself; find out who changes things there"),
    "disk_low": IncidentKind("critical", "the disk is nearly full",
        "the disk has no room for another week like the last, or less than 512 MiB, or few inodes",
        "everything; rounds go on",
        "make room before a round has none; rows stay on the site when it is full",
        follows=("disk_full",)),
    "schedule_missed": IncidentKind("critical", "no good round for too long",
        "no good round for three times EVERY (15 minutes at least), or static scales six hours "
        "late",
        "all that was collected; rows lie on the site meanwhile",
        "is the daemon, the timer or cron running? then `mtdata incidents`, `mtdata export SITE`",
        follows=("site_unreachable", "site_refused", "site_moved", "storage", "disk_full",
            "replica_unreachable", "replica_full", "replica_refused")),
    "report_missed": IncidentKind("error", "a daily report did not come",
        "a daily report Failed, or has not ended when the next one is due",
        "every file that stands there, each of them whole; the next daily report asks for the "
        "missed days too",
        "`mtdata jobs log JOB` says why: mend that, `mtdata jobs retry JOB`; it is Queued: is "
        "the daemon or `mtdata runner` at work?"),
    "report_failed": IncidentKind("error", "a report failed for good",
        "a report that somebody ordered has Failed, whatever tries it had",
        "every file that stands there, each of them whole; parts that are finished stay so",
        "`mtdata jobs log JOB` says why: mend that, `mtdata jobs retry JOB`, and it closes with "
        "the job's Success; nobody wants it any more: close it by hand", stays=True),
    "lines_in_doubt": IncidentKind("error", "nobody knows whether lines are stored",
        "lines of a log were sent, and no answer proves that they are stored, or that they are not",
        "every line: none is sent again by itself, so none is counted twice",
        "the site's quarantine names them; when the day is over, `--resolve auto` asks "
        "the reports, else say `--resolve stored` or `resend`", stays=True),
    "lines_unknown": IncidentKind("critical", "a ledger of web logs was put back from a backup",
        "`mtdata restore` put the ledger of a site's web logs back, which knows nothing of what "
        "was sent after the backup",
        "every line: nothing is sent for that site meanwhile",
        "nothing was imported since the backup: close it by hand; else first take the days since "
        "then out of the tracker, or their lines are counted twice", stays=True),
    "log_unreadable": IncidentKind("error", "a log cannot be read to its end",
        "a log breaks off, is in no format that is known, or its earlier lines were changed",
        "every line that was read before that",
        "put the whole log into the bucket again; its lines go on where they ended"),
    "tracker_unreachable": IncidentKind("critical", "hits cannot be delivered",
        "the tracker, or the bucket of logs, does not answer, or is in maintenance",
        "every line; the next import goes on where this one ended",
        "nothing for an hour; then see the message"),
    "tracker_refused": IncidentKind("critical", "hits are not accepted from us",
        "the tracker takes no hits with our token, or has no such site",
        "every line; the next import goes on where this one ended",
        "mend token and idsite, `mtdata check SITE`; after 20 wrong tries within an hour it locks "
        "our address out"),
    "reports_differ": IncidentKind("error", "reports count other hits than were sent",
        "the reports of a day that is over count fewer, or more, hits, downloads or visits than "
        "the ledger has as stored",
        "the ledger has every line",
        "the site's `reconcile` shows both: do others track into that site, does it "
        "exclude what we send, is archiving on?", stays=True),
    "silence": IncidentKind("warning", "no new entry where there usually are some",
        "a scale that usually has some had no new entry for three of its longest gaps",
        "everything",
        "try a questionnaire yourself; the study ended or paused: close it by hand, it is not "
        "told again"),
    "surge": IncidentKind("warning", "far more new entries than usual",
        "more than ten times the entries of any of the last 14 days, and 1,000 at least",
        "everything; collected as ever",
        "look at them: a new wave, a robot, or the site sends rows again under new ids"),
    "lockout_ahead": IncidentKind("critical", "the site is about to lock participants out",
        "the rows on the site reach four fifths of MAX_RECORDS, or will reach it within two days",
        "everything",
        "the site turns participants away when it is reached: `mtdata deletions` says why rows "
        "stay"),
    "task_failed": IncidentKind("critical", "a task ended by a fault of the program",
        "a task of the daemon ended by a fault of the program",
        "what was committed; the other tasks go on",
        "the log has the place; report it, `mtdata verify` when in doubt"),
    "config_refused": IncidentKind("error", "a changed config is faulty; the old one holds",
        "a changed config is faulty; the old one holds",
        "everything; rounds go on by the old one",
        "`mtdata check` says what is wrong; then reload"),
    "log_unwritable": IncidentKind("error", "the log cannot be written",
        "the log folder is full or read-only",
        "everything; the daemon speaks to stderr and the journal",
        "make room, or give it back to the user of the daemon"),
    "news_stuck": IncidentKind("error", "mails or web hooks cannot be delivered",
        "mails or web hooks cannot be delivered",
        "everything; the news wait in `state/outbox` and go out in order",
        "mend MAIL, WEBHOOKS or MESSENGERS, `mtdata check --mail`"),
    "benchmark_created": IncidentKind("notice", "the benchmark file was created",
        "`benchMark.json` was not there, and was made",
        "everything",
        "nothing; if it was there before, find out who took it away"),
    "adopted": IncidentKind("notice", "the ledger was made from the files of the pool",
        "the pool had no ledger, and one was made from its files",
        "everything; no entry is collected twice",
        "nothing; `mtdata verify` proves it"),
    "ledger_behind": IncidentKind("notice", "an older ledger stood beside newer files",
        "files hold what the ledger did not know: an older one was put back, or copied without "
        "its -wal",
        "everything; it was taken up, no entry is collected twice",
        "nothing; `mtdata verify` proves it; copy a ledger while nothing runs, with its -wal"),
    "delete_mode": IncidentKind("warning", "DELETE_MODE was changed",
        "the config has another DELETE_MODE than before",
        "everything; True: what is proven safe here is deleted on the site from now on",
        "nothing, if you know who did it and why; else set it back and `mtdata check`",
        at_once=True),
    "mended": IncidentKind("notice", "something was mended",
        "something was not as it was left, and was put right",
        "everything",
        "nothing; should it come again, look at the disk"),
}  # fmt: skip
"""Every kind of incident; a new one stands here, and in the same place of docs/OPERATING.md."""
