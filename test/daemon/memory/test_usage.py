"""Canned `/proc` and cgroup directories, and one real tree of processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from livereduce.base.machine import read_cgroup_limit, read_ram_bytes
from livereduce.daemon.memory import usage
from livereduce.daemon.memory.facts import Weighed
from livereduce.daemon.memory.usage import (
    MemoryUsage,
    limit_bytes,
    read_oom_kills,
    tree_bytes,
    tree_pss_bytes,
)

KIB = 1024


@pytest.mark.parametrize(
    ("percent", "cgroup", "limit"), [(70, None, 700), (70, 100, 70), (70, 5000, 700), (0, 100, None), (12.5, 80, 10)]
)
def test_the_limit_is_a_share_of_the_smaller(percent: float, cgroup: int | None, limit: int | None) -> None:
    assert limit_bytes(percent, 1000, cgroup) == limit


def test_the_ram_of_this_host_is_what_the_kernel_says() -> None:
    (line,) = (line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal:"))
    assert read_ram_bytes() == pytest.approx(int(line.split()[1]) * KIB, rel=0.01)


# --- cgroups ---

UNIT = "system.slice/livereduce.service"


def cgroup(folder: Path, said: str, files: dict[str, str]) -> int | None:
    (folder / "self").write_text(said)
    for name, text in files.items():
        path = folder / "fs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_cgroup_limit(folder / "self", folder / "fs")


V2 = f"0::/{UNIT}\n"
V1 = f"12:cpu,cpuacct:/\n4:memory:/{UNIT}\n1:name=systemd:/{UNIT}\n0::/{UNIT}\n"


@pytest.mark.parametrize(
    ("said", "files", "limit"),
    [
        pytest.param(V2, {f"{UNIT}/memory.max": "5000\n"}, 5000, id="the unit's own"),
        pytest.param(V2, {f"{UNIT}/memory.max": "5000\n", "system.slice/memory.max": "300\n"}, 300, id="slice is less"),
        pytest.param(V2, {f"{UNIT}/memory.max": "max\n", "memory.max": "900\n"}, 900, id="a container's root"),
        pytest.param(V2, {f"{UNIT}/memory.max": "max\n", "system.slice/memory.max": "max\n"}, None, id="no limit"),
        pytest.param(V2, {"user.slice/memory.max": "5\n"}, None, id="somebody else's"),
        pytest.param("0::/../../x\n", {"memory.max": "70\n"}, 70, id="outside of what is mounted"),
        pytest.param("0::/\n", {}, None, id="a bare host's root"),
        pytest.param(V1, {f"memory/{UNIT}/memory.limit_in_bytes": "800\n"}, 800, id="version 1"),
        pytest.param(V1, {"memory/memory.limit_in_bytes": "9223372036854771712\n"}, None, id="version 1, no limit"),
        pytest.param("rubbish\n4:memory\n\n", {}, None, id="rubbish"),
    ],
)
def test_the_smallest_limit_on_the_way_up_holds(
    tmp_path: Path, said: str, files: dict[str, str], limit: int | None
) -> None:
    assert cgroup(tmp_path, said, files) == limit


def test_without_cgroups_there_is_no_limit(tmp_path: Path) -> None:
    assert read_cgroup_limit(tmp_path / "none", tmp_path) is None


# --- trees ---


def process(
    proc: Path,
    pid: int,
    *,
    anon: int = 0,
    shmem: int = 0,
    pss: int | None = None,
    children: dict[int, str] | None = None,
    maps: dict[str, int] | None = None,
) -> None:
    """A canned process, amounts in KiB; `children` by the thread that started them, `maps` by the names of files."""
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "status").write_bytes(
        b"Name:\tproc\xff RssAnon:\nVmRSS:\t  999999 kB\nRssAnon:\t%8d kB\nRssFile:\t  5000 kB\nRssShmem:\t%8d kB\n"
        % (anon, shmem)
    )
    if pss is not None:
        (folder / "smaps_rollup").write_text(
            f"00-ff ---p 00000000 00:00 0   [rollup]\nRss:  99999 kB\nPss:  99999 kB\nPss_Dirty:  7 kB\n"
            f"Pss_Anon:    {pss - 1} kB\nPss_File:  5000 kB\nPss_Shmem:       1 kB\n"
        )
    (folder / "maps").write_text(
        "".join(
            f"{1 << 40:x}-{(1 << 40) + size * KIB:x} rw-s 0 00:01 7 {name}\n" for name, size in (maps or {}).items()
        )
    )
    for thread, text in (children or {pid: ""}).items():
        (folder / "task" / str(thread)).mkdir(parents=True)
        (folder / "task" / str(thread) / "children").write_text(text)


def test_a_tree_is_the_worker_and_what_any_of_its_threads_has_started(tmp_path: Path) -> None:
    process(tmp_path, 10, anon=100, shmem=20, children={10: "11 ", 15: "12 13 "})
    process(tmp_path, 11, anon=3)
    process(tmp_path, 12, anon=4, children={12: "14 "})
    process(tmp_path, 14, anon=5)
    process(tmp_path, 99, anon=10**6)  # not of the tree; 13 has ended meanwhile
    assert tree_bytes(10, tmp_path) == (100 + 20 + 3 + 4 + 5) * KIB


def test_shared_pages_count_once_in_pss_and_what_has_none_counts_in_full(tmp_path: Path) -> None:
    process(tmp_path, 10, anon=100, pss=60, children={10: "11 12 13"})
    process(tmp_path, 11, anon=100, pss=40)
    process(tmp_path, 12, anon=7)
    assert tree_pss_bytes(10, tmp_path) == (60 + 40 + 7) * KIB


def test_a_worker_that_is_gone_weighs_nothing(tmp_path: Path) -> None:
    (tmp_path / "10").mkdir()
    (tmp_path / "10" / "status").write_text("Name:\tpython\nState:\tZ (zombie)\n")
    assert tree_bytes(10, tmp_path) == tree_pss_bytes(10, tmp_path) == tree_bytes(11, tmp_path) == 0


def test_the_walk_ends_in_circles_and_floods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process(tmp_path, 10, anon=1, children={10: "11 "})
    process(tmp_path, 11, anon=1, children={11: "10 11 12 "})  # a number given away again while we looked
    process(tmp_path, 12, anon=1)
    assert tree_bytes(10, tmp_path) == 3 * KIB
    monkeypatch.setattr(usage, "MAX_PROCESSES", 2)
    assert tree_bytes(10, tmp_path) == 2 * KIB


def test_one_process_shares_with_nobody_and_is_weighed_cheaply(tmp_path: Path) -> None:
    process(tmp_path, 10, anon=100, pss=60)
    assert MemoryUsage(tmp_path).weigh(10, worker=1, run=7, limit_bytes=50 * KIB, now=0) == Weighed(
        worker=1, run=7, bytes=100 * KIB, confirmed_bytes=100 * KIB
    )


def test_several_are_confirmed_by_pss_at_the_limit_but_not_all_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process(tmp_path, 10, anon=100, pss=60, children={10: "11"})
    process(tmp_path, 11, anon=100, pss=50)
    clock = iter([0.0, 0.3, 10.0, 10.1])  # a reading of 0.3 s
    monkeypatch.setattr(usage, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    weigh = MemoryUsage(tmp_path)

    def confirmed(now: float, limit: int = 200) -> int | None:
        seen = weigh.weigh(10, worker=1, run=7, limit_bytes=limit * KIB, now=now)
        assert seen.bytes == 200 * KIB
        return seen.confirmed_bytes

    assert confirmed(0.0, limit=201) == 200 * KIB
    assert confirmed(0.0) == 110 * KIB
    assert confirmed(5.9) is None
    assert confirmed(6.1) == 110 * KIB


# --- with a receiver ---

SEGMENT = "/memfd:livereduce-column-3 (deleted)"
HELD = 9000


def weighed(proc: Path, *, limit: int = 10**9, held: int = HELD, spare: int | None = None) -> Weighed:
    """Worker 10 with the receiver 20, which says that it holds so much; amounts in KiB."""
    return MemoryUsage(proc).weigh(
        10, worker=1, run=7, limit_bytes=limit * KIB, now=0.0, receiver=20, held_bytes=held * KIB, spare=spare
    )


def test_a_receiver_that_proc_hides_counts_by_its_own_word(tmp_path: Path) -> None:
    """It refuses debuggers, so a mount of /proc with hidepid (systemd: ProtectProc=invisible) does not show it."""
    process(tmp_path, 10, anon=200)
    usage = MemoryUsage(tmp_path)
    for shown, expected in ((None, 50), (60, 60)):
        if shown:
            process(tmp_path, 20, anon=shown)
        seen = usage.weigh(
            10, worker=1, run=7, limit_bytes=None, now=0.0, receiver=20, receiver_says_bytes=50 * KIB, held_bytes=KIB
        )
        assert (seen.receiver_bytes, seen.bytes) == (expected * KIB, (200 + expected + 1) * KIB)


def test_what_the_receiver_holds_counts_once(tmp_path: Path) -> None:
    """A worker that maps it, and what it forks, have it in their figures; the receiver maps nothing."""
    process(tmp_path, 20, anon=60)
    process(tmp_path, 10, anon=200, shmem=9000, maps={SEGMENT: 9216}, children={10: "11 12"})
    process(tmp_path, 11, anon=30, shmem=7000, maps={SEGMENT: 9216})  # forked
    process(tmp_path, 12, anon=40, shmem=500, maps={"/dev/shm/theirs": 500})  # started
    assert weighed(tmp_path) == Weighed(
        worker=1,
        run=7,
        bytes=(60 + HELD + 200 + 30 + 40 + 500) * KIB,
        confirmed_bytes=(60 + HELD + 200 + 30 + 40 + 500) * KIB,
        started_bytes=(30 + 40 + 500) * KIB,
        run_bytes=HELD * KIB,
        receiver_bytes=60 * KIB,
    )


def test_what_the_receiver_has_given_up_counts_until_the_worker_unmaps_it(tmp_path: Path) -> None:
    process(tmp_path, 20, anon=60)
    process(tmp_path, 10, anon=200, shmem=5000, maps={SEGMENT: 9216})
    assert weighed(tmp_path, held=100).run_bytes == 5000 * KIB


def test_shared_memory_that_a_script_makes_is_the_scripts(tmp_path: Path) -> None:
    process(tmp_path, 20, anon=60)
    process(tmp_path, 10, anon=200, shmem=9700, maps={SEGMENT: 9216, "/dev/zero (deleted)": 700})
    seen = weighed(tmp_path)
    assert (seen.bytes, seen.run_bytes) == ((60 + HELD + 200 + 700) * KIB, HELD * KIB)


def test_a_worker_that_has_only_the_run_and_its_own_is_weighed_without_a_walk(tmp_path: Path) -> None:
    process(tmp_path, 20, anon=60)
    process(tmp_path, 10, anon=200, shmem=9000, pss=1, maps={SEGMENT: 9216})
    assert weighed(tmp_path, limit=50).confirmed_bytes == (60 + HELD + 200) * KIB


def test_what_cannot_be_told_apart_is_confirmed_with_each_page_once(tmp_path: Path) -> None:
    process(tmp_path, 20, anon=60)
    process(tmp_path, 10, anon=200, shmem=9000, pss=9205, maps={SEGMENT: 9216, "/memfd:sparse": 10**6})
    process(tmp_path, 30, anon=150)
    held_pss(tmp_path, 10, 8990)
    seen = weighed(tmp_path, limit=50, spare=30)
    assert seen.bytes == (60 + HELD + 200 + 9000 + 150) * KIB, "the most it may be"
    assert seen.confirmed_bytes == (60 + HELD + (9205 - 8990) + 150) * KIB


def held_pss(proc: Path, pid: int, pss: int) -> None:
    (proc / str(pid) / "smaps").write_text(
        "7f00-7f01 rw-p 0 00:00 0\nSize:    1 kB\nPss:    77 kB\nVmFlags: rd\n"
        f"7f01-7f02 r--s 0 00:01 7 {SEGMENT}\nSize:  9 kB\nRss:   9 kB\nPss:  {pss - 1} kB\nPss_Dirty:  5 kB\n"
        "7f02-7f03 r--s 0 00:01 8 /memfd:livereduce-journal-4 (deleted)\nSize:  9 kB\nPss:     1 kB\n"
        "7f03-7f04 r--s 0 00:01 9 /memfd:mine (deleted)\nSize:  9 kB\nPss:     99 kB\n"
    )


def test_the_spare_is_weighed_by_itself(tmp_path: Path) -> None:
    process(tmp_path, 20, anon=60)
    process(tmp_path, 10, anon=200)
    process(tmp_path, 30, anon=150, children={30: "31"})
    process(tmp_path, 31, anon=1)
    seen = weighed(tmp_path, spare=30)
    assert (seen.bytes, seen.spare_bytes, seen.started_bytes) == ((60 + HELD + 200 + 151) * KIB, 151 * KIB, 0)


def test_the_recorder_is_weighed_with_its_ring_as_far_as_either_side_has_used_it(tmp_path: Path) -> None:
    process(tmp_path, 20, anon=60)
    process(tmp_path, 10, anon=200)
    process(tmp_path, 40, anon=100, shmem=3000, maps={"/memfd:livereduce-ring-0 (deleted)": 65536})
    for says, ring in ((0, 3000), (65536, 65536)):
        seen = MemoryUsage(tmp_path).weigh(
            10, worker=1, run=7, limit_bytes=None, now=0.0, receiver=20, held_bytes=HELD * KIB, recorder=40,
            ring_bytes=says * KIB,
        )  # fmt: skip
        assert (seen.recorder_bytes, seen.bytes) == ((100 + ring) * KIB, (60 + HELD + 200 + 100 + ring) * KIB)
        assert seen.confirmed_bytes == seen.bytes


FAMILY = """
import os, sys, threading
block = bytearray(os.urandom(1 << 10)) * (32 << 10)

def have_child():
    if os.fork() == 0:
        os.write(1, b"born\\n")  # whole: both children write
        sys.stdin.read()
        os._exit(0)

have_child()  # of this thread
other = threading.Thread(target=have_child)
other.start()
sys.stdin.read()
"""


@contextmanager
def family() -> Iterator[int]:
    command = [sys.executable, "-W", "ignore", "-c", FAMILY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert [parent.stdout.readline(), parent.stdout.readline()] == [b"born\n", b"born\n"]
        yield parent.pid
        # leaving closes standard input, which ends all three


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's own")
def test_a_real_tree_of_forked_children() -> None:
    block = 32 << 20
    with family() as pid:
        assert len(list(Path(f"/proc/{pid}/task").iterdir())) >= 1
        assert 3 * block < tree_bytes(pid) < 4.5 * block
        assert block < tree_pss_bytes(pid) < 2 * block
        seen = MemoryUsage().weigh(pid, worker=1, run=7, limit_bytes=2 * block, now=0)
        assert seen.confirmed_bytes is not None
        assert seen.confirmed_bytes < 2 * block < seen.bytes
    assert tree_bytes(pid) == 0
    assert tree_bytes(os.getpid()) > 0


HOLDING = """
import mmap, os, sys
size = 64 << 20
segment = os.memfd_create("livereduce-column-0", 0)
os.ftruncate(segment, size)
os.pwrite(segment, bytes(size), 0)
if os.fork() == 0:  # the worker
    mapped = mmap.mmap(segment, size, prot=mmap.PROT_READ)
    sum(mapped[::4096])
    if os.fork() == 0:  # what its script forks, with shared memory of its own
        sum(mapped[::4096])
        own = mmap.mmap(-1, size // 4)
        own[:] = bytes(size // 4)
        os.write(1, b"%d\\n" % os.getppid())
    sys.stdin.read()
    os._exit(0)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's own")
def test_a_real_run_that_several_processes_map() -> None:
    size = 64 << 20
    command = [sys.executable, "-W", "ignore", "-c", HOLDING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as receiver:
        assert receiver.stdout is not None
        worker = int(receiver.stdout.readline())
        assert tree_bytes(worker) > 2 * size
        for limit in (1 << 40, 1):
            seen = MemoryUsage().weigh(
                worker, worker=1, run=7, limit_bytes=limit, now=0, receiver=receiver.pid, held_bytes=size
            )
            assert seen.run_bytes == size
            assert size // 4 < seen.started_bytes < size // 2
            assert seen.confirmed_bytes is not None
            assert 1.25 * size < seen.confirmed_bytes <= seen.bytes < 1.75 * size


@pytest.mark.parametrize(
    ("line", "file"),
    [("0::/system.slice/l", "system.slice/l/memory.events"), ("5:cpu,memory:/l", "memory/l/memory.oom_control")],
)
def test_the_kernel_counts_what_it_has_ended(tmp_path: Path, line: str, file: str) -> None:
    own = tmp_path / "cgroup"
    own.write_text(f"12:pids:/other\n{line}\n")
    assert read_oom_kills(own, tmp_path) is None
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text("oom 7\noom_kill 3\noom_group_kill 0\n")
    assert read_oom_kills(own, tmp_path) == 3
    assert read_oom_kills(tmp_path / "none", tmp_path) is None
