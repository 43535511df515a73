"""Whether a process exists, asked without psutil."""

import os
import subprocess
import sys

import pytest

from livereduce.base.processes import process_exists


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
