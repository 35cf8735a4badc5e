"""What a person sees while a round goes on: which scale of how many, rows, speed, what is left."""

from __future__ import annotations

import os
import pty
import re
import subprocess

from mtdata.cli.tables import StepRate
from mtdata.config import load
from mtdata.core.step import Step
from mtdata.study.operations import commands
from tests.system.home import STUDY, Home, row


def test_each_batch_of_each_scale_is_told(home: Home) -> None:
    home.site.put("QOL", [row(number) for number in range(1, 2501)])
    home.site.put("BBSIQ", [row(number) for number in range(1, 3)])
    steps: list[Step] = []
    commands.export(load(home.folder / "config", {}).site(STUDY), ".", steps.append)
    told = [str(step) for step in steps]
    assert told[0] == "listing"
    of_qol = [step for step in steps if step.what == "QOL"]
    assert {(step.of, step.expected) for step in of_qol} == {(2, 2500)}
    assert sorted({step.rows for step in of_qol}) == [0, 1024, 2048, 2500]
    came = [step.came for step in of_qol]
    assert came == sorted(came)
    assert came[-1] > 2500 * 10, "bytes are told while it is received"
    place = of_qol[0].place
    assert f"QOL ({place} of 2), 1,024 of 2,500 rows" in told
    assert max(step.ever for step in steps) == 2502


def test_speed_and_what_is_left_are_of_the_step_in_hand() -> None:
    clock = iter((0.0, 10.0, 20.0, 21.0, 23.0))
    rate = StepRate(lambda: next(clock))
    assert rate.words(Step("QOL", rows=0, expected=3000)) == ""
    assert rate.words(Step("QOL", rows=1000, expected=3000)) == ", 100 a second, 20 s left"
    assert rate.words(Step("QOL", rows=3000, expected=3000)) == ", 150 a second"
    assert rate.words(Step("BBSIQ", rows=500, expected=900)) == ""
    assert rate.words(Step("BBSIQ", rows=900, expected=1000)) == ", 200 a second, 0 s left"


def test_speed_of_what_is_received_is_told_in_bytes() -> None:
    clock = iter((0.0, 10.0, 20.0, 30.0))
    rate, mib = StepRate(lambda: next(clock)), 1 << 20
    assert rate.words(Step("QOL", doing="receiving", came=mib)) == ""
    step = Step("QOL", doing="receiving", came=31 * mib)
    assert (str(step), rate.words(step)) == ("QOL, receiving 31.0 MiB", ", 3.0 MiB a second")
    assert rate.words(Step("QOL", rows=1000, expected=3000, came=31 * mib)) == ""
    assert rate.words(Step("QOL", rows=2000, expected=3000)) == ", 100 a second, 10 s left"


def test_a_line_of_the_log_is_glued_to_no_step(home: Home) -> None:
    home.site.put("QOL", [row(number) for number in range(1, 200)])
    home.site.put("BBSIQ", [row(1)])
    home.site.fault("slow", scale="QOL", delay_s=0.5)
    ours, theirs = pty.openpty()
    words = [*home.words("export", STUDY), "-vv"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 65_536)
            except OSError:  # the last who had it open is gone
                break
            seen += piece
        assert process.wait() == 0
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode())
    assert " of 2), receiving" in text
    lines = [line.rpartition("\r")[2] for line in text.replace("\r\n", "\n").split("\n")]
    logged = [line for line in lines if " DEBUG " in line or " INFO " in line]
    assert len(logged) > 3
    assert all(re.match(r"\d{4}-\d\d-\d\d", line) for line in logged), logged
