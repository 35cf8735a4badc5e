"""Random histories of a pool: rounds, erasures cut and whole, old files and lost ledgers.

After each erasure, and at the end, no file has what was erased, every other row is there once, and
all that looks finds the pool well.
"""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mtdata.core.disk import FolderDisk
from tests.conftest import LONG, SEED
from tests.system.conftest import KeyPair
from tests.system.home import STUDY, Home, row
from tests.system.test_erasing import holding, people

HISTORIES = 200 if LONG else 1
WHO = (16, 17, 18, 19)
ODD = ('q"uo', "li\nne", "", "ü", None)
ENDING = (("verify", STUDY), ("export", STUDY, "all"), ("decode", STUDY))


class History:
    """One pool and what must be in it."""

    def __init__(self, home: Home, rng: Random, key: KeyPair | None) -> None:
        self.home, self.rng, self._key = home, rng, key
        self._numbers = count(1)
        self._rows: dict[tuple[str, int], int] = {}  # whose each is
        self._gone: dict[str, bool] = {}  # texts that were erased; from raw files as well

    def _entry(self, scale: str) -> dict[str, Any]:
        number, who, rng = next(self._numbers), self.rng.choice(WHO), self.rng
        self._rows[scale, number] = who
        named: dict[str, Any] = {"participant": rng.choice([who, str(who)])}
        if self._key and rng.random() < 0.7:
            named = {"participantRSA": self._key.seal(str(who))}
        more = {f"new{rng.randrange(3)}": rng.random()} if rng.random() < 0.15 else {}
        return row(number, **named, text=text_of(scale, number), odd=rng.choice(ODD), **more)

    def round(self) -> None:
        for scale in ("QOL", "OASIS"):
            self.home.site.put(scale, [self._entry(scale) for _ in range(self.rng.randrange(6))])
        logins = {number: self.rng.randrange(3) for number in WHO}
        people(self.home, *[row(n, text=text_of("P", n), login=at) for n, at in logins.items()])
        self.home.export(STUDY, "all")
        if self.rng.random() < 0.5:
            self.home.now = self.home.now.replace(day=self.home.now.day + 1)

    def erase(self, patch: pytest.MonkeyPatch) -> None:
        who, raw = self.rng.choice(WHO), self.rng.random() < 0.7
        words = ["erase", str(who), "--server", STUDY, "--yes", *(["--raw"] if raw else [])]
        backup = self.home.folder / f"backup{next(self._numbers)}"
        shutil.copytree(self.home.pool, backup)
        if self.rng.random() < 0.4:
            self._cut_off(words, patch)
        code = self.home.run(*words).code
        assert code in (0, 65)
        texts = [text_of(*one) for one, whose in self._rows.items() if whose == who]
        for text in (*texts, text_of("P", who)):
            self._gone[text] = raw or self._gone.get(text, False)
        self.check()
        if self.rng.random() < 0.5:
            self._put_back(backup)

    def _cut_off(self, words: list[str], patch: pytest.MonkeyPatch) -> None:
        whole, left = FolderDisk.publish, [self.rng.randrange(1, 14)]

        def publish(disk: FolderDisk, staged: str, path: str) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            whole(disk, staged, path)

        with patch.context() as cutting:
            cutting.setattr(FolderDisk, "publish", publish)
            self.home.run(*words)
        if self.rng.random() < 0.3:
            self.lose_ledger()
        self.home.run(*self.rng.choice(ENDING))
        assert not (self.home.pool / ".erasing.json").exists()

    def _put_back(self, backup: Path) -> None:
        """Files as they were right before the erasure."""
        for path in [*backup.glob("raw_data/*.json"), *backup.glob("active_data/*.csv")]:
            there = self.home.pool / path.relative_to(backup)
            if self.rng.random() < 0.5 and there.exists():
                shutil.copy(path, there)
        self.home.run(*self.rng.choice(ENDING[:2]))
        self.home.verify_until_clean()
        self.check()

    def lose_ledger(self) -> None:
        for path in self.home.pool.glob("ledger.sqlite3*"):
            path.unlink()
        assert self.home.run("verify", STUDY, "--rebuild-ledger").code == 0

    def check(self) -> None:
        for scale in {scale for scale, _ in self._rows}:
            ids = [n for s, n in self._rows if s == scale and text_of(s, n) not in self._gone]
            assert sorted(map(int, self.home.ids(scale))) == sorted(ids)
        for text, raw in self._gone.items():
            assert holding(self.home, text) <= (set() if raw else {"raw_data"})
        assert self.home.is_clean()


def text_of(scale: str, number: int) -> str:
    return f"answer-{scale}-{number}-"


@pytest.mark.parametrize("number", range(HISTORIES))
def test_whatever_happens_nobody_comes_back_and_nobody_else_is_lost(
    home: Home, key: KeyPair, number: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rng = Random(f"{SEED} history {number}")
    home.configure(DELETE_MODE=rng.random() < 0.6)
    is_sealed = rng.random() < 0.5
    if is_sealed:
        home.configure(ENCRYPTION="rsa", PRIVATE_FILE="study.pem")
        home.put_key(key.pem)
    if rng.random() < 0.4:
        (tmp_path / "replica").mkdir()
        home.configure(REPLICAS=[f"file://{tmp_path / 'replica'}"])
    history = History(home, rng, key if is_sealed else None)
    acts = [history.round] * 5 + [lambda: history.erase(monkeypatch)] * 2
    acts.append(history.lose_ledger)
    history.round()
    for act in rng.choices(acts, k=rng.randrange(4, 9)):
        act()
    history.erase(monkeypatch)
    history.lose_ledger()
    home.export(STUDY, "all")
    home.verify_until_clean()
    history.check()
