"""Whether a process exists, asked without psutil; and a process that gives way."""

import json
import os
import subprocess
import sys

import pytest

from livereduce.base.processes import fork_answering, process_exists


@pytest.mark.parametrize("pid", [os.getpid(), os.getppid(), 1])
def test_a_process_exists_whoever_runs_it(pid: int) -> None:
    assert process_exists(pid)


@pytest.mark.parametrize("pid", [0, -1, -os.getpid(), 1 << 22, 1 << 40, 1 << 80])
def test_a_number_of_no_process(pid: int) -> None:
    assert not process_exists(pid)


def test_a_process_is_gone_once_it_was_waited_for() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert process_exists(child.pid)
    child.communicate(b"\n")
    assert not process_exists(child.pid)


GIVES_WAY = """
import json, os
from pathlib import Path
from livereduce.base.processes import give_way
give_way(7, 300)
group = Path("/proc/self/autogroup")
said = group.read_text() if group.exists() else ""
print(json.dumps([os.getpriority(os.PRIO_PROCESS, 0), int(Path("/proc/self/oom_score_adj").read_text()), said]))
"""


def test_who_gives_way_does_so_for_processor_and_memory_also_in_a_session_of_its_own() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    done = subprocess.run(
        [sys.executable, "-c", GIVES_WAY], capture_output=True, check=True, start_new_session=True, text=True
    )
    nice, oom_score, session = json.loads(done.stdout)
    assert nice == min(19, before + 7)
    assert oom_score >= 300
    assert not session.strip() or session.split()[-1] == str(nice), "a kernel that shares between sessions"


@pytest.mark.parametrize("fails", [False, True])
def test_a_forked_process_answers_and_ends_whatever_it_raises(fails: bool) -> None:
    def answer(fd: int) -> None:
        os.write(fd, b"yes")
        assert not fails

    pid, reading = fork_answering(answer)
    os.set_blocking(reading, True)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read() == b"yes"
    assert os.waitpid(pid, 0) == (pid, 0)
