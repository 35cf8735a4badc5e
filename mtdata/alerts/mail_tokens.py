"""Log-in at a mail server by a token (OAuth 2): where it comes from, how it is said; never shown.

Tokens live for an hour or so: it is fetched anew for each log-in.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from mtdata.core.errors import PostError, PostRefused

PATIENCE_S = 30.0
MOST = 64 * 1024
BY_PASSWORD = frozenset({"PLAIN", "LOGIN", "CRAM-MD5"})
_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")


@dataclass(frozen=True, slots=True)
class TokenSource:
    """A file, or a command with its arguments, that gives a token; neither where both are empty."""

    file: Path | None = None
    command: tuple[str, ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        return bool(self.file or self.command)

    def token(self) -> str:
        """The token of now.  PostError where there is none; PostRefused for what can be none."""
        raw = self._of_file() if self.file else self._of_command()
        token = raw.decode("ascii", "replace").strip()
        if not _TOKEN.fullmatch(token):
            key = "TOKEN_FILE" if self.file else "TOKEN_COMMAND"
            raise PostRefused(f"{key} of MAIL gives something else than a token")
        return token

    def _of_file(self) -> bytes:
        try:
            with Path(self.file or "").open("rb") as file:
                return file.read(MOST + 1)
        except OSError as error:
            raise PostError(f"TOKEN_FILE of MAIL cannot be read: {error.strerror}") from None

    def _of_command(self) -> bytes:
        try:
            ended = subprocess.run(  # noqa: S603  the config says what is run, and no shell reads it
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=PATIENCE_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PostError("TOKEN_COMMAND of MAIL does not end") from None
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise PostError(f"TOKEN_COMMAND of MAIL cannot be run: {why}") from None
        if ended.returncode:
            raise PostError(f"TOKEN_COMMAND of MAIL ended with {ended.returncode}")
        return ended.stdout


def mechanism_for(offered: Collection[str], *, has_password: bool, has_token: bool) -> str:
    """XOAUTH2 or OAUTHBEARER where the token is to be taken, '' for the password.

    PostRefused where the server offers tokens alone and there is none.
    """
    ways = [way for way in ("XOAUTH2", "OAUTHBEARER") if way in offered]
    by_password = not BY_PASSWORD.isdisjoint(offered)
    if not ways or (by_password and (has_password or not has_token)):
        return ""
    if has_token:
        return ways[0]
    raise PostRefused(
        "the mail server lets in by a token alone (OAuth 2): TOKEN_FILE or TOKEN_COMMAND of MAIL"
    )


def initial_response(way: str, user: str, token: str, place: tuple[str, int]) -> str:
    """What is said to it first (Google's XOAUTH2, RFC 7628)."""
    if way == "XOAUTH2":
        return f"user={user}\x01auth=Bearer {token}\x01\x01"
    name = user.replace("=", "=3D").replace(",", "=2C")
    host, port = place
    return f"n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01"


def answer(way: str) -> str:
    """What is said to a refusal that comes as a question, so that it becomes one."""
    return "" if way == "XOAUTH2" else "\x01"
