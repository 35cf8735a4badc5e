"""Secrets that sing: planted where answers and keys are, and looked for in all that is said.

What a home writes is looked through by itself, wherever it lies, but for the places that are meant
to hold answers or keys.  What leaves it (mails, web hooks, a page) is handed to `hear`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from urllib.parse import quote, quote_plus

from tests.system.home import Home

ANSWER, SEALED, NUMBER = "canaryanswer", "canarysealed", "918273645546372819"
USER, PASSWORD = "canaryuser@example.org", "canary:pass wörd"
PASSPHRASE = "canary-passphräse"
REPLICA_KEYS = ("CANARYACCESSKEY", "canary/secret+key")
PING, HOOK, MAIL_PASSWORD = "canaryping", "canaryhook", "canary-mail-päss"
MEANT_TO_HOLD = (
    *("config/", "keys/", "pool/raw_data/", "pool/active_data/", "pool/recovered_data/"),
    *("pool/held/",),
)


class Canaries:
    """All secrets of one home, and everything that was said."""

    def __init__(self, home: Home, *more: str) -> None:
        self._home = home
        self._heard: list[tuple[str, bytes]] = []
        self.secrets = [ANSWER, SEALED, NUMBER, USER, PASSWORD, PASSPHRASE, *REPLICA_KEYS]
        self.secrets += [PING, HOOK, MAIL_PASSWORD, *more]

    def hear(self, where: str, text: str | bytes) -> None:
        """Something that left the home: a mail, a request, a page."""
        self._heard.append((where, text.encode() if isinstance(text, str) else text))

    def said(self) -> Iterator[tuple[str, bytes]]:
        """Everything that must hold no secret, with where it was said."""
        yield from self._heard
        for number, noise in enumerate(self._home.noises):
            yield f"noise {number}", noise.encode()
        for path in sorted(self._home.folder.rglob("*")):
            name = path.relative_to(self._home.folder).as_posix()
            if path.is_file() and not name.startswith(MEANT_TO_HOLD):
                yield name, path.read_bytes()

    def singing(self) -> list[str]:
        """Where a secret was said, in whatever form."""
        forms = [form for secret in self.secrets for form in _forms(secret)]
        forms += _forms(base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())
        return [
            f"{where}: {form!r}" for where, text in self.said() for form in forms if form in text
        ]

    def amount(self, name: str) -> int:
        """How much was said there: a test that hears nothing proves nothing."""
        return sum(len(text) for where, text in self.said() if where.startswith(name))


def _forms(secret: str) -> set[bytes]:
    plain = {
        *(secret, quote(secret), quote_plus(secret), escape(secret)),
        *(json.dumps(secret)[1:-1], ascii(secret)[1:-1]),
    }
    return {form.encode() for form in plain} | {
        base64.b64encode(secret.encode()).rstrip(b"=")[:-1],
        secret.encode().hex().encode(),
        secret.encode("utf-16-le"),
    }


def key_lines(pem: bytes) -> list[str]:
    """The lines of a private key that say something."""
    return [line for line in pem.decode().splitlines() if len(line) > 40]


def log_config(folder: Path, *, json_lines: bool, loud: bool) -> None:
    """A log.config with secrets of its own; `loud` lets every library say all it likes."""
    own = """
LOGGING:
  handlers:
    all: {class: mtdata.logs.NightlyFile, filename: logs/all.log, level: DEBUG}
    plain: {class: logging.FileHandler, filename: plain.log, level: DEBUG}
    out: {class: logging.StreamHandler, level: DEBUG}
  root: {level: DEBUG, handlers: [all, plain, out]}
  loggers:
    urllib3: {level: DEBUG}
    botocore: {level: DEBUG}
    botocore.auth: {level: DEBUG}
    botocore.endpoint: {level: DEBUG}
"""
    text = f"""
JSON: {json_lines}
HEARTBEAT_URL: http://127.0.0.1:9/{PING}/{{site}}
WEBHOOKS: [http://127.0.0.1:9/{HOOK}]
MAIL:
  HOST: 127.0.0.1
  PORT: 9
  TLS: none
  USER: canarymailuser
  PASS: '{MAIL_PASSWORD}'
  FROM: mtdata@example.org
  TO: [lab@example.org]
"""
    (folder / "log.config").write_text(text + (own if loud else ""), encoding="utf-8")
