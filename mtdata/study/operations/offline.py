"""What `mtdata check --offline` says of a site: its config alone, and which of its files are here.

It asks nobody, and opens no key and no pool.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mtdata.config import Settings, SiteConfig
from mtdata.config.folders import is_there
from mtdata.core.checks import Finding


def check_offline(settings: Settings, names: Sequence[str]) -> list[Finding]:
    """What holds of each of these sites, and what is odd about it."""
    return [found for name in names for found in _check_site(settings.site(name))]


def _check_site(site: SiteConfig) -> Iterator[Finding]:
    deletes = "what is proven safe is deleted there" if site.delete_mode else "nothing is deleted"
    told = f"collected every {site.every_s} s; {deletes}"
    if not site.ready:
        yield Finding(site.name, "READY", "odd", "False: never collected")
    else:
        yield Finding(site.name, "READY", "good", told)
    if site.insecure:
        told = "plain http: anybody on the way can read it"
        yield Finding(site.name, "SERVER", "odd", told)
    elif site.server:
        yield Finding(site.name, "SERVER", "good", site.server)
    yield Finding(site.name, "PATH", "good", str(site.path))
    yield _check_keys(site)
    for number, replica in enumerate(site.replicas, 1):
        told = "plain http: anybody can read it" if replica.insecure else replica.url
        verdict = "odd" if replica.insecure else "good"
        yield Finding(site.name, f"REPLICAS {number}", verdict, told)
    if site.ca and not is_there(Path(site.ca)):
        yield Finding(site.name, "CA", "odd", f"{site.ca} is not on this machine")


def _check_keys(site: SiteConfig) -> Finding:
    if site.encryption == "off":
        told = "ENCRYPTION is off: sealed fields hold clear text"
        return Finding(site.name, "keys", "good", told)
    if not site.private_files:
        return Finding(site.name, "keys", "odd", "no PRIVATE_FILE: sealed entries would be held")
    lacking = [str(file) for file in site.private_files if not is_there(file)]
    if lacking:  # where a config is only tried out, no key should be
        return Finding(site.name, "keys", "odd", f"not on this machine: {', '.join(lacking)}")
    return Finding(site.name, "keys", "good", f"{len(site.private_files)} here, not opened")
