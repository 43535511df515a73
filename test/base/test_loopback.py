"""Who connects on loopback: this user, or somebody else."""

import os
import socket
from pathlib import Path

from livereduce.base.loopback import is_of_this_user

TABLE = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def test_a_connection_of_our_own_is_known_and_one_that_is_not_there_is_nobodys(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert is_of_this_user(client.getsockname())
        host, port = client.getsockname()
        row = (
            f"   0: 0100007F:{port:04X} 0100007F:0016 01 00000000:00000000 00:00000000 00000000 {os.getuid() + 1} 0 1\n"
        )
        (tmp_path / "tcp").write_text(TABLE + row)
        assert not is_of_this_user((host, port), tmp_path / "tcp")
    assert not is_of_this_user(("127.0.0.1", port), tmp_path / "none")
