"""The whole configuration as the rest of the program sees it; never reads a file."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mtdata.config.daemon import DaemonConfig
from mtdata.config.database import DatabaseAddress
from mtdata.config.export import ExportConfig
from mtdata.config.log import LogConfig
from mtdata.config.programme import ProgrammeConfig, own_database
from mtdata.config.site import PlacedPath, SiteConfig
from mtdata.config.strict import STRICT, keyed
from mtdata.config.weblogs import WeblogsConfig
from mtdata.core.errors import ConfigError, UsageError
from mtdata.core.words import did_you_mean


class RecoveryConfig(BaseModel):
    """Where `decode` writes; None means its own place in the pool and in logs/."""

    model_config = STRICT

    out: PlacedPath | None = keyed("OUT", "a folder, or nothing", None)
    log: PlacedPath | None = keyed("LOG", "a file, or nothing", None)


class Settings(BaseModel):
    """Every site of a config folder; `home` is the folder above it."""

    model_config = ConfigDict(frozen=True)

    folder: Path
    home: Path
    sites: tuple[SiteConfig, ...]
    recovery: RecoveryConfig = RecoveryConfig()
    log: LogConfig = LogConfig()
    daemon: DaemonConfig = DaemonConfig()
    programme: ProgrammeConfig = ProgrammeConfig()
    export: ExportConfig = ExportConfig()
    weblogs: WeblogsConfig = WeblogsConfig()

    @property
    def database(self) -> DatabaseAddress:
        """Where the records of jobs lie."""
        return self.programme.database or own_database(self.home)

    def site(self, name: str) -> SiteConfig:
        """Return the site of that name, READY or not, or raise UsageError."""
        names = {site.name: site for site in self.sites}
        if name in names:
            return names[name]
        raise UsageError(
            f"server.config has no site named {ascii(name)[:80]}; it has "
            f"{', '.join(names)}.{did_you_mean(name, names)}"
        )

    def chosen(self, word: str) -> tuple[SiteConfig, ...]:
        """Return every READY site for '.', else the one of that name.

        Raises ConfigError when it is not READY, or none is, and UsageError when none has the name.
        """
        if word != ".":
            named = self.site(word)
            if not named.ready:
                raise ConfigError(
                    f"{self.folder / 'server.config'}: site {named.name}: READY is False, so it is "
                    "never collected; set READY: True"
                )
            return (named,)
        ready = tuple(site for site in self.sites if site.ready)
        if not self.sites:
            raise ConfigError(
                f"{self.folder / 'server.config'}: not there, so there is no study to collect; "
                f"`mtdata init {self.folder}` makes a sample"
            )
        if not ready:
            raise ConfigError(
                f"{self.folder / 'server.config'}: no site is READY; set READY: True for one of "
                f"{', '.join(site.name for site in self.sites)}"
            )
        return ready
