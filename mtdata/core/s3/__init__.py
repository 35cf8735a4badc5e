"""A client of S3 and of what speaks like it: how it is opened, what its answers mean, one bucket.

boto3 is imported with the first client: who has no bucket does not wait for it.
"""

from __future__ import annotations

from mtdata.core.s3.access import S3Access, bucket_of
from mtdata.core.s3.answers import DAMAGED, MISSING, StoreFault, StoreRefusal
from mtdata.core.s3.bucket import S3Bucket, Words
from mtdata.core.s3.opening import open_client

__all__ = [
    "DAMAGED",
    "MISSING",
    "S3Access",
    "S3Bucket",
    "StoreFault",
    "StoreRefusal",
    "Words",
    "bucket_of",
    "open_client",
]
