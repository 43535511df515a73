"""Cores and caches, read from canned folders; and what this machine says."""

import os
from pathlib import Path

import pytest

from livereduce.base import machine
from livereduce.base.machine import Caches, cpu_quota, read_caches, usable_cores

UNIT = "system.slice/livereduce.service"


def cache(cpus: Path, index: int, level: int, kind: str, size: str, shared: str) -> None:
    folder = cpus / f"cpu{min(os.sched_getaffinity(0))}" / "cache" / f"index{index}"
    folder.mkdir(parents=True)
    for name, text in (("level", str(level)), ("type", kind), ("size", size), ("shared_cpu_list", shared)):
        (folder / name).write_text(f"{text}\n")


def test_a_core_has_its_share_of_each_data_cache(tmp_path: Path) -> None:
    cache(tmp_path, 0, 1, "Data", "48K", "0")
    cache(tmp_path, 1, 1, "Instruction", "64K", "0")
    cache(tmp_path, 2, 2, "Unified", "2048K", "0,32")
    cache(tmp_path, 3, 3, "Unified", "32M", "0-15,32-47")
    assert read_caches(tmp_path) == Caches(first_bytes=48 << 10, second_bytes=1 << 20, last_bytes=1 << 20)


def test_what_a_machine_does_not_say_is_that_of_a_small_core(tmp_path: Path) -> None:
    assert read_caches(tmp_path) == Caches()
    cache(tmp_path, 0, 1, "Data", "64K", "0")
    cache(tmp_path, 1, 2, "Unified", "rubbish", "0")
    cache(tmp_path, 2, 3, "Unified", "8M", "")
    assert read_caches(tmp_path) == Caches(first_bytes=64 << 10, second_bytes=256 << 10, last_bytes=64 << 10)


@pytest.mark.parametrize(
    ("said", "files", "quota"),
    [
        pytest.param("0::/{}\n", {f"{UNIT}/cpu.max": "150000 100000\n"}, 1.5, id="CPUQuota=150%"),
        pytest.param("0::/{}\n", {f"{UNIT}/cpu.max": "max 100000\n"}, None, id="no limit"),
        pytest.param("0::/{}\n", {f"{UNIT}/cpu.max": "max 1\n", "system.slice/cpu.max": "1 2\n"}, 0.5, id="slice"),
        pytest.param(
            "3:cpu,cpuacct:/{}\n",
            {f"cpu/{UNIT}/cpu.cfs_quota_us": "400000\n", f"cpu/{UNIT}/cpu.cfs_period_us": "100000\n"},
            4.0,
            id="version 1",
        ),
        pytest.param("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "5\n"}, None, id="1, none"),
        pytest.param("rubbish\n", {}, None, id="rubbish"),
    ],
)
def test_the_smallest_quota_on_the_way_up_holds(
    tmp_path: Path, said: str, files: dict[str, str], quota: float | None
) -> None:
    own = tmp_path / "self"
    own.write_text(said.format(UNIT))
    for name, text in files.items():
        (tmp_path / "fs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "fs" / name).write_text(text)
    assert cpu_quota(own, tmp_path / "fs") == quota


@pytest.mark.parametrize(("quota", "cores"), [(None, 4), (8.0, 4), (2.9, 2), (0.3, 1)])
def test_usable_cores_are_those_allowed_and_paid_for(
    monkeypatch: pytest.MonkeyPatch, quota: float | None, cores: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 2, 4, 6})
    monkeypatch.setattr(machine, "cpu_quota", lambda *_places: quota)
    assert usable_cores() == cores


def test_this_machine_has_a_core_and_caches_that_grow() -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
    assert 0 < read_caches().first_bytes <= read_caches().second_bytes
