"""Random imports, edits, deletes, stops and undos: the table is what a model of dicts says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mtdata.core.errors import JobError
from mtdata.core.stop import StopToken
from mtdata.jobs.records.asking import now
from mtdata.programme.records.models import Team, TeamChange
from mtdata.programme.rollback import take_back_teams
from mtdata.programme.teams import Duplicates, TeamWriter
from tests.programme.place import ImportPlace, Row, team

PERSON = -1
NAMES, JOBS = "abc", 4


@dataclass
class Layer:
    """What one writer made of a team."""

    writer: int
    text: str


@dataclass
class Model:
    """Each team as the layers of who wrote it, the first of which is there for good or made it."""

    teams: dict[str, list[Layer]] = field(default_factory=dict)

    def write(self, job: int, name: str, text: str, policy: Duplicates) -> None:
        layers = self.teams.setdefault(name, [])
        if not layers:
            layers.append(Layer(job, text))
        elif policy is Duplicates.UPDATE and layers[-1].text != text:
            writers = [layer.writer for layer in layers if layer.writer != PERSON]
            if writers[-1:] == [job]:  # its own, whoever edited it meanwhile
                if layers[-1].writer == PERSON:
                    layers.pop()
                layers[-1].text = text
            elif job not in writers:
                layers.append(Layer(job, text))

    def edit(self, name: str, text: str) -> None:
        if layers := self.teams.get(name):
            if layers[-1].writer == PERSON:
                layers.pop()
            layers.append(Layer(PERSON, text))

    def take_back(self, job: int, *, keeps_edited: bool) -> None:
        for name, layers in list(self.teams.items()):
            place = next((n for n, one in enumerate(layers) if one.writer == job), None)
            if place is None:
                continue
            edited = layers[place + 1 : place + 2]
            if edited and edited[0].writer == PERSON:
                layers[: place + 2] = edited if keeps_edited else layers[:place]
            else:
                del layers[place]
            if not layers:
                del self.teams[name]


class DirectWork:
    """A part whose every commit is made here."""

    def __init__(self, job: UUID) -> None:
        self.job, self.checkpoint, self.stop_token = str(job), None, StopToken()

    def commit(self, move: Callable[[], Any]) -> None:
        with transaction.atomic():
            self.checkpoint = move()

    def progress(self, rows: int, step: str) -> None: ...

    def say(self, level: str, text: str) -> None: ...


class World:
    """The tables, and which jobs are at work, done or gone."""

    def __init__(self) -> None:
        Team.objects.all().delete()
        TeamChange.objects.all().delete()
        self.model = Model()
        self.ids = [uuid4() for _ in range(JOBS)]
        self.state = ["at work"] * JOBS

    def write(self, job: int, policy: Duplicates, rows: list[tuple[str, str]]) -> None:
        """One batch of a job; a name that must not be there takes all of the job back."""
        if self.state[job] != "at work":
            return
        writer = TeamWriter(str(self.ids[job]), 1, policy)
        try:
            self._commit(writer, [team(name, text) for name, text in rows])
        except JobError:
            assert policy is Duplicates.FAIL
            names = [name for name, _ in rows]
            assert len({*names}) < len(names) or {*names} & {*self.model.teams}
            self.stop(job)
            return
        # of a name that a batch has twice, the last row is what an update writes
        for name, text in dict(rows).items() if policy is Duplicates.UPDATE else rows:
            self.model.write(job, name, text, policy)

    @staticmethod
    def _commit(writer: TeamWriter, rows: list[Row]) -> None:
        for _ in range(2):
            try:
                with transaction.atomic():
                    counts = writer.write(rows)
                assert counts.rows == len(rows)
                return
            except IntegrityError:
                writer.doubt()
        raise AssertionError("it looked, and still did not see them")

    def end(self, job: int) -> None:
        if self.state[job] == "at work":
            self.state[job] = "done"

    def stop(self, job: int) -> None:
        if self.state[job] == "at work":
            self._take_back(job, keeps_edited=False)

    def undo(self, job: int) -> None:
        if self.state[job] == "done":
            self._take_back(job, keeps_edited=True)

    def _take_back(self, job: int, *, keeps_edited: bool) -> None:
        take_back_teams(DirectWork(self.ids[job]), keeps_edited=keeps_edited)  # type: ignore[arg-type]
        self.model.take_back(job, keeps_edited=keeps_edited)
        self.state[job] = "gone"
        assert not Team.objects.filter(job=self.ids[job]).exists()
        assert not TeamChange.objects.filter(job=self.ids[job]).exists()
        assert not TeamChange.objects.filter(before_job=self.ids[job]).exists()

    def edit(self, name: str, text: str) -> None:
        Team.objects.filter(name=name).update(description=text, edited_at=now())
        self.model.edit(name, text)

    def delete(self, name: str) -> None:
        Team.objects.filter(name=name).delete()
        self.model.teams.pop(name, None)

    def check(self) -> None:
        found = dict(Team.objects.values_list("name", "description"))
        assert found == {name: layers[-1].text for name, layers in self.model.teams.items()}


names, texts, jobs = st.sampled_from(NAMES), st.sampled_from("xyz"), st.integers(0, JOBS - 1)
batches = st.lists(st.tuples(names, texts), min_size=1, max_size=4)
policies = st.sampled_from([Duplicates.UPDATE, Duplicates.UPDATE, Duplicates.SKIP, Duplicates.FAIL])
steps = st.one_of(
    st.tuples(st.just("write"), jobs, policies, batches),
    st.tuples(st.just("write"), jobs, policies, batches),
    st.tuples(st.just("edit"), names, texts),
    st.tuples(st.just("delete"), names),
    st.tuples(st.sampled_from(["end", "stop", "undo"]), jobs),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(steps, max_size=16))
@example(  # a batch that says it otherwise and then as it was changes nothing
    [("write", 0, Duplicates.UPDATE, [("a", "y")]),
     ("write", 1, Duplicates.UPDATE, [("a", "x"), ("a", "y")])],
)  # fmt: skip
def test_the_table_is_what_is_left_of_its_history(
    plain: ImportPlace, story: list[tuple[Any, ...]]
) -> None:
    world = World()
    for act, *words in story:
        getattr(world, act)(*words)
        world.check()
    for job in range(JOBS):  # and in the end whatever is left can be taken back
        world.end(job)
        world.undo(job)
        world.check()
