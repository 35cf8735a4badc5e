"""USER, PASS, passphrase and replica keys from outside the file; never guesses or shows them.

Whoever looks for them gets a ValueError when a credential is there and cannot be read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from mtdata.config.reading import bare, read_plain

MOST_REPLICAS = 9
_names_asked: ContextVar[list[str] | None] = ContextVar("names_asked", default=None)


@contextmanager
def noting_names() -> Iterator[list[str]]:
    """The names of the credentials that are looked for in here, whether or not they are there."""
    names: list[str] = []
    token = _names_asked.set(names)
    try:
        yield names
    finally:
        _names_asked.reset(token)


def account(site: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return USER, PASS and passphrase as far as a credential or the environment has them.

    A systemd credential outranks the environment for the account.  Empty counts as not there.
    """
    found = _given_outside(site, ("USER", "PASS"), environ)
    passphrase = (
        _variable(site, "PASSPHRASE", environ)
        or bare(environ.get("MTDATA_KEY_PASSPHRASE", ""))
        or credential(f"{site}.passphrase", environ)
    )
    return found | {"passphrase": passphrase} if passphrase else found


def replica_keys(site: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what is given for the replicas by their number in the list: {"1 SECRET_KEY": ...}.

    From MTDATA_<SITE>_REPLICA1_SECRET_KEY, or the credential <site>.replica1_secret_key, which
    outranks it.
    """
    numbers, keys = range(1, MOST_REPLICAS + 1), ("ACCESS_KEY", "SECRET_KEY")
    words = {f"REPLICA{number}_{key}": f"{number} {key}" for number in numbers for key in keys}
    return {words[word]: value for word, value in _given_outside(site, words, environ).items()}


def export_keys(name: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return API_KEY, ACCESS_KEY and SECRET_KEY of an account as far as they are given outside.

    From MTDATA_<NAME>_API_KEY and so on, or the credential <name>.api_key, which outranks it.
    """
    return _given_outside(name, ("API_KEY", "ACCESS_KEY", "SECRET_KEY"), environ)


def form_output_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """Return OUTPUT_ACCESS_KEY and OUTPUT_SECRET_KEY of programme.config as far as given outside.

    From MTDATA_PROGRAMME_OUTPUT_ACCESS_KEY and so on, or the credential
    programme.output_access_key, which outranks it.
    """
    return _given_outside("programme", ("OUTPUT_ACCESS_KEY", "OUTPUT_SECRET_KEY"), environ)


def weblog_keys(name: str, keys: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return which of these keys of weblogs.config are given outside of it.

    `name` is weblogs, or weblogs- and a site's domain with - for each dot: from
    MTDATA_WEBLOGS_TOKEN and so on, or the credential weblogs.token, which outranks it.
    """
    found = _given_outside(name, [key.upper() for key in keys], environ)
    return {key.lower(): value for key, value in found.items()}


def mail_account(environ: Mapping[str, str]) -> dict[str, str]:
    """Return USER and PASS of the mail account as far as they are given outside log.config."""
    return _given_outside("mail", ("USER", "PASS"), environ)


def _given_outside(name: str, keys: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """What is given outside under each of these keys; a credential outranks the environment."""
    found = {
        key: credential(f"{name}.{key.lower()}", environ) or _variable(name, key, environ)
        for key in keys
    }
    return {key: value for key, value in found.items() if value}


def _variable(site: str, what: str, environ: Mapping[str, str]) -> str:
    return bare(environ.get(f"MTDATA_{site.upper().replace('-', '_')}_{what}", ""))


def credential(name: str, environ: Mapping[str, str], label: str = "") -> str:
    """Return what systemd put in $CREDENTIALS_DIRECTORY under that name, less one line end.

    A container's secrets are such files as well.  ValueError, which tells the name as `label` has
    it, for what cannot be read or is no text.
    """
    asked = _names_asked.get()
    if asked is not None and name not in asked:
        asked.append(name)
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return ""
    what = f"the systemd credential {label or name}"
    try:
        text = read_plain(Path(folder) / name).decode("utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ValueError(f"{what} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{what} is not UTF-8 text") from None
    return bare(text)


def given_names(environ: Mapping[str, str]) -> list[str]:
    """The names of all credentials that are there, as far as that can be seen."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    try:
        return os.listdir(folder) if folder else []
    except OSError:
        return []
