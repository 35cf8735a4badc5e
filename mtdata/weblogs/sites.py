"""A site of weblogs.config with what it names: source, archives and limits; it asks nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date

from mtdata.config import Settings
from mtdata.config.weblogs import WeblogSite
from mtdata.core.errors import ConfigError, UsageError
from mtdata.core.output import open_output
from mtdata.core.words import did_you_mean
from mtdata.weblogs.push import DayArchive
from mtdata.weblogs.source import LogSource, open_source
from mtdata.weblogs.unpacking import LogLimits

_MB = 1 << 20


def site_named(settings: Settings, domain: str) -> WeblogSite:
    """The site of that domain; UsageError when weblogs.config has none."""
    named = {site.domain: site for site in settings.weblogs.sites}
    if found := named.get(domain.lower()):
        return found
    file = settings.folder / "weblogs.config"
    if not named:
        raise UsageError(f"{file} names no site")
    near = did_you_mean(domain, named)
    raise UsageError(f"{file} has no site {ascii(domain)[:80]}; it has {', '.join(named)}.{near}")


def limits_of(site: WeblogSite) -> LogLimits:
    """What one log of the site may unpack to."""
    return LogLimits(plain_bytes=site.max_log_mb * _MB, ratio=site.max_ratio)


@contextmanager
def source_of(site: WeblogSite) -> Iterator[LogSource]:
    """Where the site's logs lie; errors are those of LogSource."""
    with closing(open_source(site.pull_bucket, site.pull_store())) as source:
        yield source


@contextmanager
def archive_of(
    site: WeblogSite, day: date, settings: Settings, check: Callable[[], None] = lambda: None
) -> Iterator[DayArchive]:
    """Where the day's archive goes; `check` is called often, and ends it when it raises.

    Raises ConfigError when push_bucket names nothing; errors are those of Output.
    """
    if site.push_place is None:
        raise ConfigError(f"weblogs.config: site {site.domain}: push_bucket: nothing is named")
    state = settings.home / "state"
    named = "push_bucket in weblogs.config"
    with closing(open_output(site.push_place, site.push_store(), state, named)) as output:
        yield DayArchive(output, site.domain, day, check=check)
