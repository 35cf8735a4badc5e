"""What can be wrong with a log and with where it comes from; no message quotes a line of one.

MTDataError
├── LogSourceError      the bucket or folder of logs did not answer     69
│   ├── LogSourceRefused    it answered, and does not accept us         69
│   └── LogReplaced     the object is gone, or another than was listed  69
└── UnreadableLog       the object cannot be unpacked                   65
    ├── TruncatedLog    it breaks off; later it may be there whole      65
    ├── OversizedLog    it unpacks to more than is allowed              65
    └── ChangedLog      its earlier bytes are not those of before       65
"""

from __future__ import annotations

from mtdata.core.errors import MTDataError, Reach


class LogSourceError(MTDataError):
    """The bucket or folder of logs could not be reached or failed; later it may answer."""

    stops = Reach.SITE
    again = True
    exit_code = 69


class LogSourceRefused(LogSourceError):
    """It is not there, or does not accept our keys, before somebody mends that."""

    again = False


class LogReplaced(LogSourceError):
    """The object is no longer the one that was listed: list it again."""

    stops = Reach.SCALE


class UnreadableLog(MTDataError):
    """An object is packed in a way that cannot be read, or is damaged; the others go on."""

    stops = Reach.SCALE
    exit_code = 65


class TruncatedLog(UnreadableLog):
    """An object breaks off; what came as whole lines was given."""

    again = True


class OversizedLog(UnreadableLog):
    """An object unpacks to more than the config allows, in bytes or against its own size."""


class ChangedLog(UnreadableLog):
    """An object does not begin with the bytes that were taken from it before."""
