"""The units of systemd for a program, a config and a user at any place; from templates beside it.

`systemd/` at the top of a checkout holds what comes of `USUAL`; a test keeps them equal.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mtdata.core.errors import UsageError
from mtdata.daemon.unit_words import argument, listed_path, quoted, unexpanded, url_of, whole_value

TEMPLATES = Path(__file__).with_name("templates")
SYSTEM_ONLY = ("mtdata.sysusers", "mtdata.tmpfiles", "mtdata-as-service")
"""What a user's own systemd has no use for."""
PROGRAMS = ("mtdata-as-service",)
_STATES = PurePosixPath("/var/lib")
_HOMES = tuple(map(PurePosixPath, ("/home", "/root", "/run/user")))
_TEMPORARY = tuple(map(PurePosixPath, ("/tmp", "/var/tmp")))  # noqa: S108  # it makes nothing there
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,30}", re.ASCII)
_UNSTARTABLE = re.compile(r"[\"'\\]")
_PLACE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class ServicePlace:
    """Where the services find what they need; `user` '' stands for a user's own systemd."""

    program: tuple[str, ...] = ("/opt/mtdata/bin/mtdata",)
    """The words that begin it."""
    config: str = "/var/lib/mtdata/config"
    user: str = "mtdata"
    credentials: Sequence[str] = ()
    """The names of what systemd hands over."""
    writable: Sequence[str] = ()
    """Folders outside of home that they write to."""
    guide: str = ""
    """The file that Documentation= names."""

    @property
    def home(self) -> str:
        """The folder above that of the config."""
        return str(PurePosixPath(self.config).parent)


def credentials_of(sites: Sequence[str]) -> list[str]:
    """What systemd may hand over for these sites of a study, and for the mail."""
    words = ("user", "pass", "pem", "passphrase")
    return [*(f"{site}.{word}" for site in sites for word in words), "mail.user", "mail.pass"]


USUAL = ServicePlace(
    credentials=credentials_of(["mindtrails"]), guide="/opt/mtdata/docs/OPERATING.md"
)


def unit_files(place: ServicePlace) -> dict[str, str]:
    """Each file by its name.  UsageError for what systemd cannot be told."""
    if place.user and not _USER.fullmatch(place.user):
        raise UsageError(f"{ascii(place.user)[:64]} is no name of a user")
    words = _words(place)
    names = sorted(path.name for path in TEMPLATES.iterdir() if path.name[0] != "_")
    left_out = () if place.user else SYSTEM_ONLY
    return {name: _filled(name, place, words) for name in names if name not in left_out}


def _words(place: ServicePlace) -> Mapping[str, str]:
    """What stands at each place of the templates; several lines, or none, where it is a list."""
    program, *more = _startable(place.program)
    paths = [PurePosixPath(path) for path in (place.program[0], place.config, *place.writable)]
    shell = shlex.join([f"-pLoadCredentialEncrypted={name}" for name in place.credentials])
    return {
        "program": " ".join([quoted(program), *map(argument, more)]),
        "config": argument(place.config),
        "home": whole_value(place.home),
        "home_quoted": quoted(place.home),
        "documentation": f"Documentation={url_of(place.guide)}" if place.guide else "",
        "user": place.user,
        "target": "multi-user.target" if place.user else "default.target",
        "credentials": "\n".join(
            f"LoadCredentialEncrypted={unexpanded(name)}"
            for name in place.credentials
            if place.user
        ),
        "state": "\n".join(_state_lines(place)),
        "writable": "\n".join(
            f"ReadWritePaths={listed_path(path)}" for path in place.writable if place.user
        ),
        "protect_home": "read-only" if _any_below(paths, _HOMES) else "yes",
        "private_tmp": "no" if _any_below(paths, _TEMPORARY) else "yes",
        "folders": "\n".join(_folder_lines(place)),
        "user_in_shell": shlex.quote(place.user),
        "program_in_shell": shlex.join(place.program),
        "config_in_shell": shlex.quote(place.config),
        "credentials_in_shell": shell,
    }


def _startable(program: tuple[str, ...]) -> tuple[str, ...]:
    """What may stand in ExecStart=: a path with quotes or backslashes is no program to systemd."""
    if not _UNSTARTABLE.search(program[0]):
        return program
    return ("/bin/sh", "-c", 'exec "$0" "$@"', *program)


def _any_below(paths: Sequence[PurePosixPath], tops: Sequence[PurePosixPath]) -> bool:
    return any(path.is_relative_to(top) for path in paths for top in tops)


def _state_lines(place: ServicePlace) -> list[str]:
    """How the service may write to its home."""
    home = PurePosixPath(place.home)
    if not place.user:
        return []
    if home.parent == _STATES and re.fullmatch(r"[\w.-]+", home.name, re.ASCII):
        return [f"StateDirectory={home.name}", "StateDirectoryMode=0700"]
    return [f"ReadWritePaths={listed_path(place.home)}"]


def _folder_lines(place: ServicePlace) -> list[str]:
    own = (place.home, place.config)
    folders = [*own, *(f"{place.home}/{name}" for name in ("keys", "data", "logs", "state"))]
    return [f"d {quoted(folder)} 0700 {place.user} {place.user} -" for folder in folders]


def _filled(name: str, place: ServicePlace, words: Mapping[str, str]) -> str:
    lines: list[str] = []
    for line in _lines_of(name, place):
        filled = _PLACE.sub(lambda match: words[match[1]], line)
        if filled or not line:  # a list of nothing leaves no line
            lines.append(filled)
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"
    return text if place.user else text.replace("`systemctl ", "`systemctl --user ")


def _lines_of(name: str, place: ServicePlace) -> list[str]:
    """The lines of a template that count here, with those of what it includes."""
    found: list[str] = []
    for line in (TEMPLATES / name).read_text(encoding="utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "@include":
            found += _lines_of(rest, place)
        elif mark in ("@system", "@user"):
            found += [rest] if (mark == "@system") == bool(place.user) else []
        else:
            found.append(line)
    return found
