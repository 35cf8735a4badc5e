"""Commands that show what was proven, to who has the pool and who has not: receipt, receipts."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from typing import Any

from mtdata.cli.sites import Result, answer, each_site, recorded, settings_of
from mtdata.cli.tables import counted, note, say, table
from mtdata.cli.words import number, path_of
from mtdata.core.errors import StorageError, UsageError

RECEIPT = """examples:
  mtdata receipt mysite QOL 4711            where that entry is, and when each step was proven
  mtdata receipt mysite QOL 4711 --json

An id that came with other content has several entries; all are shown. What an older program did
not record is "not recorded".
"""
RECEIPTS = """examples:
  mtdata receipts export                    sign the heads of every pool's events, day by day
  mtdata receipts export mysite --out DIR   for somebody else: heads, signature, public key

The key is keys/receipts_ed25519.pem; `mtdata init` makes it. docs/RECEIPTS.md says how an outsider
checks the files with openssl alone. The newest heads stay in state/receipts, and `mtdata verify`
holds the ledger against them.
"""
NO_POOL = "no pool yet; `mtdata export` makes it"


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's commands."""
    one = commands.add_parser(
        "receipt", parents=[shared], help="where an entry is, what was proven when", epilog=RECEIPT
    )
    one.add_argument("server", help="a site's NAME")
    one.add_argument("scale", help="a scale's name")
    one.add_argument("id", help="the id of the entry on the site")
    one.set_defaults(run=_receipt)
    several = commands.add_parser(
        "receipts", parents=[shared], help="heads of the ledgers, signed", epilog=RECEIPTS
    )
    actions = several.add_subparsers(dest="action", metavar="ACTION", required=True)
    export = actions.add_parser(
        "export", parents=[shared], help="sign the heads of all days", epilog=RECEIPTS
    )
    export.add_argument("server", nargs="?", default=".", help="a site's NAME; . = every one")
    export.add_argument(
        "--out", metavar="DIR", type=path_of, help="also into DIR/SITE, with the public key"
    )
    export.set_defaults(run=_export)


def _receipt(options: argparse.Namespace) -> Result:
    from mtdata.study.operations import receipts  # with all that opens a pool

    try:
        id = number(options.id)
    except ValueError:
        raise UsageError(f"{ascii(options.id)[:80]} is no id: ids are whole numbers") from None
    shown = receipts.receipt(settings_of(options).site(options.server), options.scale, id)
    if not options.json:
        for entry in shown["entries"]:
            title = f"{shown['site']} {shown['scale']} {id}, entry {entry['entry']} of the ledger"
            table(title, ("what", "when", "where, how"), _lines(entry))
    if all(entry["erased"] or entry["raw"]["as_kept"] for entry in shown["entries"]):
        return 0, shown
    code = StorageError.exit_code
    told = "raw bytes do not stand there as they were kept; `mtdata verify` says which"
    note(f"mtdata: {told}")
    return code, {**shown, "error": {"kind": "DamageError", "message": told, "exit": code}}


def _lines(entry: dict[str, Any]) -> list[tuple[str, str, str]]:
    raw, row, held, delete = (entry[name] for name in ("raw", "row", "held", "delete"))
    lines = [*_raw_lines(raw, entry["sha256"])] if raw else []
    if entry["erased"]:
        lines.append(("erased", _when(entry["erased"]), "a person had it erased"))
    lines += [_copy_line(one) for one in entry["replicas"]]
    if row:
        where = f"{row['sheet']}, row {row['row']}, byte {row['start']}"
        lines.append(("row verified", _when(row["verified"]), where))
        lines.append(("opened by", "", _keys(row["opened_by"])))
        lines.append(("sheet verified", _at(row["verified_again_at"]), "whole, by `mtdata verify`"))
    else:
        lines.append(
            ("row", "", (held and f"held, {held['kind']}: {held['reason']}") or entry["state"])
        )
    answered, gone = delete["answered"], delete["gone"]
    lines.append(("delete asked", _when(delete["asked"]), ""))
    lines.append(("answered", _when(answered), answered["answer"] if answered else ""))
    lines.append(("gone", _when(gone), gone["shown_by"] if gone else "the site has it, or may"))
    return lines


def _raw_lines(raw: dict[str, Any], digest: str) -> Iterator[tuple[str, str, str]]:
    place = f"{raw['file']}, {raw['length']} bytes from byte {raw['start']}"
    stands = "as kept" if raw["as_kept"] else "NOT as kept: see `mtdata verify`"
    yield "kept", _when(raw["kept"]), f"{raw['kept']['how']}: {place}"
    yield "read just now", "", f"{stands}, SHA-256 {digest}"
    yield "file verified", _at(raw["verified_again_at"]), "whole, by `mtdata verify`"


def _copy_line(one: dict[str, Any]) -> tuple[str, str, str]:
    read = f", read again {one['last_read_at']}" if one["last_read_at"] else ""
    return "copy confirmed", one["confirmed_at"] or "not yet", f"{one['replica']}{read}"


def _when(step: dict[str, Any] | None) -> str:
    if step is None:
        return "not yet"
    event = step["event"]
    by = f" (event {event})" if isinstance(event, int) else ""
    return f"{step['at'] or 'not known'}{by}"


def _at(moment: str | None) -> str:
    return moment or "not yet"


def _keys(opened: list[dict[str, str]] | str) -> str:
    if isinstance(opened, str):
        return opened
    shown = (f"{one['key']}, public half SHA-256 {one['public_sha256']}" for one in opened)
    return "; ".join(shown) or "nothing in it is sealed"


def _export(options: argparse.Namespace) -> Result:
    from mtdata.study.operations import receipts  # with all that opens a pool
    from mtdata.study.operations.opening import has_pool

    settings = recorded(options)
    sites = settings.sites if options.server == "." else (settings.site(options.server),)
    begun = tuple(site for site in sites if has_pool(site) or options.server != ".")
    done, faults = each_site(begun, lambda site: receipts.export_heads(site, options.out))
    if not begun:
        note(f"mtdata: {NO_POOL}")
    for name, one in done.items():
        if one["set_aside"]:
            note(f"mtdata: {name}: the heads signed before are kept beside: {one['set_aside']}")
        for told in one["broken"]:
            note(f"mtdata: {name}: the ledger's history: {told}")
        if not options.json:
            _say_exported(name, one)
    return answer("sites", done, {one["exit"] for one in done.values()}, faults)


def _say_exported(name: str, one: dict[str, Any]) -> None:
    if not one["days"]:
        say(f"{name}: nothing to sign yet; the next round that brings something is the first event")
        return
    days, events = counted(one["days"], "day"), counted(one["events"], "event")
    say(f"{name}: the heads of {days} with {events} are signed: {one['folder']}")
    where = shlex.quote(one["folder"])
    say(
        f"anybody checks them by: openssl pkeyutl -verify -pubin -inkey {shlex.quote(one['key'])}"
        f" -rawin -in {where}/heads.json -sigfile {where}/heads.sig"
    )
