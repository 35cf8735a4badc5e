"""The certificate of an erasure: what went from where, and what this program cannot reach.

It names nobody.  The person is there as an HMAC under a token that stands in a file of its own:
whoever has both the token and the value can show whom it is about, and nobody else can try values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mtdata import __version__
from mtdata.core.pool_files import REPORTS
from mtdata.core.ports import Disk
from mtdata.study.erasure.person import Person
from mtdata.study.erasure.plan import ErasurePlan, FileCuts
from mtdata.study.erasure.search import FoundFile, PersonFound
from mtdata.study.model.tombstone import Erasure

PROOF = "printf %s VALUE | openssl dgst -sha256 -hmac TOKEN"
BEYOND = (
    "the study website itself, its database and its backups",
    "backups and copies of this pool, and blocks of the disk that nothing was written over yet",
    "ledgers that were put aside (ledger.sqlite3.lost…): digests of entries, no answers",
    "web statistics (Matomo), web logs, mails, exports and files that people took out of here",
    "what other parts of this program hold",
)
"""What no erasure here can reach, whoever it is for."""


def certificate_of(
    site: str,
    erasure: Erasure,
    person: Person,
    token: str,
    found: PersonFound,
    files: Sequence[FileCuts],
) -> dict[str, Any]:
    """What the certificate says, but when the erasure was ended."""
    going = {file.path for file in files}
    return {
        "certificate": "erasure of one person's data",
        "erasure": erasure.sign,
        "site": site,
        "begun_at": erasure.erased_at,
        "program": f"mtdata {__version__}",
        "person": {"hmac_sha256": person.commitment(token), "proof": PROOF},
        "fields": sorted(person.names),
        "raw_files_too": erasure.raw,
        "removed": [_file_lines(file) for file in files],
        "rows_removed": sum(file.rows for file in files),
        "left": [_left(one) for one in found.files if one.path not in going],
        "beyond_reach": beyond_reach(found),
    }


def beyond_reach(found: PersonFound) -> list[str]:
    """What this program cannot remove, or cannot tell, in sentences."""
    told = [
        f"entries of {scale} that no key of today opens, so nobody can tell whose: {number}"
        for scale, number in sorted(found.untold.items())
        if number
    ]
    if found.nameless:
        told.append(
            f"no field names a participant in {', '.join(sorted(found.nameless))}; "
            "if another one does, name it by --field"
        )
    told += [f"not looked into: {path}" for path in found.unseen]
    for place, names in sorted(found.copies.items()):
        if names:
            told.append(f"replica {place} keeps {len(names)} copies with rows: {', '.join(names)}")
    told += [
        f"entries of {scale} on the study website, by its last listing: {number}"
        for scale, number in sorted(found.on_site.items())
        if number
    ]
    return [*told, *BEYOND]


def _file_lines(file: FileCuts) -> dict[str, Any]:
    return {
        "kind": file.kind,
        "scale": file.scale,
        "file": file.path,
        "rows": file.rows,
        "before": {"bytes": file.length, "sha256": file.digest},
        "after": {"bytes": file.new_length, "sha256": file.new_digest},
    }


def _left(one: FoundFile) -> dict[str, Any]:
    return {"kind": one.kind, "scale": one.scale, "file": one.path, "rows": one.rows}


def base_of(plan: ErasurePlan) -> str:
    """The path of the certificate's files, without their endings."""
    return f"{REPORTS}/erasure-{plan.erasure.sign}"


def write_certificate(
    disk: Disk, plan: ErasurePlan, ended_at: str, changed: Sequence[str]
) -> dict[str, Any]:
    """Write JSON, text and token (0600); safe to do again.  `changed`: files that were let be."""
    shown = {**plan.certificate, "ended_at": ended_at, "changed_meanwhile": list(changed)}
    base = base_of(plan)
    disk.replace(f"{base}.token", f"{plan.token}\n".encode())
    disk.replace(f"{base}.txt", _text(shown).encode())
    disk.replace(f"{base}.json", f"{json.dumps(shown, indent=1)}\n".encode())
    return shown


def _text(shown: Mapping[str, Any]) -> str:
    lines = [
        f"Certificate of the erasure of one person's data: {shown['erasure']}",
        "",
        f"site:       {shown['site']}",
        f"begun:      {shown['begun_at']}",
        f"ended:      {shown['ended_at']}",
        f"by:         {shown['program']}",
        f"raw files:  {'rewritten too' if shown['raw_files_too'] else 'left as they are'}",
        f"person:     {shown['person']['hmac_sha256']}",
        f"            = {PROOF}",
        "            with the value that the study knows the person by, and the token that was",
        "            handed out beside this certificate",
        "",
        f"Removed, {shown['rows_removed']} rows:",
    ]
    for file in shown["removed"]:
        lines += [
            f"  {file['file']}: {file['rows']} rows",
            f"    before: {file['before']['bytes']} bytes, SHA-256 {file['before']['sha256']}",
            f"    after:  {file['after']['bytes']} bytes, SHA-256 {file['after']['sha256']}",
        ]
    lines += ["", "Left as they are:"]
    lines += [f"  {file['file']}: {file['rows']} rows" for file in shown["left"]] or ["  nothing"]
    lines += [f"  {path}: changed meanwhile" for path in shown["changed_meanwhile"]]
    lines += ["", "What this program cannot reach:"]
    lines += [f"  - {told}" for told in shown["beyond_reach"]]
    return "\n".join([*lines, ""])
