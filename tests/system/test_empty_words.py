"""Empty words of the command line, numbers into what is no file, and what a terminal gets."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mtdata.cli import tables
from mtdata.cli.main import run
from mtdata.core.control import in_json, on_lines, on_one_line
from mtdata.core.errors import StorageError
from mtdata.core.metrics import write
from mtdata.logs.console import on_stderr
from tests.system.home import STUDY, Home, row

ESC = "a\x1b]0;owned\x07\x1b[2J\x9b31m\u202eb\rc"


@pytest.mark.parametrize(
    "words",
    [
        ("decode", STUDY, "--out", ""),
        ("status", "--metrics", ""),
        ("status", "--metrics", " "),
        ("init", ""),
        ("demo", "--keep", ""),
        ("web", "--host", ""),
        ("export", "--config", ""),
    ],
)
def test_an_empty_word_is_no_path(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MTDATA_CONFIG", raising=False)
    assert run([*words, "--json"]) == 64
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["kind"], "is a variable unset?" in error["message"]) == ("UsageError", True)
    assert not list(tmp_path.iterdir())


def test_numbers_go_into_a_file_or_to_standard_output_and_replace_nothing_else(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    home.export()
    kept, pipe, link = (home.folder / name for name in ("kept.prom", "pipe", "link.prom"))
    os.mkfifo(pipe)
    assert home.run("status", "--metrics", str(kept)).code == 0
    written = kept.read_text()
    link.symlink_to(kept)
    for path in (pipe, link, Path("/dev/full"), home.folder):
        ended = home.run("status", "--metrics", str(path))
        assert (ended.code, "no regular file" in ended.said) == (64, True), path
    assert (pipe.is_fifo(), link.is_symlink(), kept.read_text()) == (True, True, written)
    assert home.run("status", "--metrics", "-").code == 64, "JSON has standard output already"
    home.export()
    home._heard()
    assert run(["status", "--metrics", "-", "--config", str(home.folder / "config")]) == 0
    shown, _ = home._heard()
    assert shown.splitlines()[0].startswith("# HELP ")
    names = [
        {line.split(" ")[0] for line in text.splitlines()} for text in (shown, kept.read_text())
    ]
    assert names[0] == names[1]


def test_the_numbers_of_the_daemon_replace_nothing_else_either(home: Home) -> None:
    pipe = home.folder / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(StorageError, match="no regular file"):
        write(pipe, b"x")
    assert pipe.is_fifo()


def test_no_terminal_obeys_what_somebody_else_wrote(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "a\\x1b]0;owned\\x07\\x1b[2J\\x9b31m\\u202eb\\rc"
    tables.say(f"{ESC}\n\td")
    tables.note(ESC)
    on_stderr(ESC)
    tables.table(ESC, ["name", ESC], [(ESC, 1)])
    out, said = capsys.readouterr()
    assert out.startswith(f"{told}\n\td\n")
    assert said.splitlines() == [told, told]
    for text in (out, said):
        assert not any(one in text for one in "\x1b\x07\x9b\u202e\r")
    assert (on_lines(ESC), on_one_line(f"{ESC}\n")) == (told, told + "\\n")
    shown = in_json(json.dumps({"a": ESC}, ensure_ascii=False))
    assert json.loads(shown) == {"a": ESC}
    assert shown.isprintable()
