"""Reasons for who reads them: keys of the config for admins, what one can do for everybody."""

from __future__ import annotations

import pytest

from mtdata.jobs.states import failed_told
from mtdata.web.access.roles import Role
from mtdata.web.pages.reasons import reason_of, to_reader, waits_for, without_keys

KEY = "a.example does not accept the key, or it has expired"
FAILED = failed_told(f"0000: {KEY}: see API_KEY in export.config", stopping="", most=1000)


def test_an_operator_reads_what_they_can_do_and_an_admin_the_key_too() -> None:
    viewer, operator, admin = (reason_of("Failed", FAILED, role) for role in list(Role)[1:])
    assert viewer.why == operator.why == f"0000: {KEY}."
    assert "operator" in viewer.todo
    assert "administrator" in operator.todo
    assert admin.why == f"0000: {KEY}: see API_KEY in export.config."
    for one in (viewer, operator, admin):
        assert "`" not in one.why + one.todo
        assert "mtdata jobs" not in one.why + one.todo


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("2026-01-02 is not settled before 05:00 UTC (SETTLE); with UNSETTLED: wait the job waits",
         "2026-01-02 is not settled before 05:00 UTC"),
        ("no such call (404): see ADMIN_DOMAIN and the versions in export.config; it stays",
         "no such call (404); it stays"),
        ("answered 503 (SlowDown) with HTTP/2; asked again", None),
        ("the rows (ROWS 5) do not fit with what was told", None),
    ],
)  # fmt: skip
def test_only_what_is_changed_in_the_config_is_left_out(text: str, left: str | None) -> None:
    assert without_keys(text) == (left or text)


def test_what_a_job_waits_for_stands_alone() -> None:
    told = "waits until 2026-11-29 23:05:00 UTC: CAKE has not settled the day (SETTLE)"
    assert waits_for(told, Role.OPERATOR) == "CAKE has not settled the day"
    assert waits_for(told, Role.ADMIN) == "CAKE has not settled the day (SETTLE)"
    assert reason_of("Queued", told, Role.ADMIN) == ("", "")


def test_who_stopped_it_is_you_for_that_person_alone() -> None:
    assert to_reader("stopped by anna", "anna") == "stopped by you"
    assert to_reader("stopped by joanna", "anna") == "stopped by joanna"
    assert to_reader("stopped by anna, late", "anna") == "stopped by anna, late"
