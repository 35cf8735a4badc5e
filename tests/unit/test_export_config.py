"""export.config: accounts in every form, each fault told, and no key shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from mtdata.cake.accounts import account_named
from mtdata.config import Settings
from mtdata.config.export import CakeConfig
from mtdata.config.samples import samples_folder
from mtdata.core.errors import UsageError
from tests.unit.config_folder import Folder, keys

SECRET = "k3y-that-is-not-shown"
ACCOUNT: dict[str, Any] = {
    "ADMIN_DOMAIN": "admin.example.com",
    "API_KEY": SECRET,
    "TIMEZONE": "Europe/Berlin",
}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path).server({"uva": keys(READY=False)})


def loaded(folder: Folder, told: object) -> Settings:
    return folder.file("export.config", {"CAKE": told}).load()


def one(folder: Folder, **more: Any) -> CakeConfig:
    return account_named(loaded(folder, {**ACCOUNT, **more}))


def test_without_a_file_there_is_no_account(folder: Folder) -> None:
    assert folder.load().export.cake == ()
    with pytest.raises(UsageError, match="names no account of CAKE"):
        account_named(folder.load())


def test_an_account_needs_a_domain_a_key_and_a_zone(folder: Folder) -> None:
    account = one(folder)
    assert (account.name, account.server) == ("cake", "https://admin.example.com")
    assert account.timezone == ZoneInfo("Europe/Berlin")
    assert (account.click_window_s, account.conversion_window_s) == (300, 1800)
    assert (account.row_cap, account.timeout_s, account.settle_s) == (100_000, 600, 300)
    assert account.folder == folder.home / "exports"
    faults = folder.file("export.config", {"CAKE": {"SCHEME": "https"}}).faults()
    assert [line.split(": ")[2] for line in faults] == ["ADMIN_DOMAIN", "API_KEY", "TIMEZONE"]


def test_several_accounts_have_names(folder: Folder) -> None:
    west = {**ACCOUNT, "OUTPUT": "west"}
    by_name = loaded(folder, {"east": ACCOUNT, "west": west})
    listed = loaded(folder, [{"NAME": "east", **ACCOUNT}, {"NAME": "west", **west}])
    assert by_name.export == listed.export
    assert account_named(by_name, "west").name == "west"
    with pytest.raises(UsageError, match="several accounts; it has east, west"):
        account_named(by_name)
    with pytest.raises(UsageError, match="Did you mean west"):
        account_named(by_name, "wst")


def test_accounts_do_not_write_over_each_other_s_files(folder: Folder) -> None:
    told = {
        "east": {**ACCOUNT, "OUTPUT": "s3://abc/x"},
        "west": {**ACCOUNT, "OUTPUT": "s3://abc/x/"},
    }
    [fault] = folder.file("export.config", {"CAKE": told}).faults()
    assert "west: OUTPUT: allowed is a place of its own" in fault


def test_two_accounts_of_one_name_are_refused(folder: Folder) -> None:
    faults = folder.file("export.config", {"CAKE": [ACCOUNT, ACCOUNT]}).faults()
    assert len(faults) == 1
    assert "NAME: allowed is a name of its own" in faults[0]


@pytest.mark.parametrize(
    ("word", "domain"),
    [
        ("Admin.Example.COM", "admin.example.com"),
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("[::1]:80", "[::1]:80"),
        ("localhost", "localhost"),
    ],
)
def test_a_domain_is_a_host_and_perhaps_a_port(folder: Folder, word: str, domain: str) -> None:
    assert one(folder, ADMIN_DOMAIN=word).admin_domain == domain


@pytest.mark.parametrize(
    "word",
    [
        *("https://a.example", "a.example/", "u:p@a.example", "a b", "a.example?x", "a.example#x"),
        *("", "-a.example", "a..b", "a.example:0", "a.example:99999", "ä.example", "a.example\n"),
        *("a_b.example", ".", "a\\b", "[::1"),
    ],
)
def test_a_domain_is_nothing_else(folder: Folder, word: str) -> None:
    told = {**ACCOUNT, "ADMIN_DOMAIN": word}
    assert (
        "ADMIN_DOMAIN: allowed is a host"
        in folder.file("export.config", {"CAKE": told}).faults()[0]
    )


@pytest.mark.parametrize("host", ["127.0.0.1:9", "localhost", "[::1]:80", "127.8.8.8"])
def test_http_is_for_this_machine_alone(folder: Folder, host: str) -> None:
    assert one(folder, ADMIN_DOMAIN=host, SCHEME="http").server == f"http://{host}"
    told = {**ACCOUNT, "SCHEME": "http"}
    faults = folder.file("export.config", {"CAKE": told}).faults()
    assert "the key would cross a network in clear text" in faults[0]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"API_KEY": "x" * 51}, "API_KEY"),
        ({"API_KEY": f"{SECRET} {SECRET}"}, "API_KEY"),
        ({"TIMEZONE": "Berlin"}, "TIMEZONE"),
        ({"DIALECT": "soap"}, "DIALECT"),
        ({"DIALECT": "json"}, "SERVER_TIMEZONE"),
        ({"CLICKS_VERSION": 10}, "CLICKS_VERSION"),
        ({"CONVERSIONS_VERSION": 14}, "CONVERSIONS_VERSION"),
        ({"CLICK_WINDOW": "0s"}, "CLICK_WINDOW"),
        ({"CLICK_WINDOW": "1.5s"}, "CLICK_WINDOW"),
        ({"CONVERSION_WINDOW": "2d"}, "CONVERSION_WINDOW"),
        ({"ROW_CAP": 100_001}, "ROW_CAP"),
        ({"PAGE": 0}, "PAGE"),
        ({"RATE": 0}, "RATE"),
        ({"RATE": "nan"}, "RATE"),
        ({"COLUMNS": "neither"}, "COLUMNS"),
        ({"CLICK_COLUMNS": ["a b"]}, "CLICK_COLUMNS"),
        ({"CLICK_COLUMNS": ["A.b"]}, "CLICK_COLUMNS"),
        ({"CONVERSION_COLUMNS": {"": "note"}}, "CONVERSION_COLUMNS"),
        ({"OUTPUT": "s3://B"}, "OUTPUT"),
        ({"OUTPUT": f"https://u:{SECRET}@x"}, "OUTPUT"),
        ({"OUTPUT": "s3://bucket/../x"}, "OUTPUT"),
        ({"ENDPOINT": f"https://u:{SECRET}@x"}, "ENDPOINT"),
        ({"SECRET_KEY": SECRET}, "SECRET_KEY"),
        ({"ACCESS_KEY": SECRET}, "SECRET_KEY"),
        ({"SSE": "none"}, "SSE"),
        ({"ADDRESSING": "none"}, "ADDRESSING"),
        ({"DAILY_AT": "25:00"}, "DAILY_AT"),
        ({"ADMIN_DOMAIN": f"u:{SECRET}@x"}, "ADMIN_DOMAIN"),
    ],
)
def test_a_fault_is_told_and_no_secret(folder: Folder, more: dict[str, Any], words: str) -> None:
    faults = folder.file("export.config", {"CAKE": {**ACCOUNT, **more}}).faults()
    assert [line for line in faults if f": {words}: " in line]
    assert SECRET not in "\n".join(faults)


def test_an_unknown_key_is_told_with_the_nearest(folder: Folder) -> None:
    faults = folder.file("export.config", {"CAKE": {**ACCOUNT, "TIME_ZONE": "UTC"}}).faults()
    assert "TIME_ZONE: there is no such key. Did you mean TIMEZONE?" in faults[0]
    assert "CAKE alone" in folder.file("export.config", {"CAKES": []}).faults()[0]
    assert "found text" in folder.file("export.config", {"CAKE": "a.example"}).faults()[0]


def test_keys_come_from_outside_the_file(folder: Folder, tmp_path: Path) -> None:
    told = {key: value for key, value in ACCOUNT.items() if key != "API_KEY"}
    folder.environ = {"MTDATA_CAKE_API_KEY": "from-environment"}
    assert account_named(loaded(folder, told)).api_key.get_secret_value() == "from-environment"
    (tmp_path / "west.api_key").write_text("from-credential\n")
    folder.environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "MTDATA_WEST_API_KEY": "no"}
    account = account_named(loaded(folder, {"west": told}), "west")
    assert account.api_key.get_secret_value() == "from-credential"


def test_no_key_is_in_a_repr(folder: Folder) -> None:
    account = one(folder, ACCESS_KEY=SECRET, SECRET_KEY=SECRET)
    assert SECRET not in repr(account) + str(account) + repr(folder.load())


def test_columns_are_named_by_fields_or_by_headers(folder: Folder) -> None:
    account = one(
        folder,
        CLICK_COLUMNS=["received.amount", "search_term"],
        CONVERSION_COLUMNS={"Order": "order_total.amount"},
    )
    assert account.click_columns == (
        ("received.amount", "received.amount"),
        ("search_term", "search_term"),
    )
    assert account.conversion_columns == (("Order", "order_total.amount"),)


def test_files_go_to_a_folder_or_a_bucket(folder: Folder) -> None:
    assert one(folder, OUTPUT="/srv/reports").folder == Path("/srv/reports")
    bucket = one(folder, OUTPUT="s3://reports/cake/", ENDPOINT="https://S3.example.org/")
    assert (bucket.folder, bucket.output) == (None, "s3://reports/cake")
    assert bucket.endpoint == "https://s3.example.org"


def test_each_key_stands_in_the_sample_and_all_of_them_are_taken(folder: Folder) -> None:
    text = (samples_folder() / "export.config.sample").read_text()
    assert folder.file("export.config", text).load().export.cake == ()
    start = text.index("# CAKE:")
    told = yaml.safe_load("\n".join(line[2:] for line in text[start:].splitlines()))
    allowed = {str(field.validation_alias) for field in CakeConfig.model_fields.values()}
    assert set(told["CAKE"]) == allowed - {"None"}  # what no file says
    folder.environ = dict.fromkeys(("CAKE_API_KEY", "S3_ACCESS_KEY", "S3_SECRET_KEY"), "x")
    shown = account_named(loaded(folder, told["CAKE"]))
    defaults = one(folder)
    shown_only = {
        *("api_key", "timezone", "server_timezone", "click_columns", "endpoint", "region"),
        *("access_key", "secret_key", "sse", "addressing", "daily_at", "admin_domain"),
    }
    assert shown.model_dump(exclude=shown_only) == defaults.model_dump(exclude=shown_only)
