"""What decides how lines of a log become hits, in one value; it decides nothing itself.

Whoever makes it knows the config, the site as Matomo has it, and the time; a worker process gets it
by pickle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mtdata.core.errors import ConfigError

FLAGS = frozenset({"enable_static", "enable_bots", "enable_http_errors", "enable_http_redirects"})
"""The original's four; without a flag such lines are left out and counted."""

DIMENSIONS = frozenset({"bot", "status"})

DOWNLOADS = frozenset(
    "7z aac apk arc arj asc asf asx avi azw3 bin bz2 csv deb dmg doc docm docx dot dotx epub exe "
    "flac flv gz gzip hqx ibooks iso jar json m4a m4v md5 mkv mobi mov mp2 mp3 mp4 mpeg mpg msi "
    "msp mxp odb odf odg odp ods odt ogg ogv opus pdf phps pkg ppt pptx qt qtm ra ram rar rpm "
    "rtf sea sig sit sql tar tbz tbz2 tgz torrent txt wav webm wma wmv wpd xls xlsm xlsx xz z "
    "zip".split()
)
"""Extensions that are counted as a download, and not as the view of a page."""

STATIC = frozenset(
    "gif jpg jpeg png bmp ico svg svgz ttf otf eot woff woff2 class swf css js xml webp".split()
)
"""Extensions of what a page is made of; with enable_static each is a download."""


@dataclass(frozen=True, slots=True)
class Rules:
    """All that decides how lines become hits; picklable.

    The names of filters are those of Matomo's importer.  What `excluded_…` lists is the site's own,
    as SitesManager gives it: Matomo would count such hits as tracked and store none.
    """

    idsite: int
    main_url: str
    """Scheme and host of the site, for logs without host; empty: such lines are `no_host`."""
    newest: datetime
    """Aware.  A line of a later time is `bad_date` (the caller gives now and a day), and so is one
    more than 20 years older: Matomo would store both as of now."""
    format: str = "auto"
    """A name of the table, `auto`, or `regex`."""
    regex: str = ""
    """With format `regex`: an expression for one line with the named groups of GROUPS."""
    date_format: str = ""
    """With format `regex`: as strptime has it; without %z it is UTC.  Empty: as logs write it."""
    fields: tuple[str, ...] = ()
    """W3C: the names of the columns where a file has no #Fields."""
    flags: frozenset[str] = frozenset()
    exclude_path: tuple[str, ...] = ()
    """Globs on the path, without the query."""
    include_path: tuple[str, ...] = ()
    include_host: tuple[str, ...] = ()
    """Globs on the host without its port; a line without host counts as the main URL's."""
    exclude_host: tuple[str, ...] = ()
    useragent_exclude: tuple[str, ...] = ()
    """Parts of user agents, case ignored."""
    exclude_older_than: datetime | None = None
    """Aware; the moment itself is kept, as with `exclude_newer_than`."""
    exclude_newer_than: datetime | None = None
    download_extensions: frozenset[str] = DOWNLOADS
    excluded_ips: tuple[str, ...] = ()
    """Addresses, 192.0.2.0/24, or 192.0.*.*"""
    excluded_user_agents: tuple[str, ...] = ()
    """Parts of user agents, case ignored, or /an expression/."""
    excluded_parameters: tuple[str, ...] = ()
    """Names in the query, case ignored, or /an expression/: taken out of the URL."""
    dimensions: Mapping[str, int] = field(default_factory=dict)
    """Custom dimensions by `bot` and `status`: their ids in Matomo."""
    visitor_key: bytes = field(default=b"", repr=False)
    """At most 64 bytes; with it each hit has a `cid`: 16 hex digits, a keyed hash of IP and UA."""
    strip_query: bool = False
    lowercase_path: bool = False
    encoding: str = "utf-8"
    """Of user agents and user names; addresses keep their bytes, whatever these mean."""
    explain: int = 0
    """How many samples of ignored lines to keep for each reason, in each block."""


def checked(rules: Rules) -> Rules:
    """The rules, when they fit together; ConfigError otherwise."""
    faults = [f"no flag is called {name!r}" for name in sorted(rules.flags - FLAGS)]
    faults += [f"no dimension is called {name!r}" for name in sorted(rules.dimensions)
               if name not in DIMENSIONS]  # fmt: skip
    if len(rules.visitor_key) > 64:
        faults.append("the key of visitor ids has more than 64 bytes")
    for name in ("newest", "exclude_older_than", "exclude_newer_than"):
        moment: datetime | None = getattr(rules, name)
        if moment is not None and moment.tzinfo is None:
            faults.append(f"{name} has no zone")
    if not _keeps_ascii(rules.encoding):
        faults.append(f"no encoding that has ASCII in it is called {rules.encoding!r}")
    if faults:
        raise ConfigError("web logs: " + "; ".join(faults))
    return rules


def _keeps_ascii(encoding: str) -> bool:
    """Is each sign of ASCII read so as what it is?"""
    try:
        return all(bytes([sign]).decode(encoding, "replace") == chr(sign) for sign in range(128))
    except (LookupError, UnicodeError):
        return False
