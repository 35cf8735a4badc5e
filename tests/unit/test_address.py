"""Mail addresses as people write them."""

from __future__ import annotations

import pytest

from mtdata.config.address import read_address, split_addresses


@pytest.mark.parametrize(
    ("word", "name", "mailbox"),
    [
        ("a@b.org", "", "a@b.org"),
        ("  <a@b.org> ", "", "a@b.org"),
        ("Lab <a@b.org>", "Lab", "a@b.org"),
        ("Jörg Müller <a@b.org>", "Jörg Müller", "a@b.org"),
        ("Müller, Jörg <a@b.org>", "Müller, Jörg", "a@b.org"),
        ('"Müller, \\"J\\"" <a@b.org>', 'Müller, "J"', "a@b.org"),
        ("=?utf-8?q?J=C3=B6rg?= <a@b.org>", "Jörg", "a@b.org"),
        ("=?iso-8859-1?b?SvZyZw==?= <a@b.org>", "Jörg", "a@b.org"),
        ("=?nonsense?q?x?= <a@b.org>", "=?nonsense?q?x?=", "a@b.org"),
        ("a@b.org (Lab)", "Lab", "a@b.org"),
        ("a+b.c'd@müller.de", "", "a+b.c'd@xn--mller-kva.de"),
        ("山田 <山@例え.jp>", "山田", "山@xn--r8jz45g.jp"),
        ("root@localhost", "", "root@localhost"),
    ],
)
def test_an_address_is_a_mailbox_with_or_without_a_name(word: str, name: str, mailbox: str) -> None:
    assert read_address(word) == (name, mailbox)


@pytest.mark.parametrize(
    "word",
    [
        "", "nobody", "a@", "@b", "a@@b", "a b@c.org", "a@b c", "a@b..org", "a@-b.org", "a@b.org-",
        "Lab <a@b.org> x", "<<a@b.org>>", "a@b.org\r\nBcc: x@y.org", "J\0 <a@b.org>",
        "a@b.org, c@d.org", "a@straße.de", "a@" + "b" * 300,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_a_word_of_it(word: str) -> None:
    with pytest.raises(ValueError, match="it is no mail address"):
        read_address(word)


def test_several_in_one_text_are_several_and_a_name_with_a_comma_is_none() -> None:
    assert split_addresses("a@b.org, Ö <c@d.org>;e@f.org") == ["a@b.org", "Ö <c@d.org>", "e@f.org"]
    assert split_addresses("Müller, Jörg <a@b.org>") == ["Müller, Jörg <a@b.org>"]
    assert split_addresses("nobody, a@b.org") == ["nobody, a@b.org"]
