"""Whether the keys open what the site seals: each is tried on values of one scale, never shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from mtdata.config import SiteConfig
from mtdata.core.checks import Finding
from mtdata.core.errors import ConfigError, MTDataError
from mtdata.study.decryption.cipher import RsaCipher
from mtdata.study.decryption.keys import load_keys
from mtdata.study.decryption.private_key import PrivateKey
from mtdata.study.model.package import entries
from mtdata.study.model.row import sealed_values
from mtdata.study.model.scale import Scale
from mtdata.study.ports import Site

MOST_SCALES, MOST_ENTRIES = 5, 20
"""So much of the site is looked through for sealed values, and so many are tried."""


def try_keys(site: SiteConfig, client: Site, scales: Iterable[Scale]) -> list[Finding]:
    """A finding for each key; without a sealed value on the site only whose key it is."""
    secret = site.passphrase.get_secret_value() if site.passphrase else None
    keys, _ = load_keys(site.private_files, secret)
    if site.encryption == "off" or not keys:
        return []
    try:
        scale, values = _sealed_values(client, scales)
        if not values:
            told = "no sealed value lies on the site now: not tried"
            return [Finding(site.name, "key", "odd", f"{key.words}: {told}") for key in keys]
        opening = {key.name: _opens(site, key, values) for key in keys}
    except MTDataError as error:
        return [Finding(site.name, "key", "bad", str(error), error.exit_code)]
    return [_finding(site, key, scale, opening) for key in keys]


def _finding(site: SiteConfig, key: PrivateKey, scale: str, opening: Mapping[str, bool]) -> Finding:
    if opening[key.name]:
        told = f"{key.words}: opens what {scale} seals"
        return Finding(site.name, "key", "good", told)
    told = f"{key.words}: does not open what {scale} seals"
    if any(opening.values()):
        return Finding(site.name, "key", "odd", f"{told}, another does")
    todo = (
        "Every sealed entry would be held. Ask who runs the site for the fingerprint of its public "
        "key (openssl pkey -pubin -in public.pem -outform DER | sha256sum) and put the private "
        "key that has the same into PRIVATE_FILE; or PADDING is another"
    )
    return Finding(site.name, "key", "bad", f"{told}. {todo}", ConfigError.exit_code)


def _opens(site: SiteConfig, key: PrivateKey, values: list[str]) -> bool:
    cipher = RsaCipher([key], padding=site.padding, workers=0)
    try:
        [(_, opened)] = cipher.unseal_each([(None, values)])
        return any(isinstance(text, str) for text in opened.texts)
    finally:
        cipher.close()


def _sealed_values(client: Site, scales: Iterable[Scale]) -> tuple[str, list[str]]:
    """A scale and some values of it that are sealed; ('', []) where none is found."""
    for scale in islice((scale for scale in scales if scale.size), MOST_SCALES):
        with client.fetch(scale.name) as chunks:
            looked_at = islice(entries(chunks), MOST_ENTRIES)
            texts = (value for entry in looked_at for value in sealed_values(entry.values or {}))
            if values := [value for value in texts if isinstance(value, str) and value]:
                return scale.name, values[:MOST_ENTRIES]
    return "", []
