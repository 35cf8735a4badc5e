"""What of the config a unit of systemd has to know: whose credentials, and which folders; it reads
no key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from mtdata.config.credentials import noting_names
from mtdata.config.loading import load
from mtdata.config.settings import Settings
from mtdata.config.site import SiteConfig

_NOWHERE = "/run/credentials/of-a-service"
_OF_REPLICA = re.compile(r"(.+)\.replica(\d)_[a-z_]+")


class ServiceNeeds(NamedTuple):
    """The names of what may be handed over, and the folders outside of home that are written to."""

    credentials: tuple[str, ...]
    folders: tuple[Path, ...]


def service_needs(folder: Path, environ: Mapping[str, str]) -> ServiceNeeds:
    """What services with the config of this folder need.  ConfigError for a faulty one.

    A key that the config names below $CREDENTIALS_DIRECTORY need not be there: it is a service's.
    """
    with noting_names() as names:
        settings = load(folder, {"CREDENTIALS_DIRECTORY": _NOWHERE, **environ})
    own = [name for site in settings.sites for name in _of_site(site, names)]
    others = [name for name in names if name not in own and not _OF_REPLICA.fullmatch(name)]
    return ServiceNeeds((*own, *others), tuple(_folders_outside(settings)))


def _of_site(site: SiteConfig, asked: list[str]) -> list[str]:
    """Its account, its key, and the keys of such replicas as it has."""
    found = [f"{site.name}.{word}" for word in ("user", "pass", "pem", "passphrase")]
    for name in asked:
        replica = _OF_REPLICA.fullmatch(name)
        if replica and replica[1] == site.name and int(replica[2]) <= len(site.replicas):
            found.append(name)
    return found


def _folders_outside(settings: Settings) -> list[Path]:
    found: list[Path | None] = [site.path for site in settings.sites]
    urls = [replica.url for site in settings.sites for replica in site.replicas]
    found += [Path(unquote(urlsplit(url).path)) for url in urls if url.startswith("file:")]
    found += [account.folder for account in settings.export.accounts]
    found += [settings.programme.output_folder, settings.recovery.out]
    files = [settings.recovery.log, settings.daemon.metrics]
    files += [] if settings.database.is_shared else [Path(settings.database.name)]
    found += [file.parent for file in files if file is not None]
    known = dict.fromkeys(folder for folder in found if folder is not None)
    return [folder for folder in known if not folder.is_relative_to(settings.home)]
