"""How a site stands, as `--json` prints it: the same keys in the same order, and no other text."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from mtdata.alerts.incident import Incident
from mtdata.alerts.shape import incident_json, incident_of_json
from mtdata.core.plain import plain
from mtdata.study.status.shape import (
    DiskShape,
    EndedShape,
    IncidentShape,
    OnSiteShape,
    ScaleShape,
    SiteShape,
    as_json,
)

AT = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
TROUBLE = IncidentShape(1, "drift", "warning", "QOL", "a field more", 2, AT, AT, None, "mend it")
TROUBLE_TOLD = (
    '{"number": 1, "kind": "drift", "level": "warning", "scale": "QOL", "detail": "a field more", '
    '"count": 2, "opened_at": "2026-03-12T09:30:00+00:00", '
    '"last_at": "2026-03-12T09:30:00+00:00", "closed_at": null, "to_do": "mend it"}'
)
TOLD = (
    '{"scales": {"QOL": {"deleteable": true, "benchmark": 7, "rows": 6, "held": 1, "owed": 2, '
    '"waiting": 0, "last_success_at": "2026-03-12T09:30:00+00:00", "on_site": 2, '
    '"oldest_on_site_at": null, "oldest_on_site_s": null}}, '
    '"last_round": {"ended_at": "2026-03-12T09:30:00+00:00", "age_s": 60, "exit": 0}, '
    f'"last_good": null, "incidents": [{TROUBLE_TOLD}], "deletes_blocked": ["why"], '
    '"incidents_open": {"critical": 0, "error": 0, "warning": 1}, '
    '"replicas": [{"place": "s3://b", "confirmed": 1, "missing": 0}], "ready": true, '
    '"overdue": true, "late": {"kept": "2026-03-11T09:30:00+00:00"}, '
    '"disk": {"free_bytes": 1, "free_files": 2, "grown_week_bytes": 3}, '
    '"new_rows": {"2026-03-12": 3}, '
    '"on_site": {"rows": 2, "max_records": null, "oldest_at": null, "oldest_s": null, '
    '"known_at": null}, '
    '"last_success_at": null, "last_success_s": null, "last_static_at": null, '
    '"next_round_at": "2026-03-12T09:30:00+00:00", "next_static_at": null, '
    '"state": "Overdue", "level": "bad"}'
)


def test_a_status_is_printed_with_its_keys_in_the_order_of_old() -> None:
    scale = ScaleShape(
        deleteable=True,
        benchmark=7,
        rows=6,
        held=1,
        owed=2,
        waiting=0,
        last_success_at=AT,
        on_site=2,
        oldest_on_site_at=None,
        oldest_on_site_s=None,
    )
    site = SiteShape(
        scales={"QOL": scale},
        last_round=EndedShape(AT, 60, 0),
        last_good=None,
        incidents=[TROUBLE],
        incidents_open={"critical": 0, "error": 0, "warning": 1},
        deletes_blocked=["why"],
        replicas=[{"place": "s3://b", "confirmed": 1, "missing": 0}],
        ready=True,
        overdue=True,
        late={"kept": AT - timedelta(days=1)},
        disk=DiskShape(1, 2, 3),
        new_rows={"2026-03-12": 3},
        on_site=OnSiteShape(2, None, None, None, None),
        last_success_at=None,
        last_success_s=None,
        last_static_at=None,
        next_round_at=AT,
        next_static_at=None,
        state="Overdue",
        level="bad",
    )
    assert json.dumps(as_json(site)) == TOLD
    assert json.dumps(plain(TROUBLE)) == TROUBLE_TOLD
    for closed_at in (None, AT + timedelta(hours=1)):
        incident = Incident(1, "drift", "QOL", "a field more", 2, AT, AT, closed_at)
        assert incident_of_json(incident_json(incident)) == incident
