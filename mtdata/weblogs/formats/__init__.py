"""The table of formats: a new one is one entry.  It parses nothing by itself."""

from __future__ import annotations

from mtdata.weblogs.formats.aws import AWS
from mtdata.weblogs.formats.format import LogFormat
from mtdata.weblogs.formats.json_lines import JSON
from mtdata.weblogs.formats.ncsa import NCSA
from mtdata.weblogs.formats.streams import STREAMS
from mtdata.weblogs.formats.w3c import W3C

FORMATS: dict[str, LogFormat] = {one.name: one for one in (*NCSA, *JSON, *AWS, *STREAMS, *W3C)}
"""By name.  Of formats that fit a line equally well the first one is taken."""

ALIASES = {"ncsa_extended": "combined", "common_complete": "combined_vhost"}
"""Names of Matomo's importer for formats that we call otherwise."""
