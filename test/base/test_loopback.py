"""Who connects on loopback: this user, or somebody else."""

import os
import socket
from pathlib import Path

import pytest

from livereduce.base.loopback import is_of_this_user

TABLE = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def test_a_connection_of_our_own_is_known_and_one_that_is_not_there_is_nobodys(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        ends = client.getsockname(), server.getsockname()
        assert is_of_this_user(*ends)
        assert not is_of_this_user(ends[0], ("127.0.0.1", 22))
    assert not is_of_this_user(*ends, tmp_path / "none")


OURS, ANOTHERS = os.getuid(), os.getuid() + 1


@pytest.mark.parametrize(
    ("rows", "is_ours"),
    [
        ([("1F90", "01", OURS)], True),
        ([("1F90", "01", ANOTHERS)], False),
        ([("1F90", "01", ANOTHERS), ("0016", "01", OURS)], False),  # our port too, but it goes elsewhere
        ([("1F90", "06", OURS)], False),  # it is over: the port may be another's by now
    ],
)
def test_only_an_established_connection_of_ours_to_that_very_place_counts(
    tmp_path: Path, rows: list[tuple[str, str, int]], is_ours: bool
) -> None:
    table = tmp_path / "tcp"
    queues = "00000000:00000000 00:00000000 00000000"
    lines = [f"   0: 0100007F:A000 0100007F:{port} {state} {queues} {user} 0 1\n" for port, state, user in rows]
    table.write_text(TABLE + "".join(lines))
    assert is_of_this_user(("127.0.0.1", 0xA000), ("127.0.0.1", 0x1F90), table) is is_ours
