"""A config folder to write into and load, for the tests of mtdata/config; it tests nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mtdata.config import Settings, SiteConfig, load
from mtdata.core.errors import ConfigError
from tests.unit.config_schema import refused_in

SECRET = "hunter2:ü"


class Folder:
    """A config folder to write into and load."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.path = home / "config"
        self.path.mkdir()
        self.environ: dict[str, str] = {}

    def server(self, content: object) -> Folder:
        return self.file("server.config", content)

    def file(self, name: str, content: object) -> Folder:
        text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
        (self.path / name).write_text(text, encoding="utf-8")
        return self

    def load(self) -> Settings:
        """The settings; what the program takes, an editor with its schemas takes as well."""
        settings = load(self.path, self.environ)
        assert refused_in(self.path) == []
        return settings

    def faults(self) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(self.path, self.environ)
        assert caught.value.exit_code == 78
        return str(caught.value).splitlines()


def keys(**more: Any) -> dict[str, Any]:
    """The keys of a READY site, with changes; a key that is given as ... is left out."""
    base: dict[str, Any] = {
        "READY": True,
        "SERVER": "https://uva.example.org/api/",
        "USER": "admin",
        "PASS": SECRET,
        "PATH": "data/uva",
    }
    return {key: value for key, value in {**base, **more}.items() if value is not ...}


def one(folder: Folder, **more: Any) -> SiteConfig:
    return folder.server({"uva": keys(**more)}).load().sites[0]


def fault(folder: Folder, **more: Any) -> str:
    """The only fault that the change brings, without the file's name."""
    lines = folder.server({"uva": keys(**more)}).faults()
    assert len(lines) == 1, lines
    return lines[0].removeprefix(f"{folder.path / 'server.config'}: ")
