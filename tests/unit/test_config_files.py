"""Files that are no config, recovery.config and the samples; never a value in a fault."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from mtdata.config import (
    DaemonConfig,
    LogConfig,
    SiteConfig,
    load,
    samples,
    samples_folder,
    write_samples,
)
from mtdata.config.sections import allowed_keys
from mtdata.core.errors import ConfigError, StorageError
from tests.unit.config_folder import Folder, keys


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path.resolve())


# ---- YAML


@pytest.mark.parametrize(
    "text",
    [
        "uva:\n  READY: True\n  READY: False\n",
        "uva: {READY: True, READY: False}\n",
        'uva:\n  READY: True\n  "READY": False\n',
        "- NAME: uva\n  READY: True\n  READY: False\n",
    ],
)
def test_a_key_that_stands_twice_is_a_fault(folder: Folder, text: str) -> None:
    assert any(
        re.search(r"server.config: line \d: READY: a key is allowed once; found also in line", line)
        for line in folder.server(text).faults()
    )


def test_a_site_that_stands_twice_is_a_fault(folder: Folder) -> None:
    text = "uva:\n  READY: False\n  PATH: a\nuva:\n  READY: False\n  PATH: b\n"
    lines = folder.server(text).faults()
    assert lines == [
        f"{folder.path}/server.config: line 4: uva: a key is allowed once; found also in line 1"
    ]


def test_a_password_that_reads_as_a_mapping_is_not_shown(folder: Folder) -> None:
    text = "uva:\n  READY: False\n  PATH: a\n  PASS: {hunter2, hunter2}\n"
    lines = folder.server(text).faults()
    assert len(lines) == 1
    assert lines[0].endswith("found a mapping of 1")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("*hunter2", "found undefined alias (not shown)"),
        ("!hunter2", "could not determine a constructor for the tag (not shown)"),
        ("@hunter2", "found character (not shown) that cannot start any token"),
        ("a: hunter2", "mapping values are not allowed here"),
        ("[hunter2", "expected (not shown) or (not shown), but got '<stream end>'"),
        ("!!python/name:os.system", "could not determine a constructor"),
    ],
)
def test_a_syntax_error_tells_line_and_column_but_no_value(
    folder: Folder, value: str, problem: str
) -> None:
    lines = folder.server(f"uva:\n  READY: True\n  PASS: {value}\n").faults()
    assert len(lines) == 1
    assert re.search(r"server\.config: line \d, column \d+: not valid YAML: ", lines[0])
    assert problem in lines[0]
    assert "must stand in quotes" in lines[0]
    assert "hunter2" not in lines[0]


def test_python_objects_in_yaml_are_refused(folder: Folder) -> None:
    lines = folder.server("uva: !!python/object/apply:os.getcwd []\n").faults()
    assert "not valid YAML: could not determine a constructor" in lines[0]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"uva:\n  PASS: hunter2\xff\n", "line 2: only UTF-8 text is allowed"),
        (b"uva:\n  PASS: a\x01\n", "line 2, column 10: a control character is not allowed"),
        (b"a: 1\n---\nb: 2\n", "not valid YAML: but found another document"),
        (b"[" * 5000, "not valid YAML: nested too deeply"),
        (b"a: &a [*a]\n", "site number 1: allowed is a mapping of keys; found a list of 1"),
        (
            b"uva:\n  PATH: p\n  READY: False\n  USER: &a [*a]\n",
            "USER: it cannot be read (RecursionError)",
        ),
        (
            b"uva:\n  PATH: p\n  READY: False\n  PASS: &a {x: *a}\n",
            "PASS: it cannot be read (RecursionError)",
        ),
        (b"uva:\n  PATH: !!int hunter2\n  READY: False\n  ? !!set {a}\n  : x\n", "not valid YAML"),
        (b"? [a, b]\n: c\n", "not valid YAML: found unhashable key"),
        (b"", "allowed is `site_name:` with its keys below, or a list"),
        (b"# nothing\n", "found nothing"),
        (b"{}", "found nothing"),
        (b"[]", "found nothing"),
        (b"hunter2", "found text of 7 characters"),
        (b"- hunter2", "site number 1: allowed is a mapping of keys"),
        (b"uva:\n", "site number 1: allowed is a mapping of keys; found nothing"),
    ],
)
def test_a_file_that_is_no_config_is_told_in_one_line(
    folder: Folder, content: bytes, told: str
) -> None:
    (folder.path / "server.config").write_bytes(content)
    lines = folder.faults()
    assert len(lines) == 1
    assert told in lines[0]
    assert "hunter2" not in lines[0]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(folder: Folder) -> None:
    content = b"\xef\xbb\xbfuva:\r\n  READY: False\r\n  PATH: p\r\n"
    (folder.path / "server.config").write_bytes(content)
    assert folder.load().sites[0].path == folder.home / "p"


def test_a_missing_server_config_tells_how_to_make_one(folder: Folder) -> None:
    assert folder.faults() == [
        f"{folder.path}/server.config: not there; `mtdata init {folder.path}` makes a sample"
    ]


def test_a_missing_folder_tells_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mtdata init"):
        load(tmp_path / "no" / "config", {})


def test_a_config_that_is_a_folder_is_told(folder: Folder) -> None:
    (folder.path / "server.config").mkdir()
    assert folder.faults() == [f"{folder.path}/server.config: cannot be read: Is a directory"]


# ---- recovery.config


def test_recovery_config_is_optional_and_may_be_empty(folder: Folder) -> None:
    folder.server({"uva": keys()})
    assert (folder.load().recovery.out, folder.load().recovery.log) == (None, None)
    folder.file("recovery.config", "# nothing\n")
    assert folder.load().recovery.out is None


def test_recovery_config_names_a_folder_and_a_log(folder: Folder) -> None:
    folder.server({"uva": keys()}).file("recovery.config", {"OUT": "out", "LOG": "${LOG}"})
    folder.environ = {"LOG": "/var/log/x.log"}
    recovery = folder.load().recovery
    assert recovery.out == folder.home / "out"
    assert recovery.log == Path("/var/log/x.log")


def test_faults_of_recovery_config_are_told_with_its_file(folder: Folder) -> None:
    folder.server({"uva": keys()}).file("recovery.config", {"OTU": "x", "LOG": {"a": "b"}})
    lines = folder.faults()
    assert [line.removeprefix(f"{folder.path}/") for line in lines] == [
        "recovery.config: OTU: there is no such key. Did you mean OUT? Allowed: OUT LOG",
        "recovery.config: LOG: allowed is a file, or nothing; found a mapping of 1 (it is no path)",
    ]
    assert "allowed are the keys OUT LOG" in folder.file("recovery.config", "x").faults()[0]


# ---- samples


def test_the_samples_load_without_a_fault_as_they_are(tmp_path: Path) -> None:
    made = write_samples(tmp_path / "config")
    assert {"server.config", "recovery.config"} <= {path.name for path in made}
    settings = load(tmp_path / "config", {})
    assert [(site.name, site.ready, site.delete_mode) for site in settings.sites] == [
        ("mindtrails", False, False)
    ]


def test_the_sample_is_ready_once_it_has_an_account(folder: Folder) -> None:
    text = (samples_folder() / "server.config.sample").read_text()
    folder.server(text.replace("READY: False", "READY: True"))
    folder.environ = {"MTDATA_MINDTRAILS_USER": "u", "MTDATA_MINDTRAILS_PASS": "p"}
    assert folder.load().chosen(".")[0].ready


def test_the_sample_shows_every_key_and_its_true_default(folder: Folder) -> None:
    text = (samples_folder() / "server.config.sample").read_text()
    known = {str(field.validation_alias) for field in SiteConfig.model_fields.values()}
    assert known - set(re.findall(r"[A-Z_]+", text)) == {"None"}
    plain = folder.server(text).load().sites[0]
    all_keys = re.sub(r"(?m)^  # ([A-Z_]+: )", r"  \1", text)
    shown = folder.server(all_keys).load().sites[0]
    changed = {
        name for name in SiteConfig.model_fields if getattr(plain, name) != getattr(shown, name)
    }
    assert changed == {"timezone", "max_records", "decrypt_workers"}


def test_samples_are_private_and_never_overwrite(tmp_path: Path) -> None:
    target = tmp_path / "a" / "config"
    made = write_samples(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    (target / "server.config").write_text("mine")
    (target / "recovery.config").unlink()
    assert write_samples(target) == [target / "recovery.config"]
    assert (target / "server.config").read_text() == "mine"
    assert write_samples(target) == []


def test_samples_that_cannot_be_written_are_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be made"):
        write_samples(tmp_path / "file")


def test_samples_that_an_install_left_behind_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "_HERE", tmp_path)
    with pytest.raises(ConfigError, match=r"sample files are missing in .*: install mtdata anew"):
        samples_folder()
    (tmp_path / "server.config.sample").write_text("")
    assert samples_folder() == tmp_path


# ---- log.config and daemon.config


def test_log_and_daemon_config_are_optional(folder: Folder) -> None:
    settings = folder.server({"uva": keys()}).load()
    assert (settings.log.mail, settings.log.digest_h, settings.log.logging) == (None, 6, None)
    assert (settings.daemon.scrub_days, settings.daemon.stop_s) == (7, 20)


def test_log_config_names_whom_to_tell(folder: Folder) -> None:
    mail = {"HOST": "smtp.x.org", "TLS": "tls", "FROM": "a@x.org", "TO": "Läb <b@x.org>, c@x.org"}
    folder.server({"uva": keys()}).file(
        "log.config", {"MAIL": mail, "WEBHOOKS": ["https://x/${KEY}"], "ESCALATE_H": "1.5"}
    )
    folder.environ |= {"KEY": "sesame", "MTDATA_MAIL_USER": "me", "MTDATA_MAIL_PASS": "hush"}
    log = folder.load().log
    assert log.mail is not None
    assert (log.mail.at_port, log.mail.to, log.mail.user) == (
        465,
        ("Läb <b@x.org>", "c@x.org"),
        "me",
    )
    assert log.mail.password.get_secret_value() == "hush"
    assert [hook.get_secret_value() for hook in log.webhooks] == ["https://x/sesame"]
    assert "sesame" not in repr(log)
    assert "hush" not in repr(log)


def test_numbers_of_the_logging_mapping_are_numbers(folder: Folder) -> None:
    logging = {"version": 1, "handlers": {"A": {"backupCount": 366, "delay": True, "x": "y"}}}
    folder.server({"uva": keys()}).file("log.config", {"LOGGING": logging})
    assert folder.load().log.logging == logging


def test_each_fault_of_log_and_daemon_config_is_told_and_shows_no_secret(folder: Folder) -> None:
    mail = {"HOST": "smtp.x.org", "TLS": "none", "USER": "u", "FROM": "nobody", "TO": ["b@x.org"]}
    folder.server({"uva": keys()}).file(
        "log.config", {"MAIL": mail, "HEARTBEAT_URL": "sesame", "DIGEST": 6}
    ).file("daemon.config", {"STOP_S": "soon", "SCRUB_DAYS": 0})
    faults = folder.faults()
    told = "\n".join(faults)
    assert len(faults) == 6
    assert "MAIL: USER: allowed is text; found text of 1 characters (it would cross" in told
    assert "MAIL: FROM: allowed is a mail address; found text of 6 characters" in told
    assert "DIGEST: there is no such key. Did you mean DIGEST_H?" in told
    assert "HEARTBEAT_URL: allowed is an http(s) address; found text of 6 characters" in told
    assert "STOP_S" in told
    assert "SCRUB_DAYS" in told
    assert "sesame" not in told


@pytest.mark.parametrize("name", ["log.config", "daemon.config"])
def test_every_key_of_the_sample_loads_when_its_comment_is_taken_away(
    folder: Folder, name: str
) -> None:
    text = (samples_folder() / f"{name}.sample").read_text()
    lines = [line[2:] for line in text.splitlines() if re.match(r"# ( +|[A-Z_]+:( |$))", line)]
    secret = "whsec_" + "a2V5" * 8
    folder.environ |= {"CHAT_HOOK": "a", "PING_KEY": "b", "WEBHOOK_SECRET": secret}
    settings = folder.server({"uva": keys()}).file(name, "\n".join(lines)).load()
    if name == "log.config":
        assert settings.log.mail is not None
        assert settings.log.logging is not None
        assert {line.partition(":")[0] for line in lines if line[0] != " "} == set(
            allowed_keys(LogConfig)
        )
    else:
        assert {line.partition(":")[0] for line in lines} == set(allowed_keys(DaemonConfig))
