"""Every package that is pinned is under a licence that goes with ours, as its own metadata says."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

from release.pins import Pin, layer

ROOT = Path(__file__).parents[2]
FREE = frozenset(
    "0BSD Apache-2.0 BSD BSD-2-Clause BSD-3-Clause CC0-1.0 CNRI-Python ISC MIT MIT-0 PSF-2.0 "
    "Unlicense Zlib".split()
)
"""These ask for no more than to be named."""
OWN_TERMS = frozenset("LGPL-3.0-only MPL-2.0 ZPL-2.1".split())
"""These have terms for their own files: what the program installs of them is named in NOTICE."""
SPELLED = {
    "Apache 2.0": "Apache-2.0", "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0", "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD", "MIT License": "MIT", "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "New BSD": "BSD-3-Clause",
    "The Unlicense (Unlicense)": "Unlicense", "ZPL 2.1": "ZPL-2.1",
}  # fmt: skip
UNSAID = {"axe-playwright-python": "MIT"}
"""Packages whose metadata says nothing: what the file LICENSE in them says."""


def licence_of(found: Distribution) -> str:
    """In the words of SPDX, as far as the metadata allows; '' where it says nothing."""
    about = found.metadata
    said = [about.get("License-Expression") or "", about.get("License") or ""]
    classed = [line.split(" :: ")[-1] for line in about.get_all("Classifier") or []
               if line.startswith("License :: OSI Approved :: ")]  # fmt: skip
    known = [word for word in (*said, *classed) if is_known(SPELLED.get(word, word))]
    return SPELLED.get(known[0], known[0]) if known else ""


def is_known(licence: str) -> bool:
    return bool(licence) and all(
        any(part.strip(" ()") in FREE | OWN_TERMS for part in either.split(" OR "))
        for either in licence.split(" AND ")
    )


def has_own_terms(licence: str) -> bool:
    return any(word in OWN_TERMS for word in re.split(r" AND | OR ", licence))


def installed(name: str) -> list[tuple[Pin, Distribution]]:
    """What is pinned for an extra, where this system wants it."""
    return [(pin, distribution(pin.name)) for pin in layer(ROOT, name) if pin.is_for_here()]


def test_every_package_has_a_licence_of_the_list() -> None:
    found = {pin.name: licence_of(one) for pin, one in installed("test")}
    assert len(found) > 100
    unknown = sorted(name for name, licence in found.items() if not licence and name not in UNSAID)
    assert not unknown, f"look at their licences, and at FREE: {unknown}"
    assert [name for name in UNSAID if found[name]] == [], "it says it by now"


def test_what_the_program_installs_under_terms_of_its_own_is_named() -> None:
    notice = (ROOT / "NOTICE").read_text("utf-8")
    found = {pin.name for pin, one in installed("demo") if has_own_terms(licence_of(one))}
    assert {"psycopg", "certifi", "waitress"} <= found
    missing = sorted(name for name in found if not re.search(rf"\b{re.escape(name)}\b", notice))
    assert not missing, f"NOTICE names none of {missing}"


@pytest.mark.parametrize(
    ("licence", "known"),
    [("MIT", True), ("GPL-3.0-only", False), ("MIT AND GPL-3.0-only", False), ("", False),
     ("GPL-3.0-only OR MIT", True), ("MIT AND (Zlib OR GPL-2.0-only)", True)],
)  # fmt: skip
def test_a_licence_that_is_on_no_list_is_seen(licence: str, known: bool) -> None:
    assert is_known(licence) is known


def test_what_is_pinned_and_not_installed_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "layer", lambda *of: [Pin("no-such-thing", "1", "", (), "")])
    with pytest.raises(PackageNotFoundError):
        installed("test")
