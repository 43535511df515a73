"""Odd things in the place of a file: put there, and removed again."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path


def _socket(path: Path) -> None:
    # a socket's path may have 107 bytes only
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            server.bind(f"/proc/self/fd/{here}/{path.name}")
        finally:
            os.close(here)


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


def _binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 4096)


def _full_directory(path: Path) -> None:
    path.mkdir()
    (path / "something").touch()


ODD: dict[str, Callable[[Path], None]] = {
    "a directory": _full_directory,
    "a FIFO": os.mkfifo,
    "a socket": _socket,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a full device": lambda path: path.symlink_to("/dev/full"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a terabyte": _sparse,
    "binary": _binary,
    "empty": Path.touch,
    "a dangling link": lambda path: path.symlink_to("nowhere"),
}


def take_away(path: Path) -> None:
    """Remove what lies at a path, if anything does."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def put_odd(path: Path, kind: str) -> None:
    """Put something odd in the place of a file."""
    take_away(path)
    ODD[kind](path)
