"""programme.config: the URL of the database in all its forms, and no password shown."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
import yaml

from mtdata.config import Settings, load
from mtdata.config.broker import BrokerAddress, broker_of
from mtdata.config.database import DatabaseAddress
from mtdata.config.samples import samples_folder
from mtdata.core.errors import ConfigError, JobError
from mtdata.jobs.celery.app import new_app
from mtdata.jobs.check import unproven
from mtdata.jobs.kind import day, days_in_order
from mtdata.jobs.records.connecting import described

SECRET = "s3cr:t@/ %"
SITE = {
    "READY": False,
    "SERVER": "https://a.org",
    "USER": "u",
    "PASS": "p",
    "PATH": "pool",
    "ENCRYPTION": "off",
}


def loaded(folder: Path, environ: dict[str, str] | None = None, **keys: Any) -> Settings:
    config = folder / "config"
    config.mkdir(exist_ok=True)
    (config / "server.config").write_text(yaml.safe_dump({"study": SITE}))
    (config / "programme.config").write_text(yaml.safe_dump(keys))
    return load(config, environ or {})


def test_without_a_file_the_records_lie_in_the_state_folder(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert settings.database == DatabaseAddress(
        "sqlite", str(tmp_path / "state" / "programme.sqlite3")
    )
    assert (settings.programme.engine, settings.programme.slots) == ("embedded", 1)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("sqlite:////var/x.db", DatabaseAddress("sqlite", "/var/x.db")),
        (
            "mysql://u:p%40@db:3307/n",
            DatabaseAddress("mysql", "n", "db", 3307, "u", "p@"),
        ),
        ("postgres://u@[::1]/n", DatabaseAddress("postgres", "n", "::1", 5432, "u", "")),
        ("postgresql://db/n", DatabaseAddress("postgres", "n", "db", 5432)),
        ("mariadb://u:a@b@db/n", DatabaseAddress("mysql", "n", "db", 3306, "u", "a@b")),
    ],
)
def test_a_url_is_read(tmp_path: Path, url: str, address: DatabaseAddress) -> None:
    assert loaded(tmp_path, DATABASE=url).database == address


def test_tls_and_authorities_belong_to_the_addresses(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        DATABASE="postgres://db/n",
        DATABASE_TLS="verify",
        DATABASE_CA="keys/db.pem",
        BROKER="amqps://b",
        BROKER_CA="/etc/b.pem",
        BROKER_QUEUE="classic",
    )
    assert (settings.database.tls, settings.database.ca) == ("verify", f"{tmp_path}/keys/db.pem")
    broker = settings.programme.broker
    assert broker is not None
    assert (broker.ca, broker.sort) == ("/etc/b.pem", "classic")


@pytest.mark.parametrize(
    ("tls", "postgres", "mysql"),
    [
        ("off", {"sslmode": "disable"}, {"ssl_disabled": True}),
        ("prefer", {}, {}),
        ("require", {"sslmode": "require"}, {"ssl": {"check_hostname": False}}),
        (
            "verify",
            {"sslmode": "verify-full", "sslrootcert": "/ca.pem"},
            {"ssl_ca": "/ca.pem", "ssl_verify_cert": True, "ssl_verify_identity": True},
        ),
    ],
)
def test_each_driver_is_told_of_tls_in_its_own_words(
    tls: Any, postgres: dict[str, object], mysql: dict[str, object]
) -> None:
    for engine, words in (("postgres", postgres), ("mysql", mysql)):
        address = DatabaseAddress(engine, "n", "h", 1, tls=tls, ca="/ca.pem")  # type: ignore[arg-type]
        options = described(address)["OPTIONS"]
        assert {key: word for key, word in options.items() if key.startswith("ssl")} == words
        assert "options" not in options  # a pooler refuses them


def test_a_relative_file_is_taken_from_the_folder_above_config(tmp_path: Path) -> None:
    found = loaded(tmp_path, DATABASE="sqlite:///state/x.db").database
    assert found.name == str(tmp_path / "state" / "x.db")


@pytest.mark.parametrize(
    "keys",
    [
        {"DATABASE": f"oracle://u:{SECRET}@h/n"},
        {"DATABASE": f"mysql://u:{SECRET}@h:0/n"},
        {"DATABASE": f"postgres://u:{SECRET}@h:99999/n"},
        {"DATABASE": f"postgres://u:{SECRET}@h/n;drop"},
        {"DATABASE": f"mysql://u:{SECRET}@a..b/n"},
        {"DATABASE": f"postgres://u:{SECRET}@{'a' * 64}.org/n"},
        {"DATABASE_TLS": "always"},
        {"DATABASE_TLS": "verify"},
        {"DATABASE_CA": f"/etc/{SECRET}"},
        {"DATABASE_CA": "-----BEGIN CERTIFICATE-----", "DATABASE_TLS": "verify"},
        {"BROKER_CA": SECRET, "BROKER": "amqp://h"},
        {"BROKER": f"amqp://u:{SECRET}@a..b"},
        {"BROKER_QUEUE": "stream"},
        {"DATABASE": "sqlite:///"},
        {"BROKER": [SECRET]},
        {"ENGINE": "cellery"},
        {"LEASE_S": "5s"},
        {"SLOTS": "-1"},
        {"UPLOAD_MAX": SECRET},
        {"UPLOAD_MAX": "64"},
        {"UPLOAD_MAX": "1000 kB"},
        {"UPLOAD_MAX": "2.1 GB"},
        {"UPLOAD_MAX": True},
        {"ALLOWED_HOSTS": ["a b"]},
        {"LEASES": "5s"},
    ],
)
def test_a_fault_is_told_and_no_secret(tmp_path: Path, keys: dict[str, Any]) -> None:
    if "LEASE_S" in keys:
        keys = {**keys, "HEARTBEAT_S": "2s"}
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, **keys)
    assert "programme.config" in str(raised.value)
    assert "s3cr" not in str(raised.value)


@pytest.mark.parametrize(
    ("size", "expected"),
    [("1 MB", 1 << 20), ("1.5GB", 3 << 29), ("2048 kB", 2 << 20), ("64 MiB", 64 << 20)],
)
def test_a_size_has_its_unit(tmp_path: Path, size: str, expected: int) -> None:
    assert loaded(tmp_path, UPLOAD_MAX=size).programme.upload_max == expected
    assert loaded(tmp_path).programme.upload_max == 64 << 20


def test_the_password_is_in_no_repr(tmp_path: Path) -> None:
    url = "mysql://u:${DB_PASS}@db/n"
    settings = loaded(tmp_path, {"DB_PASS": "s3cr"}, DATABASE=url, BROKER="amqp://u:s3cr@b//")
    assert settings.database.password == "s3cr"
    assert "s3cr" not in repr(settings) + repr(settings.database) + settings.database.redacted()


def test_each_key_of_the_sample_is_the_default(tmp_path: Path) -> None:
    text = (samples_folder() / "programme.config.sample").read_text()
    lines = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ")]
    keys = "\n".join(line for line in lines if line.split(":")[0].isupper())
    examples = ("BROKER", "SECRET_KEY", "MAIL_ALLOWED")
    shown = yaml.safe_load(keys).items()
    given = {
        key: value
        for key, value in shown
        if key not in examples and not key.startswith("OUTPUT_")  # those of a store
    }
    as_shown = loaded(tmp_path, **given)
    assert as_shown.programme.model_dump(exclude={"database"}) == loaded(
        tmp_path
    ).programme.model_dump(exclude={"database"})
    assert as_shown.database == loaded(tmp_path).database


@pytest.mark.parametrize(
    ("written", "kept_s"), [("400d", 400 * 86_400), ("168h", 604_800), ("off", 0), (False, 0)]
)
def test_how_long_ended_jobs_are_kept_is_a_span_or_off(
    tmp_path: Path, written: object, kept_s: float
) -> None:
    assert loaded(tmp_path, JOBS_KEEP=written).programme.jobs_keep_s == kept_s


@pytest.mark.parametrize("written", ["6d", "3661d", "long", "-90d"])
def test_no_job_is_kept_for_less_than_a_week(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigError, match="JOBS_KEEP"):
        loaded(tmp_path, JOBS_KEEP=written)


def test_days_are_read_in_both_forms(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert day(settings, "2026-03-12") == day(settings, "12-03-2026") == "2026-03-12"
    for word in ("12/03/2026", "2026-3-12", "31-02-2026", "2026-13-01", "", "heute"):
        with pytest.raises(ValueError, match=r"day|dd-mm"):
            day(settings, word)


def test_a_start_after_the_end_is_refused() -> None:
    days_in_order({"start": "2026-03-12", "end": "2026-03-12"})
    with pytest.raises(ValueError, match="is after end"):
        days_in_order({"start": "2026-03-13", "end": "2026-03-12"})
    assert JobError.exit_code == 65


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("amqp://h", BrokerAddress("amqp", "h", 5672)),
        ("amqp://g:p%40@127.0.0.1:5673//", BrokerAddress("amqp", "127.0.0.1", 5673, "g", "p@")),
        ("amqps://[::1]/v%2Fx", BrokerAddress("amqps", "::1", 5671, vhost="v/x")),
        ("amqp://h/v?queue=other", BrokerAddress("amqp", "h", 5672, vhost="v", queue="other")),
        ("sqs://", BrokerAddress("sqs", "")),
        ("sqs://K:s/+@", BrokerAddress("sqs", "", 0, "K", "s/+")),
        ("sqs://K:s3@127.0.0.1:5000", BrokerAddress("sqs", "127.0.0.1", 5000, "K", "s3")),
    ],
)
def test_a_broker_is_read(tmp_path: Path, url: str, address: BrokerAddress) -> None:
    assert loaded(tmp_path, ENGINE="celery", BROKER=url).programme.broker == address
    assert not address.password or address.password not in repr(address) + address.redacted()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"redis://u:{SECRET}@h", "none of amqp"),
        (f"amqp://u:{SECRET}@h:99999/", "host:port"),
        (f"amqp://u:{SECRET}@", "host:port"),
        (f"amqp://u:{SECRET}@h/?x=1", "queue=NAME"),
        (f"sqs://u:{SECRET}@h/path", "ends with the port"),
    ],
)
def test_a_faulty_broker_is_told_without_its_secret(tmp_path: Path, url: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as raised:
        loaded(tmp_path, BROKER=url)
    assert "s3cr" not in str(raised.value)


def test_the_engine_celery_wants_a_broker(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"BROKER: .*ENGINE is celery, so a broker must be named"):
        loaded(tmp_path, ENGINE="celery")


@pytest.mark.parametrize(
    ("url", "environ", "shown"),
    [
        ("sqs://K:s@127.0.0.1:5000", {}, (False, None, "sqs://K:s@127.0.0.1:5000")),
        ("sqs://", {"AWS_REGION": "eu-central-1"}, (True, "eu-central-1", "sqs://:@")),
        (
            "sqs://K:s/+@sqs.local:99",
            {"AWS_ENDPOINT_URL": "http://sqs.local:99", "AWS_DEFAULT_REGION": "x"},
            (False, "x", "sqs://K:s%2F%2B@sqs.local:99"),
        ),
        ("sqs://K:s@sqs.local:99", {}, (True, None, "sqs://K:s@sqs.local:99")),
    ],
)
def test_sqs_is_asked_in_clear_text_only_where_it_is_this_machine_or_said_so(
    monkeypatch: pytest.MonkeyPatch, url: str, environ: dict[str, str], shown: tuple[Any, ...]
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    address = broker_of(url)
    assert address is not None
    conf = new_app(address).conf
    options = conf.broker_transport_options
    assert (options["is_secure"], options["region"], conf.broker_url) == shown


def test_a_broker_with_tls_shows_whose_it_is() -> None:
    address = broker_of("amqps://u:p@broker.example")
    assert address is not None
    tls = new_app(address).conf.broker_use_ssl
    assert tls == {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": "broker.example"}


@pytest.mark.parametrize(
    ("address", "odd"),
    [
        (DatabaseAddress("sqlite", "/x"), ""),
        (DatabaseAddress("mysql", "n", "127.0.0.1", 1), ""),
        (DatabaseAddress("mysql", "n", "db", 1), "DATABASE_TLS is prefer"),
        (DatabaseAddress("postgres", "n", "db", 1, tls="require"), "DATABASE_TLS is require"),
        (DatabaseAddress("postgres", "n", "db", 1, tls="verify", ca="/ca"), ""),
        (BrokerAddress("amqp", "localhost", 1), ""),
        (BrokerAddress("amqp", "b", 1), "amqps://"),
        (BrokerAddress("amqps", "b", 1), ""),
        (BrokerAddress("sqs", ""), ""),
    ],
)
def test_a_way_beyond_this_machine_that_can_be_read_is_odd(
    address: DatabaseAddress | BrokerAddress, odd: str
) -> None:
    found = "; ".join(unproven(address))
    assert (odd in found, bool(found)) == (True, bool(odd))


def test_servers_in_front_a_path_and_hsts_are_keys(tmp_path: Path) -> None:
    plain = loaded(tmp_path).programme
    assert (plain.trusted_proxies, plain.path_prefix, plain.hsts_s) == ((), "", 3600)
    given = {"TRUSTED_PROXIES": "10.1.0.0/16, ::1 192.0.2.7", "PATH_PREFIX": "/a/b/"}
    known = loaded(tmp_path, **given, HSTS="365d").programme
    assert known.trusted_proxies == ("10.1.0.0/16", "::1/128", "192.0.2.7/32")
    assert (known.path_prefix, known.hsts_s) == ("/a/b", 365 * 86_400)
    assert loaded(tmp_path, HSTS="off").programme.hsts_s == 0
    for key, word in (
        ("TRUSTED_PROXIES", "*"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("TRUSTED_PROXIES", "0.0.0.0/0"),
        ("TRUSTED_PROXIES", ["::/0"]),
        ("PATH_PREFIX", "mtdata"),
        ("PATH_PREFIX", "/a/../b"),
        ("PATH_PREFIX", "https://a.example/b"),
        ("HSTS", "for ever"),
        ("HSTS", "-1"),
    ):
        with pytest.raises(ConfigError, match=key):
            loaded(tmp_path, **{key: word})


def test_events_may_be_kept_for_less_long_than_their_jobs(tmp_path: Path) -> None:
    assert loaded(tmp_path).programme.events_keep_s == 0
    assert loaded(tmp_path, EVENTS_KEEP="90d").programme.events_keep_s == 90 * 86_400


def test_who_may_tell_who_asks_and_whom_are_keys(tmp_path: Path) -> None:
    plain = loaded(tmp_path).programme
    assert (plain.proxy_user_header, plain.proxy_new_users) == ("", "refuse")
    assert (plain.proxy_admins, plain.admins_need_code) == ((), False)
    proxy = {"TRUSTED_PROXIES": "127.0.0.1"}
    for header in ("X-Remote-User", "Remote-User", "X-Forwarded-User", "X-Auth-Request-Email"):
        given = {"PROXY_USER_HEADER": header, "PROXY_NEW_USERS": "Viewer"}
        known = loaded(tmp_path, **proxy, **given, PROXY_ADMINS="anna, b.c@example.org").programme
        assert (known.proxy_user_header, known.proxy_new_users) == (header, "viewer")
        assert known.proxy_admins == ("anna", "b.c@example.org")
    for key, word in (
        ("PROXY_USER_HEADER", "Authorization"),
        ("PROXY_USER_HEADER", "Cookie"),
        ("PROXY_USER_HEADER", "host"),
        ("PROXY_USER_HEADER", "X-Forwarded-For"),
        ("PROXY_USER_HEADER", "Sec-Fetch-Site"),
        ("PROXY_USER_HEADER", "Content-Type"),
        ("PROXY_USER_HEADER", "X_Remote_User"),
        ("PROXY_USER_HEADER", "a b"),
        ("PROXY_NEW_USERS", "admin"),
        ("PROXY_ADMINS", ["a b"]),
        ("PROXY_ADMINS", "cake:a@b"),
    ):
        with pytest.raises(ConfigError, match=key):
            loaded(tmp_path, **proxy, **{key: word})
    with pytest.raises(ConfigError, match="TRUSTED_PROXIES must name who may send it"):
        loaded(tmp_path, PROXY_USER_HEADER="X-Remote-User")
