"""Who gets in and who does not: passwords, the lock, tokens, and how answers are guarded."""

from __future__ import annotations

from contextlib import suppress

from tests.web.site import PASSWORD, Visitor, WebSite


def test_a_wrong_password_opens_nothing_and_five_lock_the_door(web: WebSite) -> None:
    web.add_user("guessed")
    stranger = Visitor(web.url)
    for _ in range(4):
        assert stranger.log_in("guessed", "a wrong word").status_code == 200
    assert stranger.log_in("guessed", "a wrong word").status_code == 429
    assert stranger.log_in("guessed", PASSWORD).status_code == 429
    assert stranger.get("/account/").status_code == 302
    assert Visitor(web.url).log_in("viewer").status_code == 302


def test_every_answer_is_guarded(web: WebSite) -> None:
    for path in ("/login/", "/account/", "/healthz", "/static/web/mtdata.css", "/nowhere/"):
        headers = web.visitor("viewer").get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in policy
        assert "Strict-Transport-Security" not in headers


def test_on_tls_cookies_and_browsers_are_kept_to_it(web: WebSite) -> None:
    answer = Visitor(web.url).get("/login/", headers={"X-Forwarded-Proto": "https"})
    assert answer.headers["Strict-Transport-Security"] == "max-age=3600", "short at first"
    assert "Secure" in answer.headers["Set-Cookie"]


def test_a_form_without_the_mark_changes_nothing(web: WebSite) -> None:
    known = Visitor(web.url)
    known.log_in("viewer")
    answer = known.post("/logout/")
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.text
    assert known.get("/account/").status_code == 200
    assert known.submit("/logout/").status_code == 302
    assert known.get("/account/").status_code == 302


def test_a_strange_host_is_told_what_to_do(web: WebSite) -> None:
    answer = Visitor(web.url).get("/login/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "ALLOWED_HOSTS" in answer.text


def test_a_token_is_shown_once_and_kept_as_a_digest(web: WebSite) -> None:
    known = web.visitor("operator")
    made = known.submit("/account/tokens/", name="the nightly one", scope="viewer", days=1)
    word = made.text.partition("mtd_")[2].partition("<")[0]
    assert len(word) > 40
    assert word not in known.get("/account/").text
    kept = b""
    for path in (web.place.folder / "state").glob("programme.sqlite3*"):
        with suppress(FileNotFoundError):  # the log goes when the last connection is closed
            kept += path.read_bytes()
    assert b"the nightly one" in kept
    assert word.encode() not in kept


def test_nobody_makes_a_token_beyond_the_own_role(web: WebSite) -> None:
    answer = web.visitor("viewer").submit("/account/tokens/", name="x", scope="admin", days=1)
    assert answer.status_code == 400
    assert "mtd_" not in answer.text


def test_users_are_for_admins(web: WebSite) -> None:
    assert web.visitor("admin").get("/admin/").status_code == 200
    assert web.visitor("operator").get("/admin/").status_code == 403
    assert web.visitor("").get("/admin/").status_code == 302
