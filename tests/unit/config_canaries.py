"""Secrets in the place of every key of every config file, out of the models themselves; no test.

A key that is new in a model is in here by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from mtdata.config import LogConfig, MailConfig, SiteConfig
from mtdata.config.daemon import DaemonConfig
from mtdata.config.export import CakeConfig
from mtdata.config.programme import ProgrammeConfig
from mtdata.config.replica import KEYS as REPLICA_KEYS
from mtdata.config.sections import allowed_keys
from mtdata.config.settings import RecoveryConfig
from mtdata.config.weblogs import WeblogKeys, WeblogSite
from mtdata.core.errors import ConfigError
from mtdata.logs.setting import DEFAULT

SINGS = re.compile("k[eé]strel|918273645546372819|MIIEow|QUJDREVG", re.IGNORECASE)
"""What no byte that is written or sent may hold."""
BODY = "MIIEowIBAAKCAQEAkestrel" + "QUJDREVGQUJDREVG" * 3
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n{BODY}\n-----END RSA PRIVATE KEY-----\n"
FORMS: dict[str, Any] = {
    "pem": PEM,
    "pem in one line": PEM.replace("\n", " "),
    "body": BODY * 3,
    "password": "kestrel:Pass wörd%7Z",
    "word": "kestrel7Secret",
    "small word": "kestrel",
    "lines": "a kestrel line\nanother kestrel line",
    "list": ["kestrel one", "kestrel two"],
    "mapping": {"kestrel-left": "kestrel-right"},
    "deep": [{"kestrel-left": ["kestrel-deep"]}],
    "number": 918273645546372819,
    "url": "https://kestreluser:kestrelpass@host.example/kestrel?kestrel=1#kestrel",
    "database": "mysql://kestreluser:kestrelpass@host.example:port/kestrel",
    "variable": "${kestrelvariable}",
    "half a variable": "kestrel${kestrel-x}",
    "set variable": "${SET}",
    "bytes": b"kestrel bytes",
}
ENVIRON = {"SET": "kestrel of the environment"}
RAW = (
    "!kestrel x",
    "*kestrel",
    "&kestrel [*kestrel",
    "@kestrel",
    '"kestrel\\q"',
    "'kestrel",
    "[kestrel",
    "{kestrel",
    "kestrel: kestrel: kestrel",
    "%kestrel",
    "!<kestrel'\"> x",
    "!!binary kestrel!é",
    "!!set {kestrel, kestrel}",
    "|9x kestrel",
    "!kestrel%C3%28 x",
    "- kestrel",
    "!!timestamp kestrel",
    "!!omap [kestrel]",
    "<<: kestrel",
    "!!python/name:kestrel x",
    "\tkestrel",
    "`kestrel`",
)
"""What stands behind a colon and cannot be read as YAML, or as something odd."""  # fmt: skip
SITE = {"READY": True, "SERVER": "http://127.0.0.1:9", "USER": "u", "PASS": "p"}
ACCOUNT = {"ADMIN_DOMAIN": "127.0.0.1:9", "SCHEME": "http", "API_KEY": "k", "TIMEZONE": "UTC"}
MAIL = {
    "HOST": "127.0.0.1",
    "PORT": 9,
    "TLS": "none",
    "FROM": "a@example.org",
    "TO": "b@example.org",
}
OTHERS: Mapping[str, type[BaseModel]] = {
    "recovery.config": RecoveryConfig,
    "daemon.config": DaemonConfig,
    "programme.config": ProgrammeConfig,
    "log.config": LogConfig,
}


def sites(forms: Iterable[str]) -> dict[str, Any]:
    """A site for each form in each key, and in each key of a replica; a secret as a key, too."""
    made: dict[str, Any] = {}
    for number, form in enumerate(forms):
        secret = FORMS[form]
        for key in allowed_keys(SiteConfig):
            made[f"s{number}-{key}"] = {**SITE, "PATH": f"p/{number}{key}", key: secret}
        for key in REPLICA_KEYS:
            replica = {"URL": "s3://bucket", key: secret}
            made[f"r{number}-{key}"] = {**SITE, "PATH": f"r/{number}{key}", "REPLICAS": [replica]}
        if isinstance(secret, str | int | bytes):
            made[f"k{number}"] = {**SITE, "PATH": f"k/{number}", secret: "kestrel"}
            made[secret if isinstance(secret, str) else f"t{number}"] = secret  # type: ignore[index]
    return made


def accounts(forms: Iterable[str]) -> dict[str, Any]:
    """An account of CAKE for each form in each key."""
    return {
        f"a{number}{key}": {**ACCOUNT, "OUTPUT": f"o/{number}{key}", key: FORMS[form]}
        for number, form in enumerate(forms)
        for key in allowed_keys(CakeConfig)
    }


def weblogs(forms: Iterable[str]) -> dict[str, Any]:
    """A site for each form in each key, one for the form as a key, and the last form at the top."""
    forms = list(forms)
    made: dict[Any, Any] = {
        f"a{number}.{key.replace('_', '-')}.example": {"idsite": 1, key: FORMS[form]}
        for number, form in enumerate(forms)
        for key in allowed_keys(WeblogSite)
    }
    for form in forms:
        secret = FORMS[form]
        if isinstance(secret, str | int | bytes):
            made |= {secret: secret, f"{form}.example": {"idsite": 1, secret: "kestrel"}}
    return {"sites": made, **dict.fromkeys(allowed_keys(WeblogKeys), FORMS[forms[-1]])}


def mails(form: str) -> dict[str, Any]:
    """MAIL with the secret in the place of every key, and one more."""
    return {**dict.fromkeys(allowed_keys(MailConfig), FORMS[form]), "kestrel": 1}


def loggings(secret: Any) -> list[Any]:
    """LOGGING with the secret in each place of the sample in turn, as a value and as a key."""
    made: list[Any] = [secret]

    def walk(node: Any, put: Any) -> None:
        for key in node if isinstance(node, dict) else ():
            made.append(put({**node, key: secret}))
            if isinstance(secret, str):
                made.append(put({secret if k == key else k: v for k, v in node.items()}))
            walk(node[key], lambda inner, key=key: put({**node, key: inner}))

    walk(DEFAULT, lambda whole: whole)
    return made


def write(folder: Path, name: str, content: Any) -> None:
    """A file of the config; text as it is."""
    text = content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True)
    (folder / name).write_text(text, encoding="utf-8")


def all_at_once(folder: Path, forms: Iterable[str]) -> None:
    """Every file with a secret in the place of every key; the last form counts for small files."""
    forms = list(forms)
    write(folder, "server.config", sites(forms))
    write(folder, "export.config", {"CAKE": accounts(forms)})
    write(folder, "weblogs.config", weblogs(forms))
    for name, model in OTHERS.items():
        content = dict.fromkeys(allowed_keys(model), FORMS[forms[-1]])
        if name == "log.config":
            content["MAIL"] = mails(forms[-1])
        write(folder, name, {**content, "kestrel": FORMS[forms[-1]]})


def chain(error: BaseException) -> str:
    """What an error and all that it came from would show."""
    told: list[str] = []
    found: BaseException | None = error
    while found is not None:
        told.append(f"{found} {found!r}" if isinstance(found, ConfigError) else "")
        found = found.__cause__
    return "\n".join(told)
