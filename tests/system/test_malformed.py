"""Entries that are no rows: held, told of, never deleted; the rest of the package goes on."""

from __future__ import annotations

import json

import pytest

from tests.system.home import STUDY, Home, row, wire

BAD: dict[str, bytes] = {
    "no JSON": b'{"id":2,"oops"}',
    "half a text": b'{"id":2,"text":"a\\u00"}',
    "a bare word": b'{"id":2,"x":undefined}',
    "NaN": b'{"id":2,"x":NaN}',
    "Infinity": b'{"id":2,"x":-Infinity}',
    "single quotes": b"{'id':2}",
    "a closing comma": b'{"id":2,}',
    "bytes that are no UTF-8": b'{"id":2,"x":"\xff\xfe"}',
    "a text": b'"id"',
    "a number": b"42",
    "null": b"null",
    "a list": b'[{"id":2}]',
    "no id": b'{"session":"PRE"}',
    "an id that is null": b'{"id":null}',
    "an id that is a real number": b'{"id":2.5}',
    "an id that is true": b'{"id":true}',
    "an id that is a list": b'{"id":[2]}',
    "an id that is a word": b'{"id":"two"}',
    "an id that is negative": b'{"id":-2}',
    "an id that is too large": b'{"id":99999999999999999999}',
    "an id in other digits": '{"id":"٢"}'.encode(),
    "half a surrogate": b'{"id":2,"x":"\\ud83d"}',
    "half a surrogate in a name": b'{"id":2,"\\ud83d":1}',
    "a NUL in a name": b'{"id":2,"x\\u0000":1}',
    "nested without end": b'{"id":2,"x":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "a control character": b'{"id":2,"x":"a\x01b"}',
    "a name twice, the id": b'{"id":"x","id":{}}',
}


@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
def test_a_malformed_entry_is_held_and_the_rest_is_collected(home: Home, bad: bytes) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1), bad, row(3)])
    done = home.export(code=1)["QOL"]
    assert (done["received"], done["appended"], done["held"], done["deleted"]) == (3, 2, 1, 2)
    assert home.ids("QOL") == ["1", "3"]
    assert home.deletes() == [1, 3]
    assert home.site.rows("QOL") == [bad]
    assert [(scale, kind) for scale, _, kind in home.held()] == [("QOL", "malformed")]
    assert ("entry_malformed", "QOL") in home.troubles()
    for path in home.paths("raw_data", "QOL"):
        json.loads(path.read_bytes())
    kept = [path.read_bytes() for path in home.pool.rglob("*") if path.is_file()]
    assert any(bad in content for content in kept)
    done = home.export()["QOL"]
    assert (done["fresh"], done["held"]) == (0, 1)
    assert home.is_clean()


@pytest.mark.parametrize("place", ["first", "last", "alone", "twice"])
def test_it_does_not_matter_where_the_malformed_entry_stands(home: Home, place: str) -> None:
    bad, good = b'{"id":2,"oops"}', [wire(row(1)), wire(row(3))]
    package = {
        "first": [bad, *good],
        "last": [*good, bad],
        "alone": [bad],
        "twice": [
            bad,
            good[0],
            bad,
            good[1],
            b'{"other',
        ],
    }[place]
    home.site.put("QOL", package[:4])
    home.export(code=1)
    assert home.ids("QOL") == ([] if place == "alone" else ["1", "3"])
    assert len(home.held()) == 1


def test_an_entry_that_was_put_right_on_the_site_becomes_a_row(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [b'{"id":2,"oops"}', row(1)])
    home.export(code=1)
    home.site.clear("QOL")
    home.site.put("QOL", [row(2)])
    done = home.export()["QOL"]
    assert (done["appended"], done["deleted"]) == (1, 1)
    assert home.ids("QOL") == ["1", "2"]
    assert ("listing_shrank", "QOL") not in home.troubles()


def test_a_package_that_breaks_off_gives_what_came_before_and_deletes_nothing(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1), row(2)])
    body = b"[" + wire(row(1)) + b"," + wire(row(2)) + b',{"id":3,"answer":"and th'
    home.site.fault("garbled", scale="QOL", bytes=body + b"]")
    home.export(code=69)
    assert home.asked("DELETE") == []
    assert ("package_broken", "QOL") in home.troubles()
    home.site.heal()
    home.export()
    assert home.ids("QOL") == ["1", "2"]
    assert home.site.ids("QOL") == []
    assert home.is_clean()


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"null", b'"text"', b'{"id":1}', b"[1] [2]", b"\x00\x01", b"[{}{}]"]
)
def test_a_body_that_is_no_package_ends_that_scale_alone(home: Home, body: bytes) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [row(1)])
    home.site.put("BBSIQ", [row(2)])
    home.site.fault("garbled", scale="QOL", bytes=body)
    home.export(code=69)
    assert home.site.deletes == [("BBSIQ", 2)]
    assert home.ids("QOL") == []
    assert ("package_broken", "QOL") in home.troubles()
    home.site.heal()
    home.export()
    assert home.ids("QOL") == ["1"]
    assert ("package_broken", "QOL") not in home.troubles()


def test_white_space_and_a_byte_order_mark_are_no_fault(home: Home) -> None:
    home.site.put("QOL", [row(1)])
    body = b"\xef\xbb\xbf\r\n [ \n" + wire(row(1)) + b" ,\t" + wire(row(2)) + b"\n]\r\n"
    home.site.fault("garbled", scale="QOL", bytes=body)
    assert home.export()["QOL"]["appended"] == 2
    home.site.fault("garbled", scale="QOL", bytes=b" [ ] ")
    home.site.heal("stale_size")
    assert home.run("held", STUDY).code == 0


def test_the_incident_of_a_malformed_entry_closes_when_the_site_has_it_no_more(home: Home) -> None:
    home.site.put("QOL", [b'{"id":2,"oops"}', row(1)])
    home.export(code=1)
    assert ("entry_malformed", "QOL") in home.troubles()
    home.site.clear("QOL")
    home.site.put("QOL", [row(1)])
    home.export()
    assert ("entry_malformed", "QOL") not in home.troubles()
    assert home.held() == [("QOL", None, "malformed")]


def test_an_entry_put_right_under_its_id_is_deleted_once_a_person_let_it_through(
    home: Home,
) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [b'{"id":2,"answer":"\\ud800"}', row(1)])
    home.export(code=1)
    assert home.held() == [("QOL", 2, "malformed")]
    home.site.replace("QOL", 2, row(2))
    home.export(code=1)
    assert home.site.ids("QOL") == [2]
    home.run("held", STUDY, "--release", "QOL", "2")
    home.export()
    assert home.site.ids("QOL") == []
    assert home.ids("QOL") == ["1", "2"]
    assert home.troubles() == set()


def test_a_malformed_version_that_is_still_there_keeps_its_id_from_being_deleted(
    home: Home,
) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [b'{"id":2,"answer":"\\ud800"}', row(2)])
    home.export(code=1)
    home.run("held", STUDY, "--release", "QOL", "2")
    home.export()
    assert home.ids("QOL") == ["2"]
    assert home.asked("DELETE") == []


def test_thousands_of_entries_that_are_no_json_take_a_file_a_batch(home: Home) -> None:
    bad = [b'{"id":%d,x}' % n for n in range(3000)]
    home.site.put("QOL", [*bad, row(5000)])
    done = home.export(code=1)["QOL"]
    assert (done["held"], done["appended"]) == (3000, 1)
    kept = home.paths("held", "QOL")
    assert len(kept) == 3
    found = [one for path in kept for one in path.read_bytes().split(b"\n\x1e")]
    assert sorted(found) == sorted(bad)
    assert home.is_clean()
    assert home.export()["QOL"]["fresh"] == 0
