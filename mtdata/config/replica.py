"""REPLICAS of a site: second places for its raw bytes; never opens one and never shows a key.

Only the shape is checked here; what a kind of replica wants of its URL is that adapter's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from mtdata.config import values
from mtdata.config.credentials import MOST_REPLICAS
from mtdata.core.disclosure import named
from mtdata.core.s3 import S3Access

KEYS = (
    "URL", "ENDPOINT", "REGION", "ACCESS_KEY", "SECRET_KEY", "ADDRESSING", "SSE", "SSE_KEY", "CA"
)  # fmt: skip
CHOICES = {"ADDRESSING": ("path", "virtual", "auto"), "SSE": ("AES256", "aws:kms")}
ALLOWED = (
    "a list of URLs such as s3://bucket/prefix or file:///folder, or of mappings with "
    + " ".join(KEYS)
)
PLAIN_URL = re.compile(r"[a-z][a-z0-9+-]{0,20}://[^\x00-\x20\x7f\\?#@]+", re.ASCII)
_NAME_OF_KEY = re.compile(r"[\x21-\x7e]{0,2048}", re.ASCII)
REGION = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)


class ReplicaConfig(BaseModel):
    """One replica by its URL; `store` says how it is reached when it is a bucket."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str
    store: S3Access = Field(default=S3Access(), exclude=True, repr=False)  # it holds keys

    @property
    def insecure(self) -> bool:
        """True when answers would cross a network in clear text."""
        return values.is_insecure(self.store.endpoint)


def replicas(
    value: Any, outside: Mapping[str, SecretStr], file: Callable[[object], str], store: S3Access
) -> tuple[ReplicaConfig, ...]:
    """Each replica with its keys; `outside` has those that are not in the file, by number.

    `file` makes of what stands at CA the path of a file; `store` is what all have in common.

    Raises ValueError with the number of the replica and the reason, which quotes no value.
    """
    listed = value if isinstance(value, list | tuple) else [value]
    if len(listed) > MOST_REPLICAS:
        raise ValueError(f"at most {MOST_REPLICAS}")
    made: list[ReplicaConfig] = []
    for number, item in enumerate(listed, 1):
        keys = {key: outside[f"{number} {key}"] for key in KEYS if f"{number} {key}" in outside}
        try:
            made.append(
                item if isinstance(item, ReplicaConfig) else _replica(item, keys, file, store)
            )
        except ValueError as error:
            raise ValueError(f"number {number}: {error}") from None
        if _address_of(made[-1]) in map(_address_of, made[:-1]):
            raise ValueError(f"number {number}: it stands there twice")
    return tuple(made)


def _address_of(replica: ReplicaConfig) -> tuple[str, str]:
    return replica.url, replica.store.endpoint


def _replica(
    item: Any, outside: Mapping[str, SecretStr], file: Callable[[object], str], store: S3Access
) -> ReplicaConfig:
    told = {"URL": item} if isinstance(item, str) else item
    if not isinstance(told, dict) or not all(
        isinstance(text, str) or text is None for text in told.values()
    ):
        raise ValueError("it is neither a URL nor a mapping of texts")
    if unknown := [key for key in told if key not in KEYS]:
        word = named(unknown[0], KEYS, f"a key of {len(str(unknown[0]))} letters")
        raise ValueError(f"{word}: there is no such key")
    given = {key: text for key, text in told.items() if text} | dict(outside)
    url, endpoint, region = (str(given.get(key, "")) for key in KEYS[:3])
    if not PLAIN_URL.fullmatch(url) or ".." in url.split("/"):
        raise ValueError("URL: it is no URL, or holds a user, ?, # or '..'")
    if url.rstrip("/").endswith(":"):
        raise ValueError("URL: it names no place")
    if region and not REGION.fullmatch(region):
        raise ValueError("REGION: it is no name of a region")
    if ("ACCESS_KEY" in given) != ("SECRET_KEY" in given):
        raise ValueError("ACCESS_KEY and SECRET_KEY belong together")
    if url.startswith("file:") and len(given) > 1:
        raise ValueError("a folder has a URL alone")
    addressing, sse, sse_key = _chosen(given)
    reached = replace(
        store,
        endpoint=_read("ENDPOINT", endpoint_of, endpoint),
        region=region,
        access_key=values.unveiled(given.get("ACCESS_KEY", "")),
        secret_key=values.unveiled(given.get("SECRET_KEY", "")),
        addressing=addressing,
        ca=_read("CA", file, given.get("CA", "")),
        sse=sse,
        sse_key=sse_key,
    )
    return ReplicaConfig(url=url.rstrip("/"), store=reached)


def _read(key: str, read: Callable[[str], str], told: str) -> str:
    try:
        return read(told)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def _chosen(given: Mapping[str, Any]) -> tuple[str, str, str]:
    """ADDRESSING, SSE and SSE_KEY; ValueError for what they cannot be."""
    addressing, sse, sse_key = (str(given.get(key, "")) for key in KEYS[5:8])
    for key, value in (("ADDRESSING", addressing), ("SSE", sse)):
        if value and value not in CHOICES[key]:
            raise ValueError(f"{key}: allowed are {', '.join(CHOICES[key])}")
    if not _NAME_OF_KEY.fullmatch(sse_key):
        raise ValueError("SSE_KEY: it is no name of a key")
    if sse_key and sse != "aws:kms":
        raise ValueError("SSE_KEY: only with SSE: aws:kms")
    return addressing, sse, sse_key


def endpoint_of(text: str) -> str:
    """The URL of a store in its plain form.  Raises ValueError with the reason, and no value."""
    if not text:
        return ""
    if re.search(r"[\x00-\x20\x7f\\@]", text):
        raise ValueError("no user, spaces, control characters or backslashes")
    url = values.split_url(text)
    return f"{url.scheme}://{url.netloc.lower()}{url.path.rstrip('/')}"
