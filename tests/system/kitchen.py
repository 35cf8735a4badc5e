"""A home with an account of CAKE for tests of what goes wrong: orders, runners, what is left."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from mtdata.demo.cake.site import KEY, CakeSite
from mtdata.jobs import runner
from mtdata.jobs.records import setting
from tests.bucket import KEYS, Bucket
from tests.system.cake_child import CHILD
from tests.system.home import ROOT
from tests.system.test_cake import Cakery, ids

DAY = datetime(2016, 1, 10)
LONG_DAY = datetime(2016, 10, 30)
"""The clock is set back in it: 25 hours, one of which comes twice."""
GIVEN = {"from": "10-01-2016", "to": "10-01-2016"}
SHEET = "report_10012016_10012016.csv"
ADVICE = "Parts that are finished stay so; mend that, then `mtdata jobs retry` goes on from there."


def s3(bucket: Bucket, **more: str) -> dict[str, str]:
    """Keys of an account whose files go to that bucket."""
    keys = {"ACCESS_KEY": KEYS[0], "SECRET_KEY": KEYS[1], "REGION": "us-east-1"}
    return {"OUTPUT": f"s3://{bucket.name}/cake", "ENDPOINT": bucket.store.url, **keys, **more}


class Kitchen(Cakery):
    """A home whose children wait for nothing between tries; files go to a folder or a bucket."""

    cake: CakeSite
    day = DAY
    bucket: Bucket | None = None

    def serve(self, cake: CakeSite, bucket: Bucket | None = None) -> None:
        """Have an account of that instance whose files go there."""
        self.cake, self.bucket = cake, bucket
        self.mended()

    def mended(self) -> None:
        """The account as it should be, and nothing in its way."""
        self.cake.heal()
        self.cake.keys, self.cake.arriving, self.cake.at_once = {KEY}, 0, None
        if self.bucket is not None:
            self.bucket.store.heal()
        self.change()

    def change(self, **keys: Any) -> None:
        """export.config with changed keys."""
        where = {} if self.bucket is None else s3(self.bucket)
        self.account(self.cake, **{**where, **keys})

    def programme(self, **keys: str) -> None:
        """programme.config with these keys."""
        (self.folder / "config" / "programme.config").write_text(yaml.safe_dump(keys))

    def given(self) -> dict[str, str]:
        """The parameters of a report of the day."""
        return dict.fromkeys(("from", "to"), f"{self.day:%d-%m-%Y}")

    # carrying

    def carry(self, words: Sequence[str] = CHILD, **environ: str) -> None:
        """What `runner --once` carries, by children that these words begin."""
        whole = runner.options_of
        with (
            patch.object(runner, "options_of", lambda settings: whole(settings, tuple(words))),
            patch.dict(os.environ, environ),
        ):
            assert self.run("runner", "--once").code == 0

    def cut(self, who: str, at: str) -> dict[str, str]:
        """The environment in which that happens at an event of a child (cake_child)."""
        log = self.folder / "events"
        Path(f"{log}.child").unlink(missing_ok=True)
        return {"CAKE_CUT": str(log), "CAKE_IN": "child", "CAKE_AT": at, "CAKE_WHO": who}

    def carry_in_a_process(self, **environ: str) -> int:
        """The same by a runner that is a process of its own; its exit code."""
        setting.close_records()
        words = [*CHILD, "--runner", str(self.folder / "config")]
        return subprocess.run(
            words, cwd=ROOT, env={**os.environ, **environ}, timeout=120, capture_output=True
        ).returncode

    def shown(self, job: str) -> dict[str, Any]:
        """How a job stands."""
        return self.run("jobs", "show", job).shown

    def let_leases_end(self) -> None:
        """As if the minute of a lease, or of a pause, were over."""
        self.run("jobs", "list")
        from mtdata.jobs.records.asking import now
        from mtdata.jobs.records.models import Part

        over = now() - timedelta(seconds=1)
        Part.objects.filter(status="In Progress").update(leased_until=over)
        Part.objects.update(not_before=None)

    def forget(self) -> None:
        """Remove every job from the records, and every file of theirs."""
        self.run("jobs", "list")
        from mtdata.jobs.records.models import Job

        Job.objects.all().delete()
        if self.bucket is not None:
            for name in self.bucket.names():
                self.bucket.lose(name)
        elif (self.folder / "reports").is_dir():
            for path in (self.folder / "reports").iterdir():
                path.unlink()

    # what is left

    def sheets(self) -> dict[str, bytes]:
        """Every file of the output by its name, hidden ones as well."""
        if self.bucket is not None:
            bucket = self.bucket
            return {name.removeprefix("cake/"): bucket.read(name) for name in bucket.names()}
        return self.files() if (self.folder / "reports").is_dir() else {}

    def marks(self) -> dict[str, object]:
        """What changes when a file is put anew, be it with the same bytes."""
        if self.bucket is not None:
            store, name = self.bucket.store.client, self.bucket.name
            found = store.list_objects_v2(Bucket=name).get("Contents", [])
            return {one["Key"]: one["LastModified"] for one in found}
        return {p.name: p.stat().st_ino for p in (self.folder / "reports").iterdir()}

    def spooled(self) -> list[str]:
        """The names of what lies in the spool."""
        folder = self.folder / "state" / "spool"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def uploads(self) -> list[str]:
        """The keys of uploads that were begun and not ended."""
        if self.bucket is None:
            return []
        found = self.bucket.store.client.list_multipart_uploads(Bucket=self.bucket.name)
        return [one["Key"] for one in found.get("Uploads", [])]

    def wanted(self, kind: str) -> list[int]:
        """The ids that a report of the day must hold."""
        found, key = {
            "cake.clicks": (self.cake.clicks_of, "click_id"),
            "cake.conversions": (self.cake.events_of, "event_conversion_id"),
        }[kind]
        return sorted(int(row[key]) for row in found(self.day, self.day + timedelta(days=1)))

    def whole(self, kind: str, job: str) -> dict[str, bytes]:
        """The files of a job that succeeded: every id once, each entered once, nothing beside."""
        told = self.shown(job)
        assert told["status"] == "Success", told
        files = self.sheets()
        header = "Click ID" if kind == "cake.clicks" else "Conversion ID"
        wanted = self.wanted(kind)
        assert ids(files, header) == wanted
        assert told["rows"] == len(wanted)
        assert sorted(made["name"] for made in told["artifacts"]) == sorted(files)
        assert sum(made["rows"] for made in told["artifacts"]) == len(wanted)
        assert (self.spooled(), self.uploads()) == ([], [])
        return files


@contextmanager
def kitchen(folder: Path, heard: Callable[[], tuple[str, str]]) -> Iterator[Kitchen]:
    """A home for as long as the `with` lasts."""
    from mtdata.demo.study.site import StudySite

    folder.mkdir(exist_ok=True)
    with StudySite() as site:
        yield Kitchen(folder, site, heard)
    setting.close_records()
