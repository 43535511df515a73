"""Small disks for tests, and full ones."""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from helpers.faults import Rig, skip_row


def small_disk(rig: Rig) -> Path:
    """A file system of 1 MB."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        skip_row("a small file system can only be mounted by root")
    path = rig.path / "small"
    path.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        skip_row(f"a small file system cannot be mounted: {done.stderr.strip()}")
    rig.stack.callback(subprocess.run, ["umount", "--lazy", str(path)], check=True)
    return path


def fill(disk: Path) -> Path:
    """Take what is left of a disk."""
    filler = disk / "filler"
    fd = os.open(filler, os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while True:
            os.write(fd, bytes(4096))
    os.close(fd)
    assert os.statvfs(disk).f_bavail == 0
    return filler
