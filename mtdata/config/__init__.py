"""The config files of a folder, checked as a whole; never opens a pool, a key or a connection."""

from __future__ import annotations

from mtdata.config.daemon import DaemonConfig
from mtdata.config.loading import load
from mtdata.config.log import LogConfig, MailConfig
from mtdata.config.samples import samples_folder, write_samples
from mtdata.config.settings import RecoveryConfig, Settings
from mtdata.config.site import SiteConfig
from mtdata.config.values import seconds

__all__ = [
    "DaemonConfig",
    "LogConfig",
    "MailConfig",
    "RecoveryConfig",
    "Settings",
    "SiteConfig",
    "load",
    "samples_folder",
    "seconds",
    "write_samples",
]
