"""From what weblogs.config holds to its sites, or to all their faults; never reads the file itself.

What stands at the top counts for every site that does not say otherwise, and is told once when it
is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtdata.config import weblog_values
from mtdata.config.credentials import weblog_keys
from mtdata.config.sections import Section, World, allowed_keys
from mtdata.config.weblogs import WeblogsConfig, WeblogsFile, WeblogSite
from mtdata.core.disclosure import kind_of

SITES, LEDGER = "sites", "ledger"
NEEDED = ("pull_bucket", "piwik_ip")
OLD_NAMES = {"aws_push_bucket": "push_bucket"}
"""The original's, which its program wants and its guide does not name."""
SECRETS = (
    *("aws_pull_access_key", "aws_pull_secret", "aws_push_access_key", "aws_push_secret"),
    *("token", "visitor_secret"),
)


def weblogs_config(where: str, content: Any, world: World) -> WeblogsConfig:
    """The sites of the file; its faults are added to those of the world."""
    if not content:
        return WeblogsConfig()
    if not isinstance(content, dict):
        told = f"allowed are the key {SITES} and keys that count for all; found {kind_of(content)}"
        world.faults.append(f"{where}: {told}")
        return WeblogsConfig()
    raw = {key: value for key, value in _renamed(content).items() if key != SITES}
    above = Section(where, raw, WeblogsFile)
    _fill(above, "weblogs", world)
    whole = above.into(WeblogsFile, world)
    above.values.pop(LEDGER, None)  # one file of sites has one sort of ledger
    sites = _Sites(where, above, world).read(content.get(SITES))
    return WeblogsConfig(sites=tuple(sites), ledger=whole.ledger if whole else "file")


def _renamed(content: Mapping[Any, Any]) -> dict[Any, Any]:
    return {
        OLD_NAMES[key] if key in OLD_NAMES and OLD_NAMES[key] not in content else key: value
        for key, value in content.items()
    }


def _fill(section: Section, name: str, world: World) -> None:
    given: dict[str, str] = {}
    try:
        given = weblog_keys(name, SECRETS, world.environ)
    except ValueError as error:
        world.faults.append(section.fault(", ".join(SECRETS), str(error)))
    world.faults.extend(section.fill(world.environ, given))


class _Sites:
    """The sites below the keys that count for all."""

    def __init__(self, where: str, above: Section, world: World) -> None:
        self._where, self._above, self._world = where, above, world
        self._words: dict[str, str] = {}

    def read(self, told: Any) -> list[WeblogSite]:
        """Every site without a fault."""
        if not isinstance(told, dict) or not told:
            text = "allowed is a mapping of domains to their numbers in Matomo, or to their keys"
            self._world.faults.append(f"{self._where}: {SITES}: {text}; found {kind_of(told)}")
            return []
        sections = [self._section(*pair, number) for number, pair in enumerate(told.items(), 1)]
        known = [section for section in sections if section is not None]
        for key in NEEDED:
            self._need(key, known)
        sites = [section.into(WeblogSite, self._world) for section in known]
        return [site for site in sites if site is not None]

    def _section(self, domain: Any, told: Any, number: int) -> Section | None:
        keys = _renamed(told) if isinstance(told, dict) else {"idsite": told}
        try:
            name = weblog_values.site_domain(domain)
        except ValueError as error:
            text = f"allowed is a domain; found {kind_of(domain)} ({error})"
            self._world.faults.append(f"{self._where}: {SITES}: number {number}: {text}")
            return None
        # a word without a dot may be a key that stands in a wrong place
        is_site = (
            "." in name
            and bool(set(keys) & set(allowed_keys(WeblogSite)))
            and (isinstance(told, dict) or str(told).isdigit())
        )
        label = name if is_site else f"number {number}"
        section = Section(f"{self._where}: site {label}", keys, WeblogSite)
        # in names of variables and credentials these are one
        word = name.replace(".", "-")
        if word in self._words:
            text = (
                f"allowed is a domain of its own (. = -, a = A); found that of {self._words[word]}"
            )
            self._world.faults.append(f"{section.where}: {text}")
            return None
        self._words[word] = label
        _fill(section, f"weblogs-{word}", self._world)
        section.inherit(self._above)
        section.values["domain"] = name
        return section

    def _need(self, key: str, sections: list[Section]) -> None:
        """Tell once of what no site has."""
        lacking = [section for section in sections if key not in section.values]
        lacking = [section for section in lacking if not section.is_faulty(key)]
        if lacking and len(lacking) == len(sections):
            self._world.faults.append(self._above.lacking(key))
        else:
            self._world.faults.extend(section.lacking(key) for section in lacking)
