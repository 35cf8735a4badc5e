"""The JSON schemas of the config files: they agree with the samples, the models and the loader."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mtdata.config import load
from mtdata.config.export import CakeConfig
from mtdata.config.folders import FILES
from mtdata.config.log import LogConfig, MailConfig
from mtdata.config.programme import ProgrammeConfig
from mtdata.config.sample_words import MODELINE, sample_words
from mtdata.config.samples import sample_text
from mtdata.config.schema import FOLDER, config_schema, config_schemas, schema_files
from mtdata.config.sections import allowed_keys
from mtdata.config.site import SiteConfig
from mtdata.config.weblogs import WeblogSite
from mtdata.core.errors import ConfigError
from tests.unit.config_folder import Folder, keys
from tests.unit.config_schema import as_in_editor, refusals, refused_in, validator

ACCOUNT = {"ADMIN_DOMAIN": "admin.example.com", "API_KEY": "k", "TIMEZONE": "UTC"}
MAIL = {"HOST": "smtp.example.org", "FROM": "a@example.org", "TO": "b@example.org"}
SECRETS = {
    "server.config": {"PASS", "ACCESS_KEY", "SECRET_KEY"},
    "recovery.config": set(),
    "log.config": {"PASS", "WEBHOOKS", "WEBHOOK_SECRET", "HEARTBEAT_URL", "MESSENGERS"},
    "daemon.config": set(),
    "programme.config": {
        *("DATABASE", "BROKER", "SECRET_KEY", "OUTPUT_ACCESS_KEY", "OUTPUT_SECRET_KEY"),
    },
    "export.config": {"API_KEY", "ACCESS_KEY", "SECRET_KEY"},
    "weblogs.config": {
        *("token", "aws_pull_access_key", "aws_pull_secret", "aws_push_access_key"),
        *("aws_push_secret", "visitor_secret"),
    },
}


def with_every_key(file: str) -> str:
    """The sample with every key that it shows: what is commented out is taken in."""
    text = sample_text(file)
    if file == "export.config":
        return re.sub("(?m)^# ?", "", text[text.index("# CAKE:") :])
    if file == "weblogs.config":
        return re.sub("(?m)^# ?", "", text[text.index("# aws_pull") :])
    mark = "  # " if file == "server.config" else "# "
    return re.sub(rf"(?m)^{mark}(?=[A-Z_]+:( |$)|  )", " " * (len(mark) - 2), text)


def properties(schema: Any) -> Iterator[tuple[str, Any]]:
    """Every key of a schema with what may stand for it, at whatever depth."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {}).items()
        for value in schema.values():
            yield from properties(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from properties(value)


# ---- the samples


@pytest.mark.parametrize("file", FILES)
def test_the_first_line_of_a_sample_names_the_schema_that_init_lays_beside_it(file: str) -> None:
    first = sample_text(file).splitlines()[0]
    [(name, _)] = schema_files({file: config_schema(file)})
    assert first == f"{MODELINE}{FOLDER}/{name}"


@pytest.mark.parametrize("file", FILES)
def test_a_sample_is_taken_as_it_is_and_with_every_key_that_it_shows(file: str) -> None:
    assert refusals(file, sample_text(file)) == []
    assert refusals(file, with_every_key(file)) == []


@pytest.mark.parametrize("file", FILES)
def test_the_keys_of_a_sample_are_those_of_its_schema(file: str) -> None:
    shown, schema = as_in_editor(with_every_key(file)), config_schema(file)
    parts = {
        "server.config": (lambda: shown["mindtrails"], "site", {"NAME"}),
        "log.config": (lambda: shown["MAIL"], "mail", set()),
        "export.config": (lambda: shown["CAKE"], "CAKE", set()),
    }
    if file in parts:
        section, name, rest = parts[file]
        assert set(section()) == set(schema["$defs"][name]["properties"]) - rest
    if "properties" in schema:
        assert set(shown) == set(schema["properties"]) - {"aws_push_bucket"}  # an older name


@pytest.mark.parametrize(
    "text", ["mindtrails:\n  READY: False\n  PATH: p\n", "- NAME: a\n  READY: False\n  PATH: p\n"]
)
def test_a_sample_that_disagrees_is_seen(text: str) -> None:
    assert refusals("server.config", text) == []
    assert refusals("server.config", text.replace("PATH", "PAHT"))
    assert refusals("server.config", text.replace("False", "perhaps"))


def test_words_of_a_sample_stand_above_the_keys_that_they_are_about() -> None:
    site = sample_words("server.config", allowed_keys(SiteConfig)).keys
    assert site["EVERY"] == site["STATIC_AT"]
    assert site["EVERY"].startswith("How often the deleteable scales are collected")
    assert site["CA"].startswith("A file with the authority (PEM) of the site's certificate")
    account = sample_words("export.config", allowed_keys(CakeConfig)).keys
    assert account["CA"].startswith("A file with the authority (PEM) of the instance's")
    assert "USER_AGENT" in account
    logs = sample_words("weblogs.config", allowed_keys(WeblogSite)).keys
    assert logs["zone"].startswith("The zone of the site in Matomo")
    told = sample_words("log.config", allowed_keys(MailConfig))
    assert told.keys["HELO"].startswith("The name that we greet the server by")
    assert told.file.startswith("Where MTData writes its log")


# ---- the models


@pytest.mark.parametrize("file", FILES)
def test_each_is_a_schema_of_2020_12_in_json(file: str) -> None:
    schema = config_schema(file)
    assert json.loads(json.dumps(schema)) == schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert len(schema["description"]) > 20
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("file", FILES)
def test_each_key_tells_what_is_allowed_and_its_default_is_that(file: str) -> None:
    definitions = config_schema(file)["$defs"]
    for key, schema in properties(config_schema(file)):
        if file == "server.config" and key in definitions["replica"]["anyOf"][1]["properties"]:
            continue
        assert schema["description"], key
        if "default" in schema:
            whole = {**schema, "$defs": definitions}
            assert not list(Draft202012Validator(whole).iter_errors(schema["default"])), key


def test_defaults_are_written_as_a_file_has_them() -> None:
    site = config_schema("server.config")["$defs"]["site"]["properties"]
    assert (site["EVERY"]["default"], site["STATIC_AT"]["default"]) == (300, "03:30")
    assert site["DRIFT"]["default"] == "rewrite"
    assert "default" not in site["PASS"]
    hosts = config_schema("programme.config")["properties"]["ALLOWED_HOSTS"]
    assert hosts["default"] == ["localhost", "127.0.0.1", "[::1]"]
    assert config_schema("programme.config")["properties"]["TIMEZONE"]["default"] == "UTC"


@pytest.mark.parametrize("file", FILES)
def test_secrets_are_marked(file: str) -> None:
    found = {key for key, schema in properties(config_schema(file)) if schema.get("writeOnly")}
    assert found >= SECRETS[file]
    assert not found & {"PATH", "SERVER", "USER", "HOST", "OUTPUT", "TO", "CA", "zone", "SLOTS"}


# ---- what it takes and what it marks

SITE = "uva:\n  READY: True\n  PATH: p\n"
GOOD = (
    ("server.config", f"{SITE}  EVERY: 5m\n"),
    ("server.config", f"{SITE}  EVERY: 300\n  STATIC_AT: 03:30\n  DRIFT: HOLD\n"),
    ("server.config", f'{SITE}  EVERY: "300"\n  DELETE_MODE: yes\n'),
    ("server.config", f"{SITE}  PASS: 0123\n  USER: no\n  ENCRYPTION: off\n  TIMEZONE:\n"),
    ("server.config", f"{SITE}  EVERY: ${{EVERY}}\n  MAX_RECORDS: ${{N}}\n  READY: ${{R}}\n"),
    ("server.config", f"{SITE}  PRIVATE_FILE: [a.pem, b.pem]\n  PADDING: [pkcs1, oaep]\n"),
    ("server.config", f"{SITE}  REPLICAS: file:///mnt/x\n"),
    ("server.config", f"{SITE}  REPLICAS: [s3://b, {{URL: s3://c, CA: }}]\n"),
    ("programme.config", ""),
    ("programme.config", "JOBS_KEEP: off\nHSTS: 0\nSLOTS: 0\nUPLOAD_MAX: 64 MB\n"),
    ("programme.config", "MAIL_ALLOWED: a@x.org\nALLOWED_HOSTS: [a, b]\nENGINE: Celery\n"),
    ("export.config", "CAKE:\n  ADMIN_DOMAIN: a.example.com\n  TIMEZONE: UTC\n"),
    ("export.config", "CAKE:\n  a: {ADMIN_DOMAIN: a.b, TIMEZONE: UTC, EVENT_TYPE: macro}\n"),
    ("export.config", "CAKE:\n- {ADMIN_DOMAIN: a.b, TIMEZONE: UTC, CLICK_COLUMNS: {A: b.c}}\n"),
    ("weblogs.config", "sites: {a.org: 1, b.org: {idsite: 2, zone: UTC}}\npull_bucket: b\n"),
    ("weblogs.config", "sites: {a.org: 1}\narchive: {console: /var/www/console}\nflags: none\n"),
    ("weblogs.config", "sites: {a.org: 1}\nexclude_older_than: 2026-01-01\naws_push_bucket: b\n"),
    ("log.config", "JSON: True\nWEBHOOKS: https://x.org/a\nDIGEST_H: 1.5\n"),
    ("recovery.config", "OUT:\nLOG:\n"),
)
MARKED = (
    ("server.config", ""),
    ("server.config", "uva: {READY: True}\n"),
    ("server.config", "- {READY: True, PATH: p}\n"),
    ("server.config", f"{SITE}  EVREY: 5m\n"),
    ("server.config", f"{SITE}  EVERY: soon\n"),
    ("server.config", f"{SITE}  EVERY: 5 minutes\n"),
    ("server.config", f"{SITE}  STATIC_AT: 24:00\n"),
    ("server.config", f"{SITE}  SERVER: example.org\n"),
    ("server.config", f"{SITE}  DELETE_CONNECTIONS: 129\n"),
    ("server.config", f"{SITE}  DELETE_CONNECTIONS: many\n"),
    ("server.config", f"{SITE}  DRIFT: rewrit\n"),
    ("server.config", f"{SITE}  DELETE_MODE: perhaps\n"),
    ("server.config", f"{SITE}  DATE_FORMAT: '%d'\n"),
    ("server.config", f"{SITE}  REPLICAS: [{{URL: s3://b, REGOIN: x}}]\n"),
    ("server.config", f"{SITE}  USER: [a]\n"),
    ("server.config", "READY: True\nPATH: p\n"),
    ("programme.config", "SLOTS: 65\n"),
    ("programme.config", "ENGINE: rabbit\n"),
    ("programme.config", "UPLOAD_MAX: 64 potatoes\n"),
    ("export.config", "CAKE: {ADMIN_DOMAIN: a.b}\n"),
    ("export.config", "CAKES: {}\n"),
    ("export.config", "CAKE: {ADMIN_DOMAIN: https://a.b/, TIMEZONE: UTC}\n"),
    ("weblogs.config", "pull_bucket: b\n"),
    ("weblogs.config", "sites: {a.org: many}\n"),
    ("log.config", "MAIL: {HOST: h}\n"),
    ("log.config", "MAIL: smtp.example.org\n"),
)


@pytest.mark.parametrize(("file", "text"), GOOD)
def test_whatever_the_program_takes_is_taken(file: str, text: str) -> None:
    assert refusals(file, text) == []


@pytest.mark.parametrize(("file", "text"), MARKED)
def test_what_is_plain_to_see_is_marked(file: str, text: str) -> None:
    assert refusals(file, text)


ODD = (
    *(
        ("programme.config", key, value)
        for key, value in (("TELL_JOBS", []), ("PATH_PREFIX", {}), ("PROXY_USER_HEADER", []))
    ),
    *(("programme.config", key, {}) for key in ("TRUSTED_PROXIES", "ALLOWED_HOSTS", "OUTPUT")),
    ("programme.config", "SECRET_KEY", ["x" * 60]),
    *(("export.config", key, []) for key in ("DAILY_AT", "OUTPUT")),
    ("log.config MAIL", "TOKEN_COMMAND", {}),
    ("weblogs.config", "pull_prefix", ["a"]),
    ("weblogs.config", "piwik_ip", {}),
    ("weblogs.config", "exclude_older_than", []),
    ("server.config", "NAME", []),
)
"""A list or a mapping where text belongs, which once counted as nothing or as its own spelling."""


@pytest.mark.parametrize(("place", "key", "value"), ODD)
def test_what_is_no_text_is_no_text_for_either(
    place: str, key: str, value: object, tmp_path: Path
) -> None:
    folder = Folder(tmp_path).server({"uva": keys()})
    file, content = _content(place, key, value)
    [fault] = folder.file(file, content).faults()
    assert f" {key}: allowed is " in fault
    assert refused_in(folder.path)


WORDS = st.sampled_from(
    [
        *("", "0", "1", "5", "07", "+3", "-1", "1.5", "1e3", "300", "100000", "5m", "1.5h", "8d"),
        *("True", "false", "YES", "no", "on", "off", "Off", "y", "t", "none", "auto", "all"),
        *("hold", "REWRITE", "celery", "Embedded", "verify", "quorum", "path", "AES256", "json"),
        *("macro", "micro_events", "rsa", "pkcs1", "oaep,pkcs1", "mended", "wait", "browser"),
        *("12:30", "3:05", "24:00", "UTC", "Europe/Berlin", "%Y-%m-%d", "%H_%M", "%d"),
        *("https://x.example/a", "HTTP://h", "x.example", "s3://b/p", "file:///x", "a b, c"),
        *("a@x.org", "@x.org", "10.1.0.0/16", "64 MB", "1.5GB", "/srv/x", "~/x", "a.pem", "12"),
        *("sqlite:///x", "postgres://u:p@h/n", "amqp://h//", "sqs://", "key", "ip_ua", "x" * 60),
        *("whsec_" + "a2V5" * 8, "2026-01-01", "received.amount", "enable_bots", "tag", "regex"),
    ]
)
VALUES = st.one_of(
    WORDS,
    st.integers(-1, 400),
    st.booleans(),
    st.none(),
    st.lists(WORDS, max_size=2),
    st.dictionaries(st.sampled_from(["A", "bot", "console", "URL"]), WORDS, max_size=1),
)
PLACES = st.one_of(
    *(
        st.tuples(st.just(file), st.sampled_from(sorted(allowed_keys(model))))
        for file, model in (
            ("server.config", SiteConfig),
            ("programme.config", ProgrammeConfig),
            ("export.config", CakeConfig),
            ("log.config", LogConfig),
            ("log.config MAIL", MailConfig),
            ("weblogs.config", WeblogSite),
        )
    )
)


def _content(place: str, key: str, value: Any) -> tuple[str, Any]:
    """A file that is well but for, perhaps, that key."""
    file, _, section = place.partition(" ")
    if file == "server.config":
        return file, {"uva": keys(**{key: value})}
    if file == "export.config":
        return file, {"CAKE": {"a": {**ACCOUNT, key: value}}}
    if file == "weblogs.config":
        site = {"idsite": 1, "pull_bucket": "logs", "piwik_ip": "m.example", key: value}
        return file, {"sites": {"a.example": site}}
    return file, {"MAIL": {**MAIL, key: value}} if section else {key: value}


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        ("server.config", "EVERY", "5m"),
        ("programme.config", "SLOTS", 2),
        ("export.config", "RATE", 1.5),
        ("log.config", "DIGEST_H", "7"),
        ("log.config MAIL", "PORT", 25),
        ("weblogs.config", "batch", "50"),
    ],
)
def test_the_files_that_values_are_put_into_are_well(
    place: str, key: str, value: object, tmp_path: Path
) -> None:
    folder = Folder(tmp_path).server({"uva": keys()})
    assert folder.file(*_content(place, key, value)).load().sites


@given(PLACES, VALUES)
def test_no_value_that_the_program_takes_is_marked(where: tuple[str, str], value: Any) -> None:
    if where[1] == "MAIL":
        value = MAIL
    with tempfile.TemporaryDirectory() as home:
        folder = Folder(Path(home)).server({"uva": keys()})
        file, content = _content(*where, value)
        folder.file(file, content)
        try:
            load(folder.path, folder.environ)
        except ConfigError:
            return
        told = refused_in(folder.path)
        assert told == [], yaml.safe_dump(content)


def test_the_schemas_of_all_files_are_there() -> None:
    assert list(config_schemas()) == list(FILES)
    assert all(validator(file) for file in FILES)
