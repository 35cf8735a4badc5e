"""How Sphinx builds the site: strictly (bin/docs gives -W), and with nothing of other servers."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_VERSION = re.search(r'^__version__ = "(.+)"$', (ROOT / "mtdata/__init__.py").read_text(), re.M)

project = "MTData"
author = "The MTData maintainers"
copyright = author
version = release = _VERSION[1] if _VERSION else ""
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "attrs_block"]
myst_heading_anchors = 4  # as GitHub makes them: links of pages lead to them in a checkout too
nitpicky = True
smartquotes = False  # two dashes are an option, and quotes are typed as they stand
highlight_language = "none"
html_theme = "furo"
html_title = f"MTData {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
linkcheck_timeout = 20
linkcheck_ignore = [r"http://127\.0\.0\.1.*"]
