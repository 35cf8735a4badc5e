"""What is left out and why; what is sent of what is kept."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from mtdata.core.errors import ConfigError
from mtdata.weblogs.bots import is_bot
from mtdata.weblogs.reader import LogReader
from tests.weblogs.lines import ALL, FIREFOX, GOOGLEBOT, SITE, combined, read, requests, rules

MAY = datetime(2024, 5, 4, 11, 55, 36, tzinfo=UTC)
LEFT: list[tuple[bytes, dict[str, Any], str]] = [
    (combined("/a.png"), {}, "static"),
    (combined("/robots.txt"), {}, "static"),
    (combined("/a.css?v=2"), {}, "static"),
    (combined(agent=GOOGLEBOT), {}, "bot"),
    (combined(status=404), {}, "error"),
    (combined(status=503), {}, "error"),
    (combined(status=301), {}, "redirect"),
    (combined("/admin/x"), {"exclude_path": ("/admin/*",)}, "path"),
    (combined("/admin/x?y"), {"include_path": ("/shop/*", "/")}, "path"),
    (combined(), {"exclude_host": ("www.example.*",)}, "host"),
    (combined(), {"include_host": ("shop.example.org",)}, "host"),
    (combined(agent="Special Browser"), {"useragent_exclude": ("special",)}, "user_agent"),
    (combined(agent="x y"), {"excluded_user_agents": ("X Y",)}, "excluded_user_agent"),
    (combined(agent="x11y"), {"excluded_user_agents": (r"/x\d+y/i",)}, "excluded_user_agent"),
    (combined(), {"excluded_ips": ("192.0.*.*",)}, "excluded_ip"),
    (combined(), {"excluded_ips": ("10.0.0.1", "192.0.2.0/24")}, "excluded_ip"),
    (combined(ip="2001:db8::1"), {"excluded_ips": ("2001:db8::/32",)}, "excluded_ip"),
    (combined(), {"exclude_older_than": MAY.replace(second=37)}, "older"),
    (combined(), {"exclude_newer_than": MAY.replace(second=35)}, "newer"),
    (combined(), {"main_url": ""}, "no_host"),
]


@pytest.mark.parametrize(("line", "how", "reason"), LEFT)
def test_a_line_is_left_out_under_one_reason(line: bytes, how: dict[str, Any], reason: str) -> None:
    hits = read(line, **how)
    assert (hits.requests, hits.skipped) == ([], {reason: 1})


KEPT: list[tuple[bytes, dict[str, Any]]] = [
    (combined(status=304), {}),
    (combined(status=200, agent="curl/8.0"), {}),
    (combined(agent="-"), {}),
    (combined(agent="Mozilla/5.0 (Linux; Android 9; CUBOT_NOTE_20)"), {}),
    (combined(), {"exclude_older_than": MAY, "exclude_newer_than": MAY}),
    (combined("/admin/x"), {"exclude_path": ("/admin",)}),
    (combined("/a.js"), {"download_extensions": frozenset({"js"})}),
    (combined(), {"include_host": ("www.EXAMPLE.org",), "exclude_host": ("example.org",)}),
    (combined(), {"excluded_ips": ("192.0.3.*", "2001:db8::/32")}),
    (combined(ip="2001:db8::1"), {"excluded_ips": ("192.0.2.0/24",)}),
]


@pytest.mark.parametrize(("line", "how"), KEPT)
def test_what_comes_close_to_a_filter_is_kept(line: bytes, how: dict[str, Any]) -> None:
    assert len(read(line, **how).requests) == 1


def test_all_four_flags_keep_all_and_name_what_it_is() -> None:
    file = b"".join(
        [
            combined("/a.png"),
            combined("/a.pdf"),
            combined(agent=GOOGLEBOT),
            combined("/no?x=1", status=404, referrer="https://a.example/b c"),
            combined("/old", status=302),
        ]
    )
    hits = read(file, flags=ALL, dimensions={"bot": 4, "status": 5})
    png, pdf, bot, error, redirect = requests(hits)
    assert (png["download"], pdf["download"]) == (f"{SITE}/a.png", f"{SITE}/a.pdf")
    assert hits.downloads == 2
    assert (bot["dimension4"], png["dimension4"]) == ("Bot", "Not-Bot")
    assert [one["dimension5"] for one in (png, error, redirect)] == ["200", "404", "302"]
    assert error["action_name"] == (
        "404/URL = %2Fno%3Fx%3D1/From = https%3A%2F%2Fa.example%2Fb%2520c"
    )
    assert redirect["action_name"] == "302/URL = %2Fold"
    assert "action_name" not in png


def test_parameters_that_a_site_excludes_are_not_sent() -> None:
    how = {"excluded_parameters": ("Session", "/^utm_/")}
    [told] = requests(read(combined("/a?x=1&SESSION=2&utm_source=3&y"), **how))
    assert told["url"] == f"{SITE}/a?x=1&y"
    [told] = requests(read(combined("/a?session=2"), **how))
    assert told["url"] == f"{SITE}/a"
    [told] = requests(read(combined("/Ab?x=1"), strip_query=True, lowercase_path=True))
    assert told["url"] == f"{SITE}/ab"


def test_a_visitor_has_an_id_that_hangs_on_address_agent_and_key() -> None:
    file = combined() + combined("/b") + combined(ip="192.0.2.8") + combined(agent="x")
    ids = [one["cid"] for one in requests(read(file, visitor_key=b"k"))]
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in ids)
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    others = requests(read(file, visitor_key=b"other", dimensions={"bot": 1}))
    assert ids[0] != others[0]["cid"]
    same = requests(read(file, visitor_key=b"k", dimensions={"bot": 1}))
    assert ids == [one["cid"] for one in same]
    assert "cid" not in requests(read(file))[0]


def test_hits_of_one_address_have_one_shard() -> None:
    file = b"".join(combined(ip=f"192.0.2.{number % 50}") for number in range(200))
    shards = read(file).shards
    assert shards[:50] * 4 == shards
    assert len(set(shards)) > 20
    assert max(shards) < 64


def test_text_in_another_encoding_is_read() -> None:
    line = combined(agent="AGENT").replace(b"AGENT", b"caf\xe9")
    [told] = requests(read(line, encoding="latin-1"))
    assert told["ua"] == "caf\u00e9"


def test_days_are_counted_in_utc() -> None:
    file = combined(date="04/May/2024:00:30:00 +0200") + combined() * 2
    days = [str(datetime.fromtimestamp(one, UTC).date()) for one in read(file).moments]
    assert sorted(days) == ["2024-05-03", "2024-05-04", "2024-05-04"]


def test_samples_are_kept_as_far_as_asked_for() -> None:
    file = combined() + combined("/a.png") * 3 + b"x" * 700 + b"\n"
    samples = read(file, explain=2).samples
    assert [number for number, _ in samples["static"]] == [2, 3]
    assert "/a.png" in samples["static"][0][1]
    assert samples["malformed"] == [(5, "x" * 500)]
    assert read(file).samples == {}


@pytest.mark.parametrize(
    "agent",
    [
        GOOGLEBOT,
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0)",
        "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 (compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
        "facebookexternalhit/1.1",
        "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
        "StatusCake",
        "Baiduspider",
        "ELB-HealthChecker/2.0",
    ],
)
def test_bots_are_known(agent: str) -> None:
    assert is_bot(agent)


@pytest.mark.parametrize("agent", [FIREFOX, "", "curl/8.0", "python-requests/2.32", "CUBOT X18"])
def test_people_and_plain_programs_are_no_bots(agent: str) -> None:
    assert not is_bot(agent)


@pytest.mark.parametrize(
    "how",
    [
        {"flags": frozenset({"enable_everything"})},
        {"dimensions": {"colour": 1}},
        {"encoding": "nonsense"},
        {"encoding": "utf-16"},
        {"encoding": "idna"},
        {"encoding": "unicode_escape"},
        {"visitor_key": b"k" * 65},
        {"newest": datetime(2024, 1, 1)},
        {"excluded_ips": ("192.*.1.1",)},
        {"excluded_ips": ("nonsense",)},
        {"excluded_user_agents": ("/(/",)},
    ],
)
def test_rules_that_do_not_fit_are_an_error_of_config(how: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        read(combined(), **how)


def test_rules_and_header_go_to_other_processes() -> None:
    given = rules(visitor_key=b"SECRET", dimensions={"bot": 1})
    assert pickle.loads(pickle.dumps(given)) == given
    assert "SECRET" not in repr(given)
    reader = LogReader(given)
    reader.detect(combined())
    other = LogReader(replace(given))
    other.header = pickle.loads(pickle.dumps(reader.header))
    assert other.read(combined(), 5) == reader.read(combined(), 5)
