"""Logging in with an account of CAKE: whom its instance accepts, and nobody who only looks so."""

from __future__ import annotations

import shutil
import subprocess
from threading import Thread
from typing import Any

import pytest
import yaml
from django.db import connection

from mtdata.web.access.foreign import name_of
from tests.jobs.place import until
from tests.web.office import GIVEN, WORD, WRONG, Office
from tests.web.site import PASSWORD, Visitor, WebSite, begun, ended

REFUSED = "Remote authentication failed. Please try again."
AWAY = "The instance of CAKE cannot be asked at the moment."
USERS = "auth_user LEFT JOIN web_guest ON web_guest.user_id = auth_user.id"


def sql(words: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(words, values)
        return cursor.fetchall() if cursor.description else []


def user_of(office: Office, email: str, *fields: str, where: str = "first") -> tuple[Any, ...]:
    """Fields of the one user who is that guest."""
    name = name_of("cake", office.instances[where].domain, email)
    found = sql(f"SELECT {', '.join(fields)} FROM {USERS} WHERE username = %s", name)
    assert len(found) == 1
    return tuple(found[0])


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/jobs/").status_code == 200


def test_the_page_offers_it_only_where_an_account_is_configured(
    web: WebSite, office: Office
) -> None:
    assert 'href="/login/cake/?next=/jobs/"' in Visitor(office.url).get("/login/?next=/jobs/").text
    assert "/login/cake/" not in Visitor(web.url).get("/login/").text
    assert Visitor(web.url).get("/login/cake/").status_code == 404


@pytest.mark.parametrize("where", ["first", "second"])
@pytest.mark.parametrize("typed", ["{}", " https://{}/ ", "HTTP://{}/Login.aspx?next=1"])
def test_whom_the_instance_accepts_sees_jobs(office: Office, where: str, typed: str) -> None:
    office.know("Ann@example.com", where)
    known = Visitor(office.url)
    known.get("/login/cake/")
    name = next(iter(known.cookies.keys())).replace("_csrf_", "_session_")
    known.cookies.set(name, "chosenbysomebodyelse000000000000", domain="127.0.0.1")
    domain = office.instances[where].domain
    given = {"admin_domain": typed.format(domain), "email": "Ann@example.com"}
    answer = known.submit("/login/cake/", "/login/cake/", **given, password=WORD)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert "chosenbysomebodyelse" not in str(known.cookies)
    assert known.get("/").headers["Location"] == "/jobs/"
    assert is_in(known)
    known_as = user_of(office, "ann@example.com", "domain", "password", where=where)
    assert known_as[0] == domain
    assert known_as[1].startswith("!"), "no password opens it"
    call = office.instances[where].calls[-1]
    assert (call.operation, call.version) == ("GetAPIKey", 1)
    assert call.given == {"username": "Ann@example.com"}


def test_all_that_is_refused_is_refused_alike(office: Office) -> None:
    office.know("bea@example.com")
    domain = office.instances["first"].domain
    asked = office.asked(), office.asked("second")
    told = [office.come("bea@example.com", password=WRONG)[1]]
    told += [office.come("nobody@example.com")[1]]
    assert office.asked() == asked[0] + 2
    for other in ("elsewhere.example.com", f"ftp://{domain}", f"{domain}.example.com", "x@y/?#"):
        told += [office.come("bea@example.com", admin_domain=other)[1]]
        told += [office.come("bea@example.com", admin_domain=f"user@{other}")[1]]
    assert (office.asked(), office.asked("second")) == (asked[0] + 2, asked[1]), "nobody was called"
    assert [answer.status_code for answer in told] == [200] * len(told)
    assert all(REFUSED in answer.text and AWAY not in answer.text for answer in told)
    # a user of the other instance, whatever their password here
    assert REFUSED in office.come("bea@example.com", "second")[1].text
    assert not sql("SELECT 1 FROM auth_user WHERE username LIKE %s", "%bea@%")


def test_odd_words_reach_nobody(office: Office) -> None:
    asked = office.asked()
    for email in ("", "a b", "ä@example.com", "a\x00b", "a\nb", "x" * 101):
        visitor, answer = office.come(email)
        assert (answer.status_code, is_in(visitor)) == (200, False)
    assert office.come("a@example.com", password="")[1].status_code == 200
    assert office.asked() == asked


@pytest.mark.parametrize(
    ("fault", "how"),
    [
        ("html", {}),
        ("html", {"body": b"<string>your e-mail or password is wrong</string>"}),
        ("html", {"body": b'<string xmlns:i="x" i:nil="true" />'}),
        ("redirect", {}),
        ("gateway", {}),
        ("status", {"code": 500}),
        ("bomb", {}),
        ("drop", {}),
        ("hang", {"seconds": 1.5}),
        ("drip", {"pause_s": 0.3}),
    ],
    ids=str,
)
def test_an_instance_that_gives_no_answer_lets_nobody_in(
    office: Office, fault: str, how: dict[str, Any]
) -> None:
    office.know("cas@example.com")
    asked = office.asked()
    office.instances["first"].fault(fault, operation="GetAPIKey", **how)
    visitor, answer = office.come("cas@example.com")
    assert answer.status_code == 200
    assert REFUSED in answer.text, "a stranger is told no more than by an unknown domain"
    assert AWAY not in answer.text
    assert not is_in(visitor)
    # who hung is entered late, and must not be counted by the next test
    until(lambda: office.asked() == asked + 1, "the call, which is made once")


def test_who_is_known_is_told_that_the_instance_is_away_and_five_refusals_lock(
    office: Office,
) -> None:
    office.know("dan@example.com")
    assert office.come("dan@example.com")[1].status_code == 302
    first = office.instances["first"]
    first.fault("html", operation="GetAPIKey", times=6)
    for _ in range(6):
        assert AWAY in office.come("dan@example.com")[1].text
    assert office.come("dan@example.com")[1].status_code == 302
    codes = [office.come("DAN@example.com", password=WRONG)[1].status_code for _ in range(5)]
    assert codes == [200] * 4 + [429]
    asked = office.asked()
    visitor, answer = office.come("dan@example.com")
    assert (answer.status_code, is_in(visitor)) == (429, False)
    assert office.asked() == asked


def test_nobody_of_that_name_is_taken_over(office: Office) -> None:
    office.know("eve@example.com")
    name = name_of("cake", office.instances["first"].domain, "eve@example.com")
    with pytest.raises(subprocess.CalledProcessError):
        office.add_user(name)
    sql("UPDATE auth_user SET username = %s WHERE username = 'viewer'", name)
    before = user_of(office, "eve@example.com", "password", "last_login")
    asked = office.asked()
    visitor, answer = office.come("eve@example.com")
    assert REFUSED in answer.text
    assert not is_in(visitor)
    assert office.asked() == asked
    assert user_of(office, "eve@example.com", "password", "last_login") == before
    assert user_of(office, "eve@example.com", "domain") == (None,)
    sql("UPDATE auth_user SET username = 'viewer' WHERE username = %s", name)


def test_names_of_guests_never_meet() -> None:
    names = {
        name_of("cake", domain, email)
        for domain in ("a.example", "b.a.example", "a" * 60 + ".example", "a" * 60 + ".exampl")
        for email in ("x", "x@b", "x@b.a.example", "y" * 100, "y" * 99, "y" * 89 + "@" + "a" * 10)
    }
    assert len(names) == 4 * 6
    assert max(map(len, names)) <= 150


def test_two_that_come_first_at_once_are_one(office: Office) -> None:
    office.know("fay@example.com")
    codes: list[int] = []
    both = [
        Thread(target=lambda: codes.append(office.come("fay@example.com")[1].status_code))
        for _ in range(2)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert codes == [302, 302]
    assert user_of(office, "fay@example.com", "domain") == (office.instances["first"].domain,)


def test_an_admin_shuts_a_guest_out(office: Office) -> None:
    office.know("gil@example.com")
    visitor, _ = office.come("gil@example.com")
    assert is_in(visitor)
    path = f"/admin/auth/user/{user_of(office, 'gil@example.com', 'id')[0]}"
    admin = office.visitor("admin")
    assert admin.submit(f"{path}/change/", username="admin", is_superuser="on").status_code == 302
    assert user_of(office, "gil@example.com", "is_active", "is_superuser") == (0, 0)
    assert admin.get(f"{path}/password/").status_code == 403
    assert not is_in(visitor)
    asked = office.asked()
    assert REFUSED in office.come("gil@example.com")[1].text
    assert office.asked() == asked


def test_no_password_and_no_group_make_more_of_a_guest(office: Office) -> None:
    office.know("hal@example.com")
    visitor, _ = office.come("hal@example.com")
    name = name_of("cake", office.instances["first"].domain, "hal@example.com")
    words = "SELECT password FROM auth_user WHERE username = 'viewer'"
    change = f"password = ({words}), is_superuser = 1, is_staff = 1"
    sql(f"UPDATE auth_user SET {change} WHERE username = %s", name)
    other = Visitor(office.url)
    assert other.log_in(name, PASSWORD).status_code == 200
    assert not is_in(other)
    visitor, _ = office.come("hal@example.com")
    assert is_in(visitor)
    for path in ("/admin/", "/incidents/", "/overview/", "/api/v1/me"):
        assert visitor.get(path).status_code == 403


def test_an_account_that_is_gone_from_the_config_closes(office: Office) -> None:
    first, second = (office.guest(where) for where in ("first", "second"))
    config = office.place.folder / "less"
    shutil.copytree(office.config, config)
    known = yaml.safe_load((config / "export.config").read_text())
    del known["CAKE"]["first"]
    (config / "export.config").write_text(yaml.safe_dump(known))
    server, url = begun(config)
    codes = [visitor.get(f"{url}/jobs/").status_code for visitor in (first, second)]
    late = Visitor(url)
    domain = office.instances["first"].domain
    given = {"admin_domain": domain, "email": "first@example.com", "password": WORD}
    answer = late.submit("/login/cake/", "/login/cake/", **given)
    ended(server)
    assert codes == [302, 200]
    assert REFUSED in answer.text


def test_passwords_and_keys_are_nowhere(office: Office) -> None:
    office.know("ida@example.com")
    answers = [office.come("ida@example.com", password=WRONG)[1]]
    visitor, answer = office.come("ida@example.com")
    answers += [answer, visitor.get("/jobs/"), visitor.get("/account/")]
    answers += [office.come("ida@example.com", admin_domain="elsewhere.example.com")[1]]
    office.instances["first"].fault("html", operation="GetAPIKey", body=GIVEN.encode())
    answers += [office.come("ida@example.com")[1]]
    log = office.stderr.read_text()
    assert "logged in from" in log
    assert "it cannot be asked" in log
    told = [log, *(answer.text + str(answer.headers) for answer in answers)]
    for table in connection.introspection.table_names():
        told.append(str(sql(f"SELECT * FROM {connection.ops.quote_name(table)}")))
    assert any("ida@example.com" in one for one in told)
    for word in (WORD, WRONG, GIVEN, *WORD.split()[:1], *WRONG.split()[:1]):
        assert not [one for one in told if word in one]
