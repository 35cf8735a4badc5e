"""The terminal as people know it: hints for a slip, help, completion, man page, plain tables."""

from __future__ import annotations

import gc
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtdata.cli import main, tables, terminal
from mtdata.cli.parser import Parser
from mtdata.core.loading import unsearched
from mtdata.duties import DUTIES
from tests.fakes_log import log_given_back

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def log_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COLUMNS", "90")
    with log_given_back():
        yield


def printed(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main.run(words) == code, capsys.readouterr().err
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main.run(words) == 64
    out, said = capsys.readouterr()
    assert out == ""
    return said


def words_of(parser: Parser) -> list[str]:
    return parser.prog.split()[1:]


# --- a slip of the pen


@pytest.mark.parametrize(
    ("words", "hint", "where"),
    [
        (("exprot",), "`mtdata export`", "mtdata"),
        (("STATUS",), "`mtdata status`", "mtdata"),
        (("jobs", "ad"), "`mtdata jobs add`", "mtdata jobs"),
        (("--json", "user", "tokns"), "`mtdata user tokens`", "mtdata user"),
        (("retry", "some-job"), "`mtdata jobs retry`", "mtdata"),
        (("vresion",), "`mtdata version`", "mtdata"),
        (("export", "--jsno"), "--json", "mtdata export"),
        (("status", "--wacth=1"), "--watch", "mtdata status"),
        (("jobs", "list", "--statsu", "Failed"), "--status", "mtdata jobs list"),
        (("--versoin",), "--version", "mtdata"),
        (("verify", "--rebuild-leger", "x", "y"), "--rebuild-ledger", "mtdata verify"),
        (("demo", "ckae"), "cake", "mtdata demo"),
        (("jobs", "list", "--status", "failled"), "Failed", "mtdata jobs list"),
    ],
)
def test_a_slip_is_answered_by_the_word_that_is_near(
    words: tuple[str, ...], hint: str, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    as_json = "--json" in words
    assert main.run(words) == 64
    out, said = capsys.readouterr()
    assert f" Did you mean {hint}? See `{where} --help`" in said
    assert not as_json or json.loads(out)["error"]["kind"] == "UsageError"
    assert as_json or out == ""


def test_a_command_of_several_others_is_found_in_each(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "import", "teams.csv")
    for room in ("teams", "forms", "weblogs"):
        assert f"`mtdata {room} import`" in said


@pytest.mark.parametrize("words", [("qqqq",), ("export", "--qqqq"), ("export", "a", "b", "c")])
def test_where_nothing_is_near_nothing_is_guessed(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, *words)
    assert "Did you mean" not in said
    assert len(said) < 160


def test_a_few_words_to_choose_from_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert "(choose from teams" not in refused(capsys, "qqqq")
    assert "(choose from import, export)" in refused(capsys, "forms", "qqqq")
    assert "(choose from bash, zsh, fish)" in refused(capsys, "completion", "qqqq")


def test_a_wrong_word_is_repeated_in_letters_that_a_terminal_shows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(capsys, f"\x1b[2J{'x' * 999}")
    assert "\x1b" not in said
    assert len(said) < 200


def test_a_word_behind_the_dashes_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert "unrecognized arguments: --watch. See" in refused(capsys, "status", "--", "a", "--watch")


# --- help


def test_help_shows_the_duties_with_their_first_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = printed(capsys, "help")
    for duty in DUTIES:
        assert f"\n{duty.name}: {duty.about[:30]}" in out
        assert f"\n    mtdata {duty.examples[0][0]}\n" in out
    assert printed(capsys, code=64) == out, "who calls the program alone is told the same"
    assert json.loads(printed(capsys, "help", "--json")) == {"help": out}


def test_help_of_a_command_is_what_the_command_says_of_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    every = list(main._parser().below())
    assert len(every) > 50
    for parser in every:
        words = words_of(parser)
        with pytest.raises(SystemExit) as ended:
            main._parser().parse_args([*words, "--help"])
        assert ended.value.code == 0
        said = capsys.readouterr().out
        assert parser.prog in said
        assert main._parser().command(words).format_help() == said
    assert printed(capsys, "help", "jobs", "add").startswith("usage: mtdata jobs add ")


def test_help_of_what_is_no_command_says_which_is_near(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Did you mean `mtdata jobs add`?" in refused(capsys, "help", "jobs", "ad")
    assert "`mtdata export` has no command 'mysite'" in refused(capsys, "help", "export", "mysite")


# --- completion and man page


def completed(script: str, words: list[str], folder: Path) -> list[str]:
    """What bash offers for the last of these words."""
    asked = " ".join(f"'{word}'" for word in words)
    program = (
        f"{script}\nCOMP_WORDS=({asked}); COMP_CWORD={len(words) - 1}\n"
        '_shtab_mtdata 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", program], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_commands_options_choices_and_paths(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "every.csv").touch()
    script = printed(capsys, "completion", "bash")
    assert completed(script, ["mtdata", "exp"], tmp_path) == ["export"]
    assert completed(script, ["mtdata", "jobs", "re"], tmp_path) == ["retry"]
    assert completed(script, ["mtdata", "verify", "--reb"], tmp_path) == ["--rebuild-ledger"]
    assert completed(script, ["mtdata", "jobs", "list", "--status", "Fa"], tmp_path) == ["Failed"]
    assert completed(script, ["mtdata", "--config", "e"], tmp_path) == ["etc"]
    assert set(completed(script, ["mtdata", "teams", "import", "e"], tmp_path)) == {
        "etc",
        "every.csv",
    }


def test_bash_completes_the_sites_of_the_config_that_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MTDATA_CONFIG", raising=False)
    script = printed(capsys, "completion", "bash")
    assert completed(script, ["mtdata", "export", ""], tmp_path) == []
    for folder, text in (
        ("config", "# my\nmystudy:\n  PASS: mysecret\nmy-other:\n  READY: True\nzz:\n"),
        ("elsewhere", "- NAME: third\n  READY: True\n- READY: False\n  NAME: fourth\n"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "server.config").write_text(text)
    assert completed(script, ["mtdata", "export", "my"], tmp_path) == ["mystudy", "my-other"]
    assert completed(script, ["mtdata", "quality", "all", "--server", "m"], tmp_path) == [
        "mystudy",
        "my-other",
    ]
    monkeypatch.setenv("MTDATA_CONFIG", str(tmp_path / "elsewhere"))
    assert completed(script, ["mtdata", "held", ""], tmp_path) == ["third", "fourth"]
    monkeypatch.delenv("MTDATA_CONFIG")
    (tmp_path / "config" / "server.config").unlink()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "elsewhere").rename(tmp_path / "mtdata")
    assert completed(script, ["mtdata", "held", ""], tmp_path) == ["third", "fourth"]


@pytest.mark.parametrize("shell", terminal.SHELLS)
def test_a_script_names_every_command_and_its_shell_can_read_it(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = printed(capsys, "completion", shell)
    for parser in main._parser().below():
        assert re.search(rf"\b{re.escape(words_of(parser)[-1])}\b", script), parser.prog
    for option in ("--rebuild-ledger", "rebuild-ledger"):
        if option in script:
            break
    else:
        pytest.fail("no option is in it")
    if shutil.which(shell):
        (tmp_path / "script").write_text(script)
        done = subprocess.run([shell, "-n", str(tmp_path / "script")], capture_output=True)
        assert (done.returncode, done.stderr) == (0, b"")


def test_the_man_page_has_every_command_with_its_examples(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = printed(capsys, "man")
    assert page.startswith('.TH MTDATA "1" ')
    plain = page.replace(r"\-", "-")
    assert "\nmtdata - Carry data off servers" in plain
    for parser in main._parser().below():
        assert f"\\fB{parser.prog}" in plain, parser.prog
        for line in (parser.epilog or "").splitlines():
            if line.startswith("  mtdata "):
                assert f"\n{line}\n" in plain.replace("\\\\", "\\"), line
    odd = [line for line in page.splitlines() if line.startswith(("'", "."))]
    macros = re.compile(rf"\.({terminal.MACROS.replace(' ', '|')})\b")
    assert [line for line in odd if not macros.match(line)] == []
    assert r"\&. = every one" in page or r"a site's NAME; . = every one" in plain


def test_the_man_page_is_one_that_roff_sets_without_a_complaint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = printed(capsys, "man")
    assert page.isprintable() or page.replace("\n", "").isprintable()
    if shutil.which("groff"):
        words = ["groff", "-Kutf8", "-man", "-Tutf8", "-ww", "-rLL=100n"]
        done = subprocess.run(words, input=page.encode(), capture_output=True)
        assert (done.returncode, done.stderr.decode()) == (0, "")
        shown = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout.decode())
        assert "  mtdata verify mysite --json      what was read, what is wrong" in shown


@pytest.mark.parametrize(
    ("words", "module", "library"),
    [(("completion", "zsh"), "shtab", "shtab"),
     (("man",), "argparse_manpage", "argparse-manpage")],
)  # fmt: skip
def test_where_the_library_is_not_there_one_line_says_what_to_do(
    words: tuple[str, ...],
    module: str,
    library: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in [module, *(name for name in sys.modules if name.startswith(f"{module}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    assert main.run(words) == 78
    out, said = capsys.readouterr()
    assert out == ""
    assert said.count("\n") == 1
    assert (
        f"needs {library}, which is not installed; `pip install 'mtdata-collect[terminal]'`" in said
    )


# --- the first step


def test_init_ends_with_the_next_step_of_each_duty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MTDATA_CONFIG", raising=False)
    out = printed(capsys, "init")
    _, _, steps = out.partition("\nnext, for what you want:\n")
    assert "study: edit config/server.config: SERVER, USER, PASS, PATH and PRIVATE_FILE" in steps
    assert "then `mtdata check`, then `mtdata export`\n" in steps
    named = re.findall(r"edit (\S+):", steps)
    assert len(named) == sum(bool(duty.to_edit) for duty in DUTIES) >= 3
    assert all(Path(name).is_file() for name in named)
    for command in re.findall(r"`mtdata ([a-z ]+)", steps):
        assert main._parser().command(command.split()[:1])
    again = printed(capsys, "init")
    assert again.startswith("every file is there already")
    assert again.endswith(steps)


def test_init_elsewhere_names_the_config_in_what_is_called_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "my study"
    out = printed(capsys, "init", str(folder))
    assert f"then `mtdata --config '{folder}' check`" in out
    monkeypatch.setenv("MTDATA_CONFIG", str(folder))
    assert "then `mtdata check`" in printed(capsys, "init")


# --- tables


LINES = [("a", 1, "x y"), ("bbb", 22, ""), ("漢字", 333, "two\nlines")]
PLAIN = """Title
name    n  why
a       1  x y
bbb    22
漢字  333  two lines
"""


def test_a_table_in_a_pipe_is_plain(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "CLICOLOR_FORCE"):
        monkeypatch.setenv(name, "1")
    tables.table("Title", ["name", "n", "why"], LINES)
    assert capsys.readouterr().out == PLAIN
    long = "word " * 200
    tables.table("", ["a", "b"], [("x", long)])
    assert capsys.readouterr().out == f"a  b\nx  {long.rstrip()}\n"


def test_a_table_on_a_terminal_has_frames_and_fits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")  # a dumb one has 80 columns, whatever it is told
    tables.table("Title", ["name", "why"], [("x", "word " * 20)])
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert "│" in "".join(lines)
    assert max(map(len, lines)) <= 40
    assert len(lines) > 5


def test_nobody_looks_for_garbage_while_modules_are_loaded_and_ever_after() -> None:
    assert gc.isenabled()
    with unsearched():
        assert not gc.isenabled()
        with unsearched():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    frozen = gc.get_freeze_count()
    with pytest.raises(KeyError), unsearched():
        raise KeyError
    assert gc.isenabled()
    assert gc.get_freeze_count() == frozen, "nothing was loaded, so nothing is left out"


# --- what is loaded before a word is read

LOADED = """
import sys
before = set(sys.modules)
sys.argv = ["mtdata", {word!r}]
from mtdata.__main__ import main
code = main()
print(code, *sorted(set(sys.modules) - before), file=sys.stderr)
"""
OURS = re.compile(
    r"mtdata(\.(__main__|cli(\.\w+)?|core(\.\w+)?|logs(\.\w+)?|web(\.needs)?|alerts(\.\w+)?|duties"
    r"|jobs(\.(duty|states))?|(study|cake|weblogs|programme|toolbox)(\.duty)?"
    r"|demo(\.(screen|store|\w+\.(command|files)|cake|study|weblogs|programme))?))?"
)
HEAVY = (
    "asyncio concurrent.futures ctypes email http multiprocessing socket sqlite3 ssl subprocess "
    "tempfile unittest urllib.request xml"
)
"""Of Python's own what takes long, or speaks to somebody."""
MOST = 200
"""Modules that are loaded for a help, Python's own among them."""


@pytest.mark.parametrize("word", ["--help", "--version", "help"])
def test_help_and_version_load_nothing_that_works(word: str) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", LOADED.format(word=word)],
        cwd=ROOT, env={**os.environ, "COLUMNS": "80"}, capture_output=True, text=True,
    )  # fmt: skip
    code, *loaded = done.stderr.split()
    assert (code, "mtdata" in done.stdout) == ("0", True), done.stderr
    others = {name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names}
    assert sorted(name for name in others if not OURS.fullmatch(name)) == []
    assert sorted(set(HEAVY.split()) & set(loaded)) == []
    assert len(loaded) <= MOST, loaded
