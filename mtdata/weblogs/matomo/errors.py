"""What can be wrong with a Matomo; no message quotes a token, a line, or what it answered.

MTDataError
└── TrackingError       it did not take hits, or says nothing           69
    └── TrackingRefused it answered, and does not take them from us     69
"""

from __future__ import annotations

from mtdata.core.errors import MTDataError, Reach


class TrackingError(MTDataError):
    """Matomo could not be reached, or did not answer as it should; nothing of it was stored."""

    stops = Reach.SITE
    again = True
    exit_code = 69


class TrackingRefused(TrackingError):
    """Matomo answered, and takes no hits from us before somebody mends that."""

    again = False
