"""Hosts that are network namespaces: each has an address of its own, and reaches the others through a switch.

A namespace lives as long as the process in it, and so does its cable: nothing is left behind.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from helpers.tools import MUST_RUN

ADDRESS = "10.77.0."


class Namespace:
    """One host.

    Attributes
    ----------
    within
        Words before a command that is to run on it.
    """

    def __init__(self, holder: subprocess.Popen[bytes], number: int) -> None:
        self.pid, self.number = holder.pid, number
        self.address = f"{ADDRESS}{number}"
        self.within = ("nsenter", f"--net=/proc/{holder.pid}/ns/net")

    def ip(self, *words: str) -> None:
        """Have ``ip`` do something on it."""
        done = subprocess.run([*self.within, "ip", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"


def needs_namespaces() -> pytest.MarkDecorator:
    """A mark: skipped with the reason where a test may not make network namespaces."""
    can = os.geteuid() == 0 and _ends_well("unshare", "--net", "true")
    return pytest.mark.skipif(not (can or MUST_RUN), reason="network namespaces can only be made by root")


def _ends_well(*command: str) -> bool:
    return bool(shutil.which(command[0])) and subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def hosts(count: int) -> Iterator[list[Namespace]]:
    """So many hosts."""
    with ExitStack() as left:
        switch, *made = [Namespace(left.enter_context(_holder()), number) for number in range(count + 1)]
        switch.ip("link", "add", "switch", "type", "bridge")
        switch.ip("link", "set", "switch", "up")
        for one in made:
            cable = f"cable{one.number}"
            switch.ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", str(one.pid))
            switch.ip("link", "set", cable, "master", "switch", "up")
            one.ip("address", "add", f"{one.address}/24", "dev", "eth0")
            for link in ("eth0", "lo"):
                one.ip("link", "set", link, "up")
        yield made


@contextmanager
def _holder() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["unshare", "--net", "sleep", "infinity"]) as holder:
        try:
            ours = Path("/proc/self/ns/net").readlink()
            while Path(f"/proc/{holder.pid}/ns/net").readlink() == ours:
                assert holder.poll() is None, "no network namespace can be made"
                time.sleep(0.005)
            yield holder
        finally:
            holder.kill()
