"""Each format: known by its lines, and each line the hit that it should be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mtdata.core.errors import ConfigError
from mtdata.weblogs.formats import FORMATS
from mtdata.weblogs.formats.dates import moment
from mtdata.weblogs.formats.detection import detected
from mtdata.weblogs.formats.parser import Header, LineParser
from mtdata.weblogs.reader import LogReader, UnknownFormat
from tests.weblogs.lines import (
    AT,
    FIREFOX,
    IIS,
    SAMPLES,
    Sample,
    combined,
    hit,
    read,
    requests,
    rules,
)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.format)
def test_a_line_is_known_and_becomes_its_hit(sample: Sample) -> None:
    file = sample.file.encode()
    reader = LogReader(rules())
    assert reader.detect(file) == sample.format
    hits = reader.read(file, 1)
    assert requests(hits) == [sample.hit]
    assert sum(hits.skipped.values()) + 1 == file.count(b"\n")
    assert set(hits.skipped) <= {"comment"}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.format)
def test_other_ends_of_lines_and_a_mark_of_byte_order_change_nothing(sample: Sample) -> None:
    plain = sample.file.encode().replace(b"\r\n", b"\n")
    for file in (plain.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + plain, plain[:-1]):
        assert requests(read(file)) == [sample.hit]


def test_the_samples_have_every_format() -> None:
    assert {sample.format for sample in SAMPLES} | {"ovh"} == set(FORMATS)


def test_what_looks_like_another_format_is_read_when_it_is_named() -> None:
    line = f'192.0.2.7 www.example.com - {AT} "GET /a.html HTTP/1.1" 200 512 "-" "{FIREFOX}"\n'
    assert requests(read(line.encode(), format="ovh")) == [
        hit("https://www.example.com/a.html", bw_bytes=512)
    ]


def test_names_of_matomos_importer_are_known() -> None:
    assert requests(read(combined("/a.html"), format="ncsa_extended")) == [hit(bw_bytes=512)]
    with pytest.raises(ConfigError, match="no format of logs is called 'nonsense'"):
        LogReader(rules(format="nonsense"))


def test_a_format_of_ones_own_has_named_groups() -> None:
    how = {
        "format": "regex",
        "regex": r"(?P<date>\S+ \S+)\|(?P<ip>[^|]*)\|(?P<path>[^|]*)"
        r"\|(?P<generation_time_micro>\d+)",
        "date_format": "%d.%m.%Y %H:%M",
    }
    hits = read(b"04.05.2024 11:55|192.0.2.7|/a.html|25000\nnonsense\n", **how)
    assert requests(hits) == [hit(cdt="2024-05-04 11:55:00", ua="", pf_srv=25)]
    assert hits.skipped == {"malformed": 1}
    for regex, told in (("(", "cannot be read"), ("(?P<ip>x)", "no group date, path or request")):
        with pytest.raises(ConfigError, match=told):
            LogReader(rules(format="regex", regex=regex))


def test_the_best_match_wins_over_a_first_line_that_fits_nothing() -> None:
    file = b"restarted\n\n# a comment\n" + combined("/a.html") * 3
    reader = LogReader(rules())
    assert reader.detect(file) == "combined"
    assert reader.read(file, 1).skipped == {"malformed": 1, "comment": 2}


def test_a_file_with_odd_lines_alone_is_known_too() -> None:
    line = combined("/a.html", user="anna maria", ip="192.0.2.7, 10.0.0.1")
    assert LogReader(rules()).detect(line) == "combined"


def test_what_no_format_fits_is_refused_and_not_quoted() -> None:
    with pytest.raises(UnknownFormat, match=r"none of the first 2 lines.*combined") as told:
        LogReader(rules()).detect(b"SECRET 12345\nSECRET\n")
    assert "SECRET" not in str(told.value)
    assert told.value.exit_code == 65
    with pytest.raises(UnknownFormat, match="no line"):
        LogReader(rules()).detect(b"\n# nothing\n")


def test_a_head_may_end_in_the_middle_of_a_line() -> None:
    assert LogReader(rules()).detect(combined() * 3 + b"192.0.2.7 - - [04/M") == "combined"


ODD = [
    (combined("/", ip="192.0.2.7, 10.0.0.1"), hit("/", bw_bytes=512)),
    (combined("/", ip="192.0.2.7:4321"), hit("/", bw_bytes=512)),
    (combined("/", ip="::ffff:192.0.2.7"), hit("/", bw_bytes=512)),
    (combined("/", user="anna maria"), hit("/", uid="anna maria", bw_bytes=512)),
    (combined(request="GET /old"), hit("/old", bw_bytes=512)),
    (combined("/a b c"), hit("/a%20b%20c", bw_bytes=512)),
    (combined("http://elsewhere.example/x"), hit("/x", bw_bytes=512)),
    (combined("/x", agent='say \\"hi\\" \\xe9'), hit("/x", ua='say "hi" \ufffd', bw_bytes=512)),
    (combined("/x").replace(b"/x ", b"/\xe9\x00 "), hit("/%E9%00", bw_bytes=512)),
    (
        combined("/x", agent="AGENT").replace(b"AGENT", b"caf\xe9 \xf0\x9f\x98\x80"),
        hit("/x", ua="caf\ufffd \U0001f600", bw_bytes=512),
    ),
    (combined("/x", date="04/May/2024:11:55:60 +0000"), hit("/x", cdt="2024-05-04 11:55:59")),
    (combined("/x", date="4/may/2024:11:55:36"), hit("/x", bw_bytes=512)),
    (combined("/" + "a" * 2000), hit("/" + "a" * 1023, bw_bytes=512)),
    (combined("/" + "a" * 1022 + "\\xe9"), hit("/" + "a" * 1022, bw_bytes=512)),
]


@pytest.mark.parametrize(("line", "expected"), ODD)
def test_odd_lines_are_hits(line: bytes, expected: dict[str, object]) -> None:
    [told] = requests(read(line))
    assert told == expected | {"bw_bytes": 512}


REFUSED = [
    (combined(ip="unknown"), "bad_ip"),
    (combined(ip="999.1.1.1"), "bad_ip"),
    (combined(date="30/Feb/2024:11:55:36 +0000"), "bad_date"),
    (combined(date="nonsense"), "bad_date"),
    (combined(date="01/Jun/2024:00:00:01 +0000"), "bad_date"),
    (combined(date="04/May/2004:11:55:36 +0000"), "bad_date"),
    (combined(date="04/May/0001:00:00:00 +0100"), "bad_date"),
    (combined(request="-"), "no_request"),
    (combined(request="\\x16\\x03\\x01"), "no_request"),
    (combined(request="-", status=408), "error"),
    (b'192.0.2.7 - - [04/May/2024:13:55:36 +0200] "GET / HT\n', "malformed"),
    (b"x" * 70_000 + b"\n", "too_long"),
    (b"  \r\n", "comment"),
]


@pytest.mark.parametrize(("line", "reason"), REFUSED)
def test_what_cannot_be_a_hit_has_its_reason(line: bytes, reason: str) -> None:
    hits = read(combined() + line, explain=1)
    assert (len(hits.lines), hits.skipped) == (1, {reason: 1})
    assert hits.samples[reason][0][0] == 2


def test_an_error_without_a_request_is_kept_where_errors_are() -> None:
    [told] = requests(
        read(combined(request="-", status=408), flags=frozenset({"enable_http_errors"}))
    )
    assert told["action_name"] == "408/URL = %2F"


def test_rows_of_rtmp_have_a_reason() -> None:
    file = b"#Fields: date time x-edge-location c-ip x-event sc-bytes x-cf-status x-sname\n"
    file += b"2024-05-04\t11:55:36\tFRA2\t192.0.2.7\tplay\t1\tOK\tx\n"
    assert read(file).skipped == {"comment": 1, "rtmp": 1}


def test_columns_may_change_within_a_file_and_within_a_block() -> None:
    file = IIS.encode() + (
        b"2024-05-04 11:55:36 10.0.0.1 GET /a - 443 - 192.0.2.7 x - 200 0 0 5 1\r\n"
        b"#Date: 2024-05-05 00:00:00\r\n#Fields: time c-ip cs-uri-stem sc-status\r\n"
        b"11:55:36 192.0.2.7 /b 200\r\n"
        b"2024-05-04 11:55:36 10.0.0.1 GET /a - 443 - 192.0.2.7 x - 200 0 0 5 1\r\n"
    )
    hits = read(file)
    assert [(one["url"][-2:], one["cdt"]) for one in requests(hits)] == [
        ("/a", "2024-05-04 11:55:36"),
        ("/b", "2024-05-05 11:55:36"),
    ]
    assert list(hits.lines) == [5, 8]
    assert hits.skipped == {"comment": 6, "malformed": 1}


def test_columns_may_be_named_where_a_file_names_none() -> None:
    how = {"fields": ("date", "time", "c-ip", "cs-uri-stem"), "format": "w3c_extended"}
    line = b"2024-05-04 11:55:36 192.0.2.7 /a.html\n"
    assert requests(read(line, **how)) == [hit(ua="")]
    assert requests(read(line, fields=how["fields"])) == [hit(ua="")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("10/Oct/2000:13:55:36 -0730", datetime(2000, 10, 10, 21, 25, 36, tzinfo=UTC)),
        ("2000-10-10T13:55:36.123+02:00", datetime(2000, 10, 10, 11, 55, 36, tzinfo=UTC)),
        ("2000-10-10 13:55:36", datetime(2000, 10, 10, 13, 55, 36, tzinfo=UTC)),
        ("971186136.9", datetime(2000, 10, 10, 13, 55, 36, tzinfo=UTC)),
    ],
)
def test_times_are_read_with_their_zone(text: str, told: datetime) -> None:
    assert moment(text) == told


def test_seconds_since_1970_may_lie_far_ahead() -> None:
    assert moment("99999999999").year > 5000


@pytest.mark.parametrize(
    "text", ["", "x", "2000-13-01T00:00:00", "31/Abc/2000:00:00:00", "1/Jan/0000:00:00:00 +0000",
             "2000-10-10T13:55:36+99:00", "999999999999", "\u0661\u0661/Oct/2000:13:55:36"],
)  # fmt: skip
def test_what_is_no_time_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        moment(text)


def ranked(lines: list[str]) -> str:
    """The format of these lines by trying every one on all of them."""
    for score in (LineParser.quickly, LineParser.exactly):
        ranks: dict[str, tuple[bool, int, int]] = {}
        for one in FORMATS.values():
            if one.is_detected and not one.needs_fields:
                found = [score(one.parser(Header(one.name)), line) for line in lines]
                ranks[one.name] = one.is_marked, sum(map(bool, found)), sum(found)
        best = max(ranks, key=lambda name: ranks[name] if ranks[name][1] else (False, 0, 0))
        if ranks[best][1]:
            return best
    return ""


PLAIN = [one.file.splitlines()[-1] for one in SAMPLES if "#Fields" not in one.file]


@given(st.lists(st.sampled_from([*PLAIN, "nonsense"]), min_size=1, max_size=12))
def test_what_the_log_before_was_changes_no_answer(lines: list[str]) -> None:
    expected = ranked(lines)
    assume(expected)
    for likely in ("", *FORMATS):
        assert detected("\n".join(lines) + "\n", (), likely) == expected
