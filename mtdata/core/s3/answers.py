"""What a store's refusals and the faults on the way to it mean, for everybody who asks one.

Which of them pass by themselves stands here alone.  It repeats no word of a store but known codes.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
DAMAGED = frozenset(
    {"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"}
)
"""The store says that other bytes came than were sent, or than their checksum is of."""
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
"""They pass where the machine gives keys that it renews, and never where the config has them."""
PASSES = frozenset(
    (
        "BadDigest XAmzContentChecksumMismatch XAmzContentSHA256Mismatch IncompleteBody "
        "RequestTimeout RequestTimeoutException RequestTimeTooSkewed ConditionalRequestConflict "
        "OperationAborted PriorRequestNotComplete TransactionInProgress SlowDown SlowDownRead "
        "SlowDownWrite ServerBusy BandwidthLimitExceeded EC2ThrottledException "
        "LimitExceededException ProvisionedThroughputExceededException RequestLimitExceeded "
        "RequestThrottled RequestThrottledException Throttling ThrottlingException TooManyRequests "
        "TooManyRequestsException InternalError ServiceUnavailable "
        # an upload that somebody gave up, or of which the store lost a part: it is begun anew
        "NoSuchUpload InvalidPart InvalidPartOrder"
    ).split()
)
PASSING = frozenset({302, 307, 408, 409, 423, 425, 429, 499})
LASTING = frozenset({501, 505})
"""Of 500 and above, what a store will answer tomorrow too."""
LASTING_CONFLICTS = frozenset({"BucketAlreadyExists", "BucketAlreadyOwnedByYou"}) | frozenset(
    {"InvalidBucketState", "InvalidObjectState"}
)
UNWANTED = frozenset({400, 501})
"""So stores answer to a header that they do not know."""
NO_KEYS = frozenset({"NoCredentialsError", "PartialCredentialsError", "NoAuthTokenError"})
ODD_MACHINE = frozenset(
    (
        "ConfigNotFound ConfigParseError InvalidConfigError InvalidDefaultsMode InvalidRegionError "
        "InvalidRetryConfigurationError InvalidRetryModeError "
        "InvalidS3UsEast1RegionalEndpointConfigError InvalidSTSRegionalEndpointsConfigError "
        "ProfileNotFound SSOTokenLoadError UnauthorizedSSOTokenError UnknownCredentialError"
    ).split()
)
"""Faults of what the machine is given for AWS, and not of a store or of the way to it."""
_CODE = re.compile(r"[A-Za-z0-9.]{1,60}", re.ASCII)
_REGION = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_OLD_NAMES = {"": "us-east-1", "EU": "eu-west-1"}


class StoreRefusal(NamedTuple):
    """What a store's refusal says: never its own words, which could repeat a key."""

    status: int
    code: str
    is_known: bool  # the code is one of S3's, and can be shown
    renews: bool = False  # our keys are those of the machine, which renews them

    @classmethod
    def by(cls, response: dict[str, Any], *, renews: bool = False) -> StoreRefusal:
        """What a refusal as the library gives it says."""
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = str(response.get("Error", {}).get("Code", ""))
        is_known = bool(_CODE.fullmatch(code)) and code != str(status)
        return cls(status, code, is_known, renews)

    @property
    def code_text(self) -> str:
        """The code, where it can be shown."""
        return self.code if self.is_known else "no reason"

    @property
    def later(self) -> bool:
        """Whether the refusal passes by itself, so that the request may go well later."""
        if self.code in EXPIRED:
            return self.renews
        if self.code in PASSES:
            return True
        if self.code in LASTING_CONFLICTS or self.status in LASTING:
            return False
        return self.status >= 500 or self.status in PASSING

    @property
    def missing(self) -> bool:
        """Whether there is nothing of that name."""
        return self.code in MISSING

    @property
    def unwanted(self) -> bool:
        """Whether it may be a header of the request that the store does not take."""
        return self.status in UNWANTED and not self.later


class StoreFault(NamedTuple):
    """What went wrong before an answer was there, by the name of the library's fault alone."""

    kind: str
    is_unreadable: bool = False  # an answer came, and is none of S3's

    @property
    def lasts(self) -> bool:
        """Whether somebody has to mend it."""
        return not self.is_unreadable and (self.kind in NO_KEYS or self.kind in ODD_MACHINE)

    @property
    def words(self) -> str:
        """What happened and what to do, in words."""
        if self.is_unreadable:
            return self._unreadable_text
        if self.kind in NO_KEYS:
            return "no keys; give ACCESS_KEY and SECRET_KEY, or let the machine have a role"
        if self.kind in ODD_MACHINE:
            return (
                f"what this machine is given for AWS cannot be used ({self.kind}); mend that, or "
                "give ACCESS_KEY, SECRET_KEY and REGION, and nothing of it is asked"
            )
        if "Timeout" in self.kind:
            return "it did not answer in time (TIMEOUT), or without an end"
        if self.kind == "SSLError":
            return (
                "no TLS connection with it (SSLError); where its certificate is of an authority "
                "of your own, put that into this machine's store, or name a file with it: CA of "
                "the replica in server.config, OUTPUT_CA in export.config"
            )
        return f"it cannot be reached ({self.kind})"

    @property
    def _unreadable_text(self) -> str:
        if self.kind == "Circling":
            return "it sends us from one address to the next without end; is ENDPOINT right?"
        return f"its answer is none that S3 gives ({self.kind}); is the address that of a store?"


def region_by(response: dict[str, Any]) -> str:
    """The region of a bucket as an answer or a refusal tells it; '' where it does not."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    found = headers.get("x-amz-bucket-region") or response.get("Error", {}).get("Region")
    if not found and "LocationConstraint" in response:
        told = response["LocationConstraint"] or ""
        found = _OLD_NAMES.get(told, told)
    return found if found and _REGION.fullmatch(found) else ""
