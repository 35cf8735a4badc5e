"""Example answers, fixed by a seed, and keys to seal them; never a real participant's.

A walk is what happens on the site: participants go through the schedule, some at a time, and each
step leaves a row.  All ids come from one sequence; some rows are committed after later ones.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count as counted
from itertools import islice
from random import Random
from typing import Any, NamedTuple

from Crypto.Cipher import PKCS1_v1_5
from Crypto.PublicKey import RSA
from Crypto.PublicKey.RSA import RsaKey

from mtdata.demo.study.rows import ROWS, SESSIONS, TASKS, Occasion, Row, Seal, schedule
from mtdata.demo.study.site import SITE_ZONE, StudySite

__all__ = ["SCALES", "make_key", "populate", "questionnaire", "schedule", "seal"]

SCALES: dict[str, bool] = dict.fromkeys(ROWS, True) | {"TaskLog": False, "Participant": False}
"""Scale -> deleteable."""

BEGAN_AT = datetime(2018, 3, 12, 15, 45, 5, tzinfo=SITE_ZONE)
AT_A_TIME = 6
"""Participants who are on the site at once."""
TRIALS = 8
"""Rows that one training leaves."""
LATE = 0.03
"""Share of the ids that are handed out and committed some rows later."""
LOST = 0.02
"""Share of the tasks that were logged and whose answers never came."""


def make_key(bits: int = 2048) -> tuple[bytes, RsaKey]:
    """A new key pair: the private one as PEM (PKCS#1), the public one to seal with."""
    private = RSA.generate(bits)
    return private.export_key(), private.public_key()


def seal(public: RsaKey, text: str, randbytes: Callable[[int], bytes] | None = None) -> str:
    """Seal as the site does: PKCS#1 v1.5, one block, base64.

    `randbytes` makes the padding (None = the system's randomness).  ValueError when the UTF-8 text
    is longer than the key's size in bytes - 11; the site stores null then.
    """
    return base64.b64encode(PKCS1_v1_5.new(public, randbytes).encrypt(text.encode())).decode()


def questionnaire(
    name: str, count: int, seed: int, *, public: RsaKey | None = None, first_id: int = 1
) -> Iterator[dict[str, Any]]:
    """`count` rows of one scale, ids from `first_id` on, now and then a late one.

    Without `public`, sealed fields hold clear text, as on a site with encryption switched off.
    KeyError for a name that is not in SCALES.
    """
    make, rng = ROWS[name], Random(f"{seed} {name}")
    sealing, steps = _sealing(public, rng), _steps_of(name, rng)
    for number in handed_out(first_id, count, rng):
        at = BEGAN_AT + timedelta(seconds=47 * (number - first_id))
        who = rng.randint(1, 999)
        yield make(Occasion(number, who, *next(steps), at), rng, sealing)


def _steps_of(name: str, rng: Random) -> Iterator[tuple[str, str, str | None]]:
    """Session, task and tag for row after row of a scale, as the schedule has them."""
    steps = [(s, task, tag) for s in SESSIONS for task, tag in TASKS[s] if task == name]
    if not steps:  # TaskLog and Participant, which know of every task
        steps = [(s, task, tag) for s in SESSIONS for task, tag in TASKS[s]]
        steps += [(s, "SESSION_COMPLETE", None) for s in SESSIONS]
    while True:
        rng.shuffle(steps)
        yield from steps


def handed_out(first: int, count: int, rng: Random) -> list[int]:
    """The ids from `first` to `first + count - 1` in the order of their commits, some late."""

    def committed(number: int) -> float:
        return number + (rng.randint(1, 8) + 0.5 if rng.random() < LATE else 0)

    return sorted(range(first, first + count), key=committed)


def _sealing(public: RsaKey | None, rng: Random) -> Seal:
    if public is None:
        return str
    return lambda text: seal(public, text, rng.randbytes)


class _Step(NamedTuple):
    """Something that happens on the site and leaves a row of `scale`."""

    scale: str
    participant: int
    session: str
    task: str
    tag: str | None


def _walk(participant: int, rng: Random) -> Iterator[_Step]:
    """All that one participant does, from the registration to the last session, or until bored."""
    yield _Step("Participant", participant, "PRE", *TASKS["PRE"][0])
    for session in SESSIONS:
        for task, tag in TASKS[session]:
            if rng.random() >= LOST:
                leaves = TRIALS if task == "JsPsychTrial" else 1
                yield from [_Step(task, participant, session, task, tag)] * leaves
            yield _Step("TaskLog", participant, session, task, tag)
        yield _Step("TaskLog", participant, session, "SESSION_COMPLETE", None)
        if rng.random() < 0.2:
            return


def _steps(rng: Random) -> Iterator[_Step]:
    """What happens on the site, without end; a new participant comes when one has gone."""
    newcomers = counted(1)
    present = [_walk(next(newcomers), rng) for _ in range(AT_A_TIME)]
    while True:
        place = rng.randrange(AT_A_TIME)
        step = next(present[place], None)
        if step is None:
            present[place] = _walk(next(newcomers), rng)
        else:
            yield step


def populate(site: StudySite, rows: int, seed: int, public: RsaKey | None) -> None:
    """Put `rows` rows on the site, spread over all SCALES as participants would leave them."""
    for name, deleteable in SCALES.items():
        site.offer(name, deleteable=deleteable)
    for name, entries in _by_scale(rows, Random(seed), public).items():
        site.put(name, entries)
    site.schedule = schedule()


def _by_scale(rows: int, rng: Random, public: RsaKey | None) -> dict[str, list[Row]]:
    """Scale -> its rows, in the order of their commits."""
    steps = list(islice(_steps(rng), rows))
    reached = {step.participant: step for step in steps}
    sealing, made, at = _sealing(public, rng), {name: list[Row]() for name in SCALES}, BEGAN_AT
    accounts: dict[int, int] = {}  # number in the walk -> id, which is the Participant row's own
    for number, step in zip(handed_out(1, rows, rng), steps, strict=True):
        at += timedelta(seconds=rng.randint(2, 40))
        account = accounts.setdefault(step.participant, number)
        shown = reached[step.participant] if step.scale == "Participant" else step
        occasion = Occasion(number, account, shown.session, shown.task, shown.tag, at)
        made[step.scale].append(ROWS[step.scale](occasion, rng, sealing))
    return made
