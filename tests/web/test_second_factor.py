"""A code beside the password: set up, asked for, used up, and taken off; tokens go on without."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from django.db import connection

from tests.preloaded import WEB, command
from tests.web.second_factors import PAGE, begin, code_at, step_now
from tests.web.site import PASSWORD, Visitor, WebSite


class SetUp(NamedTuple):
    """Somebody who has set up a code: the secret, the step of the code that was used, the rest."""

    name: str
    secret: str
    step: int
    recovery: list[str]


def set_up(web: WebSite, name: str, role: str = "admin") -> SetUp:
    web.add_user(name, role)
    visitor = Visitor(web.url)
    assert visitor.log_in(name).status_code == 302
    secret, step = begin(visitor), step_now()
    shown = visitor.submit(PAGE, order="confirm", code=code_at(secret, step))
    codes = re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", shown.text)
    assert len(set(codes)) == 10, shown.text
    return SetUp(name, secret, step, codes)


def number_of(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM auth_user WHERE username = %s", [name])
        return int(cursor.fetchone()[0])


def come(web: WebSite, who: SetUp, code: str, password: str = PASSWORD) -> int:
    visitor = Visitor(web.url)
    answer = visitor.submit("/login/", "/login/", username=who.name, password=password, code=code)
    assert ("Name, password or code is wrong" in answer.text) is (answer.status_code == 200)
    return answer.status_code


def test_the_code_of_the_rfc_is_made_here() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # its own example
    assert (code_at(secret, 1), code_at(secret, 0x23523EC)) == ("287082", "081804")


def test_a_code_is_asked_for_once_it_is_set_up_and_opens_once(web: WebSite) -> None:
    web.add_user("factored", "admin")
    before = Visitor(web.url)
    before.log_in("factored")
    who = set_up(web, "factored")
    assert before.get("/account/").status_code == 302, "every session has ended"
    assert come(web, who, code_at(who.secret, who.step)) == 200, "it was used to set it up"
    later = [one for one in (who.step + 1, who.step + 2) if one <= step_now() + 1][-1]
    assert come(web, who, "") == 200
    with connection.cursor() as cursor:  # no test waits out a pause
        cursor.execute("UPDATE otp_totp_totpdevice SET throttling_failure_count = 0")
    assert come(web, who, f" {code_at(who.secret, later)} ") == 302
    assert come(web, who, code_at(who.secret, later)) == 200, "used up"


def test_a_recovery_code_opens_once_and_is_kept_as_a_digest(web: WebSite) -> None:
    who = set_up(web, "recovered")
    first, second = who.recovery[:2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM otp_static_statictoken")
        kept = " ".join(row[0] for row in cursor.fetchall())
    assert not [one for one in who.recovery if one.replace("-", "") in kept or one in kept]
    assert come(web, who, first.lower().replace("-", " ")) == 302
    assert come(web, who, first) == 200, "used up"
    assert come(web, who, second, "a wrong word") == 200
    with connection.cursor() as cursor:
        cursor.execute("UPDATE otp_static_staticdevice SET throttling_failure_count = 0")
    assert come(web, who, second) == 302
    visitor = Visitor(web.url)
    visitor.submit("/login/", "/login/", username=who.name, password=PASSWORD, code=who.recovery[2])
    assert "7 recovery codes left" in visitor.get(PAGE).text


def test_wrong_codes_count_as_wrong_passwords_do(web: WebSite) -> None:
    who = set_up(web, "coded")
    found = [come(web, who, code) for code in ("000000", "", "abc", "１２３４５６")]  # noqa: RUF001
    assert found == [200] * 4
    assert come(web, who, "000001") == 429
    assert come(web, who, who.recovery[0]) == 429


def test_a_second_failure_at_once_waits_whoever_asks(web: WebSite) -> None:
    who = set_up(web, "paused")
    assert come(web, who, "000000") == 200
    assert come(web, who, code_at(who.secret, who.step + 1)) == 200, "too early after a failure"


def test_tokens_go_on_without_a_code(web: WebSite) -> None:
    web.add_user("tokened", "admin")
    visitor = Visitor(web.url)
    visitor.log_in("tokened")
    made = visitor.submit("/account/tokens/", name="a test", scope="admin", days=1).text
    program = Visitor(web.url)
    word = re.search(r"mtd_[\w-]{40,}", made)
    assert word
    program.headers["Authorization"] = f"Bearer {word[0]}"
    secret = begin(visitor)
    visitor.submit(PAGE, order="confirm", code=code_at(secret, step_now()))
    assert program.get("/api/v1/me").json()["role"] == "admin"


def test_it_is_set_up_and_taken_off_by_who_knows_the_password(web: WebSite) -> None:
    who = set_up(web, "owner", "viewer")
    visitor = Visitor(web.url)
    visitor.submit("/login/", "/login/", username="owner", password=PASSWORD, code=who.recovery[0])
    unused = who.recovery[1]
    for password, code in (("a wrong word", unused), (PASSWORD, "no code"), (PASSWORD, "")):
        answer = visitor.submit(PAGE, PAGE, order="remove", password=password, code=code)
        assert answer.status_code == 400
    with connection.cursor() as cursor:
        cursor.execute("UPDATE otp_static_staticdevice SET throttling_failure_count = 0")
    done = visitor.submit(PAGE, PAGE, order="remove", password=PASSWORD, code=who.recovery[2])
    assert (done.status_code, done.headers["Location"]) == (302, PAGE)
    assert come(web, who, "") == 302
    wrong = visitor.submit(PAGE, PAGE, order="begin", password="a wrong word")
    assert (wrong.status_code, "That is not your password" in wrong.text) == (400, True)


def test_a_secret_that_is_not_confirmed_changes_nothing(web: WebSite) -> None:
    web.add_user("undecided")
    visitor = Visitor(web.url)
    visitor.log_in("undecided")
    first = begin(visitor)
    second = begin(visitor)
    assert first != second
    for code in (code_at(first, step_now()), "", "123"):
        answer = visitor.submit(PAGE, PAGE, order="confirm", code=code)
        assert answer.status_code == 302
    assert "begin again. Nothing is changed" in visitor.get(PAGE).text
    assert Visitor(web.url).log_in("undecided").status_code == 302


def test_an_admin_and_a_command_take_it_off_for_who_lost_it(web: WebSite) -> None:
    who = set_up(web, "loser")
    words = ["--config", str(web.config), "user", "factor", "loser"]
    said = command(words, "", WEB, "tests.web.light_hashes")
    assert said.stdout.strip() == "loser logs in with a code"
    assert come(web, who, "") == 200
    said = command([*words, "--remove"], "", WEB, "tests.web.light_hashes")
    assert said.stdout.strip() == "loser logs in by the password alone"
    assert come(web, who, "") == 302
    again = command([*words, "--remove"], "", WEB, "tests.web.light_hashes")
    assert again.returncode == 64
    other = set_up(web, "forgetful", "viewer")
    admin = web.visitor("admin")
    at = f"/users/{number_of('forgetful')}/"
    assert "Second factor" in admin.get(at).text
    assert admin.submit(at, at, order="factor").status_code == 303
    assert come(web, other, "") == 302


def test_of_several_who_come_at_once_with_one_code_one_is_let_in(web: WebSite) -> None:
    who = set_up(web, "hurried")
    with ThreadPoolExecutor(4) as crew:
        codes = list(crew.map(lambda _: come(web, who, who.recovery[0]), range(4)))
    assert sorted(codes) == [200, 200, 200, 302]
