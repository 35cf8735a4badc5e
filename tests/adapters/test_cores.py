"""How many processes decrypt: not one for each core that is seen where a quota bounds them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mtdata.config import SiteConfig
from mtdata.core.cores import cores, quotas
from mtdata.study.decryption import cipher
from mtdata.study.operations.opening import cipher_of
from tests.adapters.test_cipher import key_of

V2 = "30 23 0:26 {} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = "32 31 0:29 {} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
SET = "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"


@pytest.mark.parametrize(
    ("mounts", "own", "files", "expected"),
    [
        (V2, "0::/\n", {"cpu.max": "200000 100000"}, [2.0]),
        (V2, "0::/\n", {"cpu.max": "max 100000"}, []),
        (V2, "0::/a/b\n", {"a/cpu.max": "150000 100000", "a/b/cpu.max": "max 100000"}, [1.5]),
        (V2, "0::/a/b\n", {"a/cpu.max": "1000 100000", "a/b/cpu.max": "9 3"}, [3.0, 0.01]),
        (V2, "0::/../x\n", {"cpu.max": "200000 100000"}, [2.0]),
        (
            V1 + SET,
            "3:cpuset:/\n2:cpu,cpuacct:/docker/abc\n",
            {"cpu,cpuacct/cpu.cfs_quota_us": "300000", "cpu,cpuacct/cpu.cfs_period_us": "100000"},
            [3.0],
        ),
        (
            V1,
            "2:cpu,cpuacct:/docker/abc\n",
            {"cpu,cpuacct/cpu.cfs_quota_us": "-1", "cpu,cpuacct/cpu.cfs_period_us": "100000"},
            [],
        ),
        (V2, "0::/\n", {"cpu.max": "many\x00 0"}, []),
        (V2, "0::/\n", {"cpu.max": "200000 0"}, []),
        ("", "", {}, []),
        ("nonsense - \n", "0:\n", {}, []),
    ],
)
def test_a_quota_of_either_kind_is_found(
    tmp_path: Path, mounts: str, own: str, files: dict[str, str], expected: list[float]
) -> None:
    place = tmp_path / "sys/fs/cgroup"
    (tmp_path / "proc/self").mkdir(parents=True)
    mounted = "/docker/abc" if "cpuacct" in mounts else "/"
    (tmp_path / "proc/self/mountinfo").write_text(mounts.replace("{}", mounted))
    (tmp_path / "proc/self/cgroup").write_text(own)
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    assert quotas(tmp_path) == expected


def test_of_64_cores_two_are_ours_where_the_quota_is_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda of: set(range(64)))
    assert cores(tmp_path) == 64
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(V2.replace("{}", "/"))
    (tmp_path / "proc/self/cgroup").write_text("0::/\n")
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    for text, count in (("190000 100000", 2), ("5000 100000", 1), ("9900000 100000", 64)):
        (tmp_path / "sys/fs/cgroup/cpu.max").write_text(text)
        assert cores(tmp_path) == count


@pytest.mark.parametrize(("key", "workers"), [(None, 3), (7, 7), (0, 0)])
def test_a_key_of_the_site_says_how_many_decrypt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: int | None, workers: int
) -> None:
    ours: Callable[[], int] = lambda: 3  # noqa: E731
    monkeypatch.setattr(cipher, "cores", ours)
    file = tmp_path / "key.pem"
    file.write_bytes(key_of(tmp_path, 1024).pem)
    file.chmod(0o600)
    site = SiteConfig(
        name="a", ready=False, path=tmp_path, private_files=str(file), decrypt_workers=key
    )
    found, faults = cipher_of(site)
    assert not faults
    assert found._workers._count == workers  # type: ignore[attr-defined]
    found.close()
