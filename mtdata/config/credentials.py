"""USER, PASS, passphrase and replica keys from outside the file; never guesses or shows them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mtdata.config.plain import read_plain

MOST_REPLICAS = 9


def account(site: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return USER, PASS and passphrase as far as a credential or the environment has them.

    A systemd credential outranks the environment for the account.  Empty counts as not there.
    Raises ValueError when a credential is there and cannot be read.
    """
    found = {
        "USER": credential(f"{site}.user", environ) or _variable(site, "USER", environ),
        "PASS": credential(f"{site}.pass", environ) or _variable(site, "PASS", environ),
        "passphrase": _variable(site, "PASSPHRASE", environ)
        or bare(environ.get("MTDATA_KEY_PASSPHRASE", ""))
        or credential(f"{site}.passphrase", environ),
    }
    return {key: value for key, value in found.items() if value}


def replica_keys(site: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what is given for the replicas by their number in the list: {"1 SECRET_KEY": ...}.

    From MTDATA_<SITE>_REPLICA1_SECRET_KEY, or the credential <site>.replica1_secret_key, which
    outranks it.  Raises ValueError when a credential is there and cannot be read.
    """
    found = {}
    for number in range(1, MOST_REPLICAS + 1):
        for key in ("ACCESS_KEY", "SECRET_KEY"):
            word = f"replica{number}_{key}"
            found[f"{number} {key}"] = credential(f"{site}.{word.lower()}", environ) or _variable(
                site, word.upper(), environ
            )
    return {key: value for key, value in found.items() if value}


def export_keys(name: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return API_KEY, ACCESS_KEY and SECRET_KEY of an account as far as they are given outside.

    From MTDATA_<NAME>_API_KEY and so on, or the credential <name>.api_key, which outranks it.
    Raises ValueError when a credential is there and cannot be read.
    """
    found = {
        key: credential(f"{name}.{key.lower()}", environ) or _variable(name, key, environ)
        for key in ("API_KEY", "ACCESS_KEY", "SECRET_KEY")
    }
    return {key: value for key, value in found.items() if value}


def mail_account(environ: Mapping[str, str]) -> dict[str, str]:
    """Return USER and PASS of the mail account as far as they are given outside log.config.

    Raises ValueError when a credential is there and cannot be read.
    """
    found = {
        key: credential(f"mail.{key.lower()}", environ)
        or bare(environ.get(f"MTDATA_MAIL_{key}", ""))
        for key in ("USER", "PASS")
    }
    return {key: value for key, value in found.items() if value}


def _variable(site: str, what: str, environ: Mapping[str, str]) -> str:
    return bare(environ.get(f"MTDATA_{site.upper().replace('-', '_')}_{what}", ""))


def bare(word: str) -> str:
    """A word less the one line end that a file or a command has left behind it."""
    return word[:-2] if word.endswith("\r\n") else word.removesuffix("\n")


def credential(name: str, environ: Mapping[str, str]) -> str:
    """Return what systemd put in $CREDENTIALS_DIRECTORY under that name, less one line end."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return ""
    try:
        text = read_plain(Path(folder) / name).decode("utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ValueError(
            f"the systemd credential {name} cannot be read: {error.strerror}"
        ) from None
    except UnicodeDecodeError:
        raise ValueError(f"the systemd credential {name} is not UTF-8 text") from None
    return bare(text)
