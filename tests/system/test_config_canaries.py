"""A secret in the place of any key of the config is in no byte that is written or sent.

The bulk is one config with every secret in every key, carried through the commands in this process;
a daemon of its own, with mail and web hook, is told of such a config by SIGHUP.
"""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
from collections.abc import Iterator

import pytest

from mtdata.jobs.records.setting import close_records
from tests.mailbox import Mailbox, mailbox
from tests.system.canaries import Canaries
from tests.system.home import STUDY, Home, row
from tests.system.test_daemon import daemon, wait_until
from tests.unit import config_canaries as canaries
from tests.unit.config_canaries import FORMS, PEM, SINGS, write
from tests.webhook import Hook, web_hook

COMMANDS = (
    *(("check",), ("export",), ("daemon", "--once"), ("daemon",), ("runner", "--once"), ("web",)),
    *(("verify",), ("decode",), ("status",), ("jobs", "list"), ("migrate",), ("incidents",)),
)


@pytest.fixture
def posts() -> Iterator[tuple[Mailbox, Hook]]:
    with mailbox() as box, web_hook() as hook:
        yield box, hook


def tells(home: Home, posts: tuple[Mailbox, Hook]) -> None:
    """A log.config that mails, and asks a web hook."""
    box, hook = posts
    mail = {**canaries.MAIL, "PORT": box.port}
    write(home.folder / "config", "log.config", {"MAIL": mail, "WEBHOOKS": [f"{hook.url}/x"]})


def singing(home: Home, posts: tuple[Mailbox, Hook] | None = None) -> list[str]:
    """Where a secret was said: in what was printed, lies in the home, or was sent."""
    birds = Canaries(home)
    if posts:
        for mail in posts[0].mails:
            birds.hear("a mail", str(mail.mail) + mail.body)
        for asked in posts[1].asked:
            birds.hear("a web hook", json.dumps(asked.body, ensure_ascii=False) + asked.path)
    named = [str(path) for path in home.folder.rglob("*")]
    said = [(where, text.decode("utf-8", "replace")) for where, text in birds.said()]
    return [where for where, text in [*said, *((name, name) for name in named)] if sings(text)]


def sings(text: str) -> bool:
    return bool(SINGS.search(text))


def test_every_command_refuses_a_config_full_of_secrets_without_a_word_of_them(home: Home) -> None:
    forms = itertools.cycle(FORMS)  # each form in each key is for tests/unit: it is the loader's
    for words in COMMANDS:
        canaries.all_at_once(home.folder / "config", itertools.islice(forms, 2))
        ended = home.run(*words, "-vv")
        assert ended.code == 78, words
        assert ended.said.count("\n") > 50
    assert singing(home) == []


def test_a_daemon_that_is_told_of_a_pasted_secret_by_sighup_writes_and_sends_nothing_of_it(
    home: Home, posts: tuple[Mailbox, Hook]
) -> None:
    home.configure(EVERY="1s", ENCRYPTION="rsa")
    tells(home, posts)
    config = home.folder / "config"
    ledger = home.folder / "state" / "ledger.sqlite3"
    with daemon(home, "-vv") as started:
        wait_until(lambda: bool((home.pool / "ledger.sqlite3").exists()), "the first round")
        secrets = {"PRIVATE_FILE": PEM, **dict.fromkeys(("READY", "DRIFT", "EVERY"), "kestrel: x")}
        write(config, "server.config", {STUDY: {**home.sections[STUDY], **secrets}})
        started.send_signal(signal.SIGHUP)
        wait_until(ledger.exists, "the incident")
        wait_until(lambda: bool(posts[0].mails and posts[1].asked), "mail and web hook")
        started.send_signal(signal.SIGTERM)
        home.noises += [*started.communicate(timeout=60)]
    for key in secrets:
        assert f"{key}: allowed is" in home.noises[-1]
    assert singing(home, posts) == []


def test_values_that_are_taken_as_they_are_say_nothing_either(
    home: Home, posts: tuple[Mailbox, Hook]
) -> None:
    words = [FORMS[form] for form in ("password", "word", "url", "small word")]
    tells(home, posts)
    home.configure(USER=PEM, PASS=FORMS["password"], ENCRYPTION="rsa", PRIVATE_FILE=words)
    home.configure("kind", KIND="kestrel", READY=False)
    home.configure("replica", REPLICAS=["kestrel://bucket/kestrel", "file://kestrel/x"])
    write(
        home.folder / "config",
        "programme.config",
        {"SECRET_KEY": f"kestrel {PEM}"},
    )
    home.site.put("QOL", [row(1)])
    for command in ("check", "export", "verify", "status", "incidents", "held"):
        home.run(command, "-vv")
    for name in (STUDY, "kind", "replica"):
        home.run("export", name, "-vv")
        home.run("check", name, "-vv")
    home.run("daemon", "--once", "-vv")
    home.run("runner", "--once", "-vv")
    close_records()
    assert "key_unreadable" in {kind for kind, _ in home.troubles()}
    assert singing(home, posts) == []


def test_a_process_of_its_own_says_nothing_of_a_pasted_key(home: Home) -> None:
    home.configure(PRIVATE_FILE=PEM, EVERY="kestrel", READY=FORMS["password"])
    ended = subprocess.run(home.words("check"), capture_output=True, text=True, check=False)
    assert ended.returncode == 78
    assert "a key itself: put it into a file" in ended.stderr
    home.noises += [ended.stdout, ended.stderr]
    assert singing(home) == []
