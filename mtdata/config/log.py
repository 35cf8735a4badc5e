"""What is known of log, mail and news from log.config; never reads a file, never shows a secret."""

from __future__ import annotations

import re
import shlex
from base64 import b64decode
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from mtdata.config import values
from mtdata.config.address import read_address, split_addresses
from mtdata.config.site import AUTHORITY, Agent, Authority, PlacedPath, Seconds
from mtdata.config.strict import LOWER, STRICT, YES_NO, keyed
from mtdata.core.trust import AGENT

_HOST = re.compile(r"[\w-][\w.-]{0,252}|\[?[0-9a-fA-F:.]{2,45}\]?")
_CLASS = re.compile(r"(logging|logging\.handlers|mtdata\.logs(\.[a-z_]+)?)\.[A-Z]\w*")
_MESSENGER = re.compile(r"[a-z][a-z0-9+-]{0,20}://[^\s\x00-\x20\x7f]+")
_CALLED = ("()", "queue", "listener")  # whatever these name is called, or imported
_LITERAL = re.compile(r"\[(?:IPv6:)?[0-9A-Fa-f:.]{2,45}\]")
_PORTS = {"none": 25, "starttls": 587, "tls": 465}


def _addresses(value: Any) -> tuple[str, ...]:
    if not isinstance(value, str | list | tuple):
        raise ValueError("it is neither an address nor a list of them")
    written = map(str, values.listed(value))
    return tuple(_address(one) for word in written for one in split_addresses(word))


def _address(word: Any) -> str:
    read_address(str(word))
    return str(word)


def _hooks(value: Any) -> tuple[SecretStr, ...]:
    return tuple(map(_url, values.listed(value)))


def _url(word: Any) -> SecretStr:
    text = values.unveiled(word)
    if not isinstance(text, str) or not re.fullmatch(r"https?://[^\s\x00-\x20\x7f]+", text):
        raise ValueError("it is no http(s) address")
    return SecretStr(text)


def _messengers(value: Any) -> tuple[SecretStr, ...]:
    return tuple(map(_messenger, values.listed(value)))


def _messenger(word: Any) -> SecretStr:
    """An address whose scheme names a messenger; what stands behind that is the messenger's."""
    text = values.unveiled(word)
    if not isinstance(text, str) or not _MESSENGER.fullmatch(text):
        raise ValueError("it is no address of a messenger")
    if text.startswith(("http:", "https:")):
        raise ValueError("an http(s) address goes into WEBHOOKS")
    return SecretStr(text)


def _host(value: Any) -> str:
    if not isinstance(value, str) or not _HOST.fullmatch(value):
        raise ValueError("it is no name of a host")
    return value


def _helo(value: Any) -> str:
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or not (_HOST.fullmatch(value) or _LITERAL.fullmatch(value)):
        raise ValueError("it is neither a name of a host nor an address in brackets")
    return value


def _command(value: Any) -> tuple[str, ...]:
    words = value if isinstance(value, list | tuple) else shlex.split(values.text(value))
    if not all(isinstance(word, str) for word in words):
        raise ValueError("it is neither text nor a list of words")
    return tuple(words)


def _secrets(value: Any) -> tuple[SecretStr, ...]:
    return tuple(map(_secret, values.listed(value)))


def _secret(word: Any) -> SecretStr:
    """A secret of Standard Webhooks: 24 to 64 bytes in base64, with whsec_ before it."""
    text = str(values.unveiled(word))
    try:
        length = len(b64decode(text.removeprefix("whsec_"), validate=True))
    except ValueError:
        length = 0
    if not 24 <= length <= 64:
        raise ValueError("it is not whsec_ and 24 to 64 bytes in base64")
    return SecretStr(text)


Addresses = Annotated[tuple[str, ...], BeforeValidator(_addresses)]


class MailConfig(BaseModel):
    """The mail account, and who is told."""

    model_config = STRICT

    host: Annotated[str, BeforeValidator(_host)] = keyed("HOST", "a server's name")
    tls: Annotated[Literal["none", "starttls", "tls"], LOWER] = keyed(
        "TLS", "none, starttls or tls", "starttls"
    )
    port: int = keyed("PORT", "a whole number to 65535", 0, ge=0, le=65535)
    user: str = keyed("USER", "text", "", repr=False)
    password: SecretStr = keyed("PASS", "text", SecretStr(""))
    sender: Annotated[str, BeforeValidator(_address)] = keyed("FROM", "a mail address")
    to: Addresses = keyed("TO", "a mail address, or a list of them", min_length=1)
    escalate_to: Addresses = keyed("ESCALATE_TO", "mail addresses, or nothing", ())
    helo: Annotated[str, BeforeValidator(_helo)] = keyed(
        "HELO", "a host's full name, an address as [192.0.2.1], or nothing", ""
    )
    token_file: PlacedPath | None = keyed("TOKEN_FILE", "a file with a token, or nothing", None)
    token_command: Annotated[tuple[str, ...], BeforeValidator(_command)] = keyed(
        "TOKEN_COMMAND", "a command, or nothing", (), repr=False
    )
    timeout_s: Seconds = keyed("TIMEOUT", "seconds, or 90s, 5m", 20.0)

    @field_validator("user")
    @classmethod
    def _never_in_clear(cls, value: str, info: ValidationInfo) -> str:
        host = info.data.get("host", "")
        if value and info.data.get("tls") == "none" and not values.is_loopback(host):
            raise ValueError("it would cross the network in clear: TLS starttls or tls")
        return value

    @property
    def at_port(self) -> int:
        """The port to speak to: as given, else the usual one."""
        return self.port or _PORTS[self.tls]


class LogConfig(BaseModel):
    """Where the log goes, and whom to tell."""

    model_config = STRICT | ConfigDict(validate_default=True)

    mail: MailConfig | None = keyed("MAIL", "a mapping, see the sample", None)
    digest_h: float = keyed("DIGEST_H", "hours above 0", 6, gt=0, le=1000)
    escalate_h: float = keyed("ESCALATE_H", "hours above 0", 24, gt=0, le=10_000)
    webhooks: Annotated[tuple[SecretStr, ...], BeforeValidator(_hooks)] = keyed(
        "WEBHOOKS", "http(s) addresses", ()
    )
    webhook_secrets: Annotated[tuple[SecretStr, ...], BeforeValidator(_secrets)] = keyed(
        "WEBHOOK_SECRET",
        "whsec_ and 24 to 64 bytes in base64, a list of these, or nothing",
        (),
        repr=False,
    )
    messengers: Annotated[tuple[SecretStr, ...], BeforeValidator(_messengers)] = keyed(
        "MESSENGERS", "addresses, each beginning with a messenger's name and ://", ()
    )
    heartbeat_url: SecretStr | None = keyed("HEARTBEAT_URL", "an http(s) address", None)
    ca: Authority = keyed("CA", AUTHORITY, "")
    agent: Agent = keyed("USER_AGENT", "a line of ASCII", AGENT, min_length=1)
    json_lines: bool = keyed("JSON", YES_NO, False)
    json_fields: Annotated[Literal["plain", "ecs"], LOWER] = keyed(
        "JSON_FIELDS", "plain or ecs", "plain"
    )
    logging: dict[str, Any] | None = keyed("LOGGING", "a mapping as dictConfig has it", None)

    @field_validator("heartbeat_url")
    @classmethod
    def _is_url(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else _url(value)

    @field_validator("logging", mode="before")
    @classmethod
    def _typed(cls, value: Any) -> Any:
        return _without_foreign_classes(values.typed(value))


def _without_foreign_classes(config: Any) -> Any:
    """A dictConfig that begins classes of the log alone; others would run in every process."""
    for key, value in _pairs(config):
        if key in _CALLED or (isinstance(value, str) and value.startswith("ext://")):
            raise ValueError("`()`, `queue`, `listener` and `ext://` are not allowed in it")
        if key == "class" and not _CLASS.fullmatch(str(value)):
            raise ValueError("only classes of `logging` and `mtdata.logs` are allowed in it")
    return config


def _pairs(config: Any) -> Iterator[tuple[Any, Any]]:
    """Each key of each mapping in there with its value; what stands in a list has the key None."""
    todo: list[Any] = [config] if isinstance(config, dict) else []  # the model refuses all else
    while todo:
        level = todo.pop()
        held = level.items() if isinstance(level, dict) else [(None, value) for value in level]
        for key, value in held:
            yield key, value
            if isinstance(value, dict | list | tuple):
                todo.append(value)
