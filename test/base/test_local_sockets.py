"""Sockets at a path, however long it is."""

import errno
import os
import pwd
import socket
from pathlib import Path

import pytest

from livereduce.base.local_sockets import connect_in, listen_in, why_not_connected


def test_a_socket_in_a_folder_with_a_long_path_replaces_what_was_there_and_has_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 50)
    folder.mkdir()
    (folder / "orders").write_text("of somebody else")
    with listen_in(folder, "orders", 0o660) as listening, connect_in(folder, "orders", 5.0) as client:
        assert (folder / "orders").is_socket()
        assert (folder / "orders").stat().st_mode & 0o777 == 0o660
        assert [path.name for path in folder.iterdir()] == ["orders"]
        server, _ = listening.accept()
        with server:
            client.send(b"hello")
            assert server.recv(10) == b"hello"
            assert server.type == socket.SOCK_SEQPACKET


def test_without_a_listener_or_a_folder_it_says_so(tmp_path: Path) -> None:
    listen_in(tmp_path, "orders", 0o660).close()
    with pytest.raises(ConnectionRefusedError):
        connect_in(tmp_path, "orders", 5.0)
    with pytest.raises(FileNotFoundError):
        connect_in(tmp_path, "others", 5.0)
    with pytest.raises(FileNotFoundError):
        listen_in(tmp_path / "none", "orders", 0o660)


def test_why_nobody_can_be_asked_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / "orders"
    assert why_not_connected(path, OSError(errno.ENOENT, "x")).startswith(f"{path}: there is no such socket; ")
    path.touch()
    said = why_not_connected(path, OSError(errno.EACCES, "x"))
    us = pwd.getpwuid(os.getuid()).pw_name
    assert said.startswith(f"{path}: the user {us} may not write to it; it belongs to the user {us} and the group ")
    assert why_not_connected(path, OSError(errno.EIO, "Input/output error")) == f"{path}: Input/output error"
    assert why_not_connected(path, TimeoutError()) == f"{path}: TimeoutError"
