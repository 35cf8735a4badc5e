"""The one tree of errors; it says how far each reaches and never how to mend the world.

    MTDataError
    ├── UsageError      the command line cannot be carried out          64
    ├── ConfigError     a config file, key file or folder is wrong      78
    │   └── OwnerError  the files belong to another user than ours      78
    ├── SiteError       the site did not answer as it should            69
    │   ├── SiteRefused the site answered, and does not accept us       69
    │   └── SiteSlow    the site kept us waiting beyond TIMEOUT         69
    ├── PackageError    one scale's package cannot be used              69
    ├── NameRefused     a name from the site is no safe name            65
    ├── EntryError      one entry cannot become a row                   1
    ├── StorageError    the pool cannot be written, read or trusted     74
    │   ├── DamageError what was kept comes back otherwise, or not      74
    │   ├── FileUnplaced    nobody can tell whose raw file that is      74
    │   ├── FileOlder       a file ends before what was committed       74
    │   └── FileTorn        a file goes on as none of ours does         74
    ├── ReplicaError    a replica did not answer as it should           69
    │   ├── ReplicaRefused  it answered, and does not accept us         69
    │   └── ReplicaWrong    it holds other bytes than were put there    74
    ├── OutputError     an exported file could not be put in its place  69
    │   └── OutputRefused   the place does not accept us, or is none    69
    ├── PostError       a mail server or web hook did not take news     69
    │   └── PostRefused it answered, and does not take them             69
    ├── ExportError     a report could not be had from its account      69
    │   ├── AnswerBroken    what came breaks off, or is no answer       69
    │   ├── ExportSlow      it kept us waiting beyond TIMEOUT           69
    │   ├── ExportRefused   it answered, and will not give it to us     69
    │   └── WindowTooLarge  not in one window; half of it may come      69
    ├── JobError        a job cannot do or become that                  65
    │   ├── RecordsError    the database of the records does not answer 69
    │   └── Fenced          the part was given to another runner        75
    ├── BusyError       others have it, or all of it; later it is free  75
    ├── NotYet          it goes on at a time that is known              75
    └── Stopped         somebody asked this process to end              143

Exit codes are those of sysexits(3).  No message ever quotes an answer, a key or a password.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import ClassVar


class Reach(IntEnum):
    """How much of a round an error ends; the smaller the better."""

    ENTRY = 1
    SCALE = 2
    SITE = 3
    PROCESS = 4


class MTDataError(Exception):
    """Anything MTData knows how to name.  `incident` is the kind that it opens, '' for none."""

    stops: ClassVar[Reach] = Reach.PROCESS
    again: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1
    incident: ClassVar[str] = ""


class UsageError(MTDataError):
    """The words of the command line do not fit together."""

    exit_code = 64


class ConfigError(MTDataError):
    """Every fault of the configuration, in one message."""

    exit_code = 78


class OwnerError(ConfigError):
    """What a pool holds belongs to another user; nothing was done, and the other sites go on."""

    stops = Reach.SITE
    incident = "storage"


class SiteError(MTDataError):
    """The site could not be reached or answered with a fault of its own; later it may succeed."""

    stops = Reach.SITE
    again = True
    exit_code = 69
    incident = "site_unreachable"


class SiteRefused(SiteError):
    """The site answered 401, 403 or its log-in page: the account is not accepted."""

    again = False
    incident = "site_refused"


class SiteSlow(SiteError):
    """The site is there, and its answer did not come in time."""


class PackageError(MTDataError):
    """What came for one scale is truncated, too large, or no JSON array."""

    stops = Reach.SCALE
    again = True
    exit_code = 69
    incident = "package_broken"


class NameRefused(MTDataError):
    """The site sent a name that must not become a path, a URL or SQL."""

    stops = Reach.SCALE
    exit_code = 65
    incident = "name_refused"


class EntryError(MTDataError):
    """One entry cannot become a row; its raw bytes are kept and it is held."""

    stops = Reach.ENTRY


class StorageError(MTDataError):
    """The disk refused, or gave back something else than what was written."""

    stops = Reach.SITE
    again = True
    exit_code = 74
    incident = "storage"


class DamageError(StorageError):
    """What was kept comes back as something else, or not at all: evidence of damage."""

    incident = "pool_damaged"


class FileUnplaced(StorageError):
    """A raw file has entries that the ledger does not know, and its name says no scale and day."""

    stops = Reach.SCALE
    incident = "file_unplaced"


class FileOlder(StorageError):
    """A file of the pool is shorter than the ledger knows it, or is gone: an older one was put."""

    stops = Reach.SCALE
    incident = "files_older"


class FileTorn(StorageError):
    """A raw file breaks off behind its last whole entry, though no round was writing it."""

    stops = Reach.SCALE
    incident = "raw_changed"


class ReplicaError(MTDataError):
    """A replica could not be reached or failed; what it has not confirmed is not deleted."""

    stops = Reach.SITE
    again = True
    exit_code = 69
    incident = "replica_unreachable"


class ReplicaRefused(ReplicaError):
    """The replica has no such bucket or folder, or does not accept our keys."""

    again = False
    incident = "replica_refused"


class ReplicaWrong(ReplicaError):
    """A copy is gone from the replica, or is not what was put there."""

    exit_code = 74
    incident = "replica_wrong"


class OutputError(MTDataError):
    """An exported file could not be brought to its place; what stood there stands there still."""

    stops = Reach.SITE
    again = True
    exit_code = 69


class OutputRefused(OutputError):
    """The output is not there, or does not accept our keys before somebody mends that."""

    again = False


class PostError(MTDataError):
    """A message could not be delivered now; it waits and goes out later."""

    is_partial = False  # whether somebody has it all the same
    stops = Reach.ENTRY
    again = True
    exit_code = 69
    incident = "news_stuck"


class PostRefused(PostError):
    """The server does not take it, or not from us, and will not before somebody mends that."""

    again = False


class PostPutOff(PostError):
    """The addresses in `left` get it later; the others have it (`is_partial`) or never will."""

    def __init__(self, told: str, left: Sequence[str], *, is_partial: bool) -> None:
        super().__init__(told)
        self.left, self.is_partial = tuple(left), is_partial


class ExportError(MTDataError):
    """A report could not be had now; later it may come."""

    again = True
    exit_code = 69


class AnswerBroken(ExportError):
    """An answer breaks off, is a web page, or is no answer that can be read."""


class ExportSlow(ExportError):
    """No answer came in time, or the instance says that the query took too long."""


class ExportRefused(ExportError):
    """The instance answered, and does not accept the key, the log-in or the question."""

    again = False


class WindowTooLarge(ExportError):
    """A window of time did not come whole, half of it may; `rows`: how many the instance counts.

    `slow`: it did not come in time.
    """

    def __init__(self, message: str, *, rows: int | None = None, slow: bool = False) -> None:
        super().__init__(message)
        self.rows, self.slow = rows, slow


class JobError(MTDataError):
    """A value that a job was given is wrong, or its state does not allow what was asked."""

    exit_code = 65


class RecordsError(JobError):
    """The database of the records could not be reached, or did not do what it was asked."""

    again = True
    exit_code = 69


class Fenced(JobError):
    """This attempt of a part is over: another has it, or nobody; it may write nothing more."""

    exit_code = 75


class BusyError(MTDataError):
    """Another round has the pool, or others have all turns that there are: nothing was done."""

    stops = Reach.SITE
    again = True
    exit_code = 75


class NotYet(MTDataError):
    """It goes on in `wait_s` seconds and holds nothing until then; `untouched`: nothing is done."""

    stops = Reach.SITE
    again = True
    exit_code = 75

    def __init__(self, message: str, wait_s: float, *, untouched: bool = False) -> None:
        super().__init__(message)
        self.wait_s, self.untouched = wait_s, untouched


class Stopped(MTDataError):
    """SIGTERM or SIGINT came; the step in hand was ended or will be undone by the next round."""

    again = True
    exit_code = 143
