"""A site of weblogs.config as what reads its logs, takes its hits and keeps its ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from zoneinfo import ZoneInfo

from mtdata.config import Settings
from mtdata.config.weblogs import WeblogSite
from mtdata.core.clock import SystemClock
from mtdata.core.errors import StorageError
from mtdata.core.reach import reason_of
from mtdata.core.sqlite import LedgerDatabase
from mtdata.weblogs.importer import ImportOptions
from mtdata.weblogs.ledger import Fence, WeblogLedger
from mtdata.weblogs.ledger.schema import WEBLOGS
from mtdata.weblogs.matomo.api import MatomoApi, SiteFacts
from mtdata.weblogs.matomo.errors import TrackingRefused
from mtdata.weblogs.matomo.tracker import Target
from mtdata.weblogs.operations import ledger_place
from mtdata.weblogs.rules import DOWNLOADS, Rules

AHEAD = timedelta(days=1)
"""A line of a later time than now and this has a wrong clock: Matomo would store it as of now."""
PERSON = b"MTData visitor"


def ledger_path(settings: Settings, domain: str) -> Path:
    """Where the ledger of a site lies."""
    return settings.home / "state" / "weblogs" / f"{domain}.sqlite3"


@contextmanager
def opened_ledger(
    settings: Settings, domain: str, fence: Fence = nullcontext
) -> Iterator[WeblogLedger]:
    """The ledger of a site.  StorageError or RecordsError when it cannot be opened.

    ConfigError where its lines are not all where weblogs.config says.
    """
    path = ledger_path(settings, domain)
    lines = ledger_place.lines_of(settings, domain, path)
    with closing(WeblogLedger(path, fence, lines)) as ledger:
        ledger_place.check(ledger, domain)
        yield ledger


def _has_ledger(path: Path) -> bool:
    """Whether there is a ledger; a link or a folder in its place is for the opening to refuse.

    StorageError where that is hidden from us.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StorageError(f"{path}: the ledger cannot be seen: {reason_of(error)}") from error
    return True


@contextmanager
def ledger_to_read(settings: Settings, domain: str) -> Iterator[WeblogLedger | None]:
    """The ledger of a site for who only looks; None where nothing was imported yet.

    StorageError or RecordsError when it cannot be read.
    """
    is_file = settings.weblogs.ledger != ledger_place.RECORDS
    if is_file and not _has_ledger(ledger_path(settings, domain)):
        yield None
        return
    with opened_ledger(settings, domain) as ledger:
        ledger.file.run("PRAGMA query_only=ON")
        yield ledger


def target_of(site: WeblogSite) -> Target:
    """Its Matomo."""
    token = site.token.get_secret_value()
    return Target(site.piwik_ip, token, site.timeout_s, rolls_back=site.transactions)


def terms_of(site: WeblogSite, zone: ZoneInfo | None = None) -> ImportOptions:
    """How its hits are sent; `zone` is that in which Matomo counts its days, if it was asked."""
    return ImportOptions(target_of(site), site.idsite, zone or site.zone, site.batch)


@dataclass(frozen=True, slots=True)
class KnownExclusions:
    """What Matomo would count as tracked and not store: of the site, and of all sites if told."""

    facts: SiteFacts
    ips: tuple[str, ...]
    agents: tuple[str, ...]
    parameters: tuple[str, ...]
    has_globals: bool


def asked_exclusions(site: WeblogSite) -> KnownExclusions:
    """Ask Matomo for the site.  TrackingError when it does not say.

    The exclusions of all sites are an administrator's to see; without them `has_globals` is False.
    """
    with closing(MatomoApi(target_of(site))) as api:
        facts = api.site(site.idsite)
        try:
            ips, agents, parameters = api.excluded_everywhere()
        except TrackingRefused:
            own = facts.excluded_ips, facts.excluded_agents, facts.excluded_parameters
            return KnownExclusions(facts, *own, has_globals=False)
    return KnownExclusions(
        facts,
        (*facts.excluded_ips, *ips),
        (*facts.excluded_agents, *agents),
        (*facts.excluded_parameters, *parameters),
        has_globals=True,
    )


def rules_of(site: WeblogSite, known: KnownExclusions | None, explain: int = 0) -> Rules:
    """What makes hits of its lines; without `known` as far as the config says, for trials."""
    secret = site.visitor_secret.get_secret_value().encode()
    facts = known.facts if known else SiteFacts(f"https://{site.domain}", site.zone)
    return Rules(
        idsite=site.idsite,
        main_url=facts.main_url,
        newest=SystemClock().now() + AHEAD,
        format=site.format,
        regex=site.regex.pattern if site.regex else "",
        date_format="",
        fields=site.fields,
        flags=site.flags,
        exclude_path=site.exclude_path,
        include_path=site.include_path,
        include_host=site.include_host or facts.only_hosts,
        exclude_host=site.exclude_host,
        useragent_exclude=site.useragent_exclude,
        exclude_older_than=site.exclude_older_than,
        exclude_newer_than=site.exclude_newer_than,
        download_extensions=(
            DOWNLOADS if site.download_extensions is None else frozenset(site.download_extensions)
        ),
        excluded_ips=known.ips if known else (),
        excluded_user_agents=known.agents if known else (),
        excluded_parameters=known.parameters if known else (),
        dimensions=dict(site.dimensions),
        visitor_key=blake2b(secret, person=PERSON).digest() if site.visitor_id else b"",
        explain=explain,
    )


@dataclass(frozen=True, slots=True)
class SiteIncidents:
    """The ledger of a site as one has it who only knows its incidents."""

    path: Path

    def is_there(self) -> bool:
        """Port: IncidentLedger.is_there."""
        return _has_ledger(self.path)

    def open(self) -> LedgerDatabase | None:
        """Port: IncidentLedger.open."""
        return LedgerDatabase(self.path, WEBLOGS) if self.is_there() else None

    def refuse_closing(self, number: int) -> None:
        """Port: IncidentLedger.refuse_closing."""


def incident_ledgers(settings: Settings) -> dict[str, SiteIncidents]:
    """The ledger of every site, also of one that has none yet."""
    domains = (site.domain for site in settings.weblogs.sites)
    return {domain: SiteIncidents(ledger_path(settings, domain)) for domain in domains}
