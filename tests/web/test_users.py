"""Users at the page, in Django's pages and by command: what ends with them, and what may not."""

from __future__ import annotations

import re
import subprocess
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from tests.preloaded import WEB, command
from tests.web.programs import bearing
from tests.web.site import PASSWORD, Visitor, WebSite

OTHER = "another invented word 8"
_WORD = re.compile(r"mtd_[\w-]{40,}")


def sql(words: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(words, values)
        return cursor.fetchall() if cursor.description else []


def number_of(name: str) -> int:
    return int(sql("SELECT id FROM auth_user WHERE username = %s", name)[0][0])


def groups() -> dict[str, int]:
    return {name: number for number, name in sql("SELECT id, name FROM auth_group")}


def came(web: WebSite, name: str, password: str = PASSWORD) -> Visitor:
    found = Visitor(web.url)
    assert found.log_in(name, password).status_code == 302
    return found


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/account/").status_code == 200


def token(visitor: Visitor) -> str:
    page = visitor.submit("/account/tokens/", name="a test", scope="viewer", days=1)
    found = _WORD.search(page.text)
    assert found, page.text
    return found[0]


def opens(web: WebSite, word: str) -> bool:
    return bearing(web, word).get("/api/v1/me").status_code == 200


def mtdata(web: WebSite, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return command(["--config", str(web.config), "--json", *words], said, WEB)


def entered(web: WebSite, name: str, role: str = "viewer") -> str:
    """Somebody new; the path of their page."""
    answer = web.visitor("admin").submit(
        "/users/", "/users/", name=name, role=role, password=PASSWORD
    )
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def edited(web: WebSite, name: str, **fields: Any) -> Any:
    """By Django's own form: what is not given is empty or off."""
    path = f"/admin/auth/user/{number_of(name)}/change/"
    given = {"username": name, "date_joined_0": "2026-11-01", "date_joined_1": "10:00:00"}
    return web.visitor("admin").submit(path, path, **given, **fields)


def test_a_shut_account_takes_its_sessions_and_tokens_along_for_good(web: WebSite) -> None:
    path = entered(web, "nina", "operator")
    admin, role = web.visitor("admin"), groups()["operator"]
    for shut, let_in in (
        (
            lambda: edited(web, "nina", groups=role),
            lambda: edited(web, "nina", groups=role, is_active="on"),
        ),
        (
            lambda: admin.submit(path, path, order="shut"),
            lambda: admin.submit(path, path, order="let_in"),
        ),
    ):
        session = came(web, "nina")
        word = token(session)
        assert is_in(session)
        assert opens(web, word)
        assert shut().status_code in (302, 303)
        assert not is_in(session)
        assert not opens(web, word)
        assert let_in().status_code in (302, 303)
        assert not is_in(session), "it would be the session of who was shut out"
        assert not opens(web, word)
    came(web, "nina")


def test_a_password_that_is_reset_ends_sessions_and_tokens(web: WebSite) -> None:
    path = entered(web, "olga", "operator")
    admin = web.visitor("admin")
    form = f"/admin/auth/user/{number_of('olga')}/password/"
    resets = (
        lambda: admin.submit(form, form, password1=OTHER, password2=OTHER).status_code == 302,
        lambda: admin.submit(path, path, order="password", password=PASSWORD).status_code == 303,
        lambda: mtdata(web, "user", "add", "olga", "--operator", said=OTHER).returncode == 0,
    )
    password = PASSWORD
    for reset in resets:
        session = came(web, "olga", password)
        word = token(session)
        assert reset()
        assert not is_in(session)
        assert not opens(web, word)
        password = OTHER if password == PASSWORD else PASSWORD
    # nobody is left without a password that way
    kept = sql("SELECT password FROM auth_user WHERE username = 'olga'")
    admin.submit(form, form, usable_password="false")
    assert sql("SELECT password FROM auth_user WHERE username = 'olga'") == kept


def test_who_changes_the_own_password_is_asked_about_the_tokens(web: WebSite) -> None:
    entered(web, "paul")
    session, other = came(web, "paul"), came(web, "paul")
    word, password = token(session), PASSWORD
    assert "end_tokens" in session.get("/account/").text
    for fields, kept in (({}, True), ({"end_tokens": "on"}, False)):
        new = OTHER if password == PASSWORD else PASSWORD
        given = {"old_password": password, "new_password1": new, "new_password2": new}
        assert session.submit("/account/password/", **given, **fields).status_code == 302
        assert is_in(session)
        assert not is_in(other)
        assert opens(web, word) is kept
        password = new


def test_an_old_password_is_counted_like_a_log_in_and_five_wrong_ones_end_the_session(
    web: WebSite,
) -> None:
    entered(web, "quin")
    session = came(web, "quin")
    mark = session.mark_of("/account/")

    def change(old: str) -> int:
        given = {"old_password": old, "new_password1": OTHER, "new_password2": OTHER}
        given["csrfmiddlewaretoken"] = mark
        return session.post("/account/password/", data=given).status_code

    session.submit("/account/password/", old_password="", new_password1="x", new_password2="x")
    assert [change("a wrong word") for _ in range(4)] == [400] * 4
    assert is_in(session)
    assert change("a wrong word") == 429
    assert not is_in(session)
    assert Visitor(web.url).log_in("quin").status_code == 429, "it was a guess like any other"
    # Django's own page for that counts nothing, and is not there
    answer = web.visitor("admin").get("/admin/password_change/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/")


def test_the_last_admin_neither_leaves_nor_is_removed(web: WebSite) -> None:
    admin, number = web.visitor("admin"), number_of("admin")
    others = "DELETE FROM auth_user_groups WHERE group_id = %s AND user_id <> %s"
    sql(others, groups()["admin"], number)  # those of other tests
    path, django = f"/users/{number}/", f"/admin/auth/user/{number}"
    chosen = {"action": "delete_selected", "_selected_action": number, "post": "yes"}
    tries = {
        "page, shut": lambda: admin.submit(path, path, order="shut"),
        "page, role": lambda: admin.submit(path, path, order="role", role="operator"),
        "admin, shut": lambda: edited(web, "admin", groups=groups()["admin"]),
        "admin, role": lambda: edited(web, "admin", is_active="on"),
        "admin, delete": lambda: admin.submit(f"{django}/delete/", f"{django}/change/", post="yes"),
        "admin, delete many": lambda: admin.submit("/admin/auth/user/", "/admin/", **chosen),
        "command, shut": lambda: mtdata(web, "user", "remove", "admin"),
        "command, role": lambda: mtdata(web, "user", "add", "admin", "--operator", said=PASSWORD),
    }
    for how, act in tries.items():
        answer = act()
        if how.startswith("command"):
            assert answer.returncode == 64, how
            assert "another admin first" in answer.stdout, how
        assert admin.get("/users/").status_code == 200, how
    assert "another admin first" in admin.get("/users/").text + tries["page, shut"]().text + (
        admin.get(path).text
    )
    # with a second one, either may go
    second = entered(web, "rosa", "admin")
    assert admin.submit(second, second, order="role", role="viewer").status_code == 303
    assert mtdata(web, "user", "remove", "rosa").returncode == 0
    assert not sql("SELECT is_active FROM auth_user WHERE username = 'rosa'")[0][0]


def test_a_role_has_one_source(web: WebSite) -> None:
    web.add_user("sven", "admin")
    session = came(web, "sven")
    assert session.get("/users/").status_code == 200
    assert edited(web, "sven", is_active="on", groups=groups()["viewer"]).status_code == 302
    for path in ("/users/", "/admin/"):
        assert session.get(path).status_code == 403
    sql("UPDATE auth_user SET is_superuser = %s WHERE username = 'sven'", True)
    assert session.get("/users/").status_code == 403, "Django's own mark gives no role"
    # who had that mark alone, by an earlier version, is an admin by the group from then on
    step = import_module("mtdata.web.migrations.0005_roles_are_groups").into_groups
    step(None, SimpleNamespace(connection=connection))
    assert session.get("/users/").status_code == 200
    assert not sql("SELECT 1 FROM auth_user WHERE is_superuser = %s", True)
    assert edited(web, "sven", is_active="on", groups=groups()["viewer"]).status_code == 302


def test_an_admin_sees_and_removes_the_tokens_of_all(web: WebSite) -> None:
    path = entered(web, "tina", "operator")
    word = token(came(web, "tina"))
    admin = web.visitor("admin")
    for page in ("/users/", path):
        shown = admin.get(page).text
        assert "Remove the token a test of tina" in shown
        assert word not in shown
    number = sql("SELECT id FROM web_token WHERE user_id = %s", number_of("tina"))[0][0]
    assert admin.submit(path, path, order="token", token="999999").status_code == 303
    assert opens(web, word)
    assert admin.submit(path, path, order="token", token=number).status_code == 303
    assert not opens(web, word)


@pytest.mark.parametrize("typed", ["ｕｌｌａ", "ulla"])  # noqa: RUF001
def test_one_name_in_another_form_is_the_same_at_every_door(web: WebSite, typed: str) -> None:
    before = sql("SELECT COUNT(*) FROM auth_user WHERE username = 'ulla'")[0][0]
    made = mtdata(web, "user", "add", typed, "--operator", said=PASSWORD)
    assert made.returncode == 0
    assert f'"new": {"false" if before else "true"}' in made.stdout
    assert sql("SELECT COUNT(*) FROM auth_user WHERE username IN ('ulla', %s)", typed)[0][0] == 1
    for form in ("ulla", "ｕｌｌａ"):  # noqa: RUF001
        came(web, form)
    assert mtdata(web, "user", "tokens", typed).returncode == 0
    again = web.visitor("admin").submit(
        "/users/", "/users/", name=typed, role="viewer", password=PASSWORD
    )
    assert again.status_code == 400
    assert "is there already" in again.text
