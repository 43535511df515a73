"""``livereduce inspect``: equal to the truth of every capture, and an answer for every other file and port."""

import io
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from helpers import packets as p
from helpers.packets import END_RUN, NEW_RUN, NS, T0, UNMAPPED, Bank, Section, words
from helpers.paths import DATA, needs_data
from helpers.scripted import Scripted, sends
from livereduce.base.errors import ExitCode, OperatorError
from livereduce.cli import main
from livereduce.commands.inspect import inspect
from livereduce.stream.adara.wire import walk

CAPTURES = sorted((DATA / "sms").glob("*.adara"))
SMALL = (
    p.run_status(T0, NEW_RUN, 101, start_s=T0 // NS)
    + p.banked(
        T0,
        [Section(banks=[Bank(id=2, state=1, events=[(1, 2)] * 1500), Bank(id=UNMAPPED, events=[(1, 9)])])],
        states=True,
        charge=36_000_000,
    )
    + p.monitors(T0, {1: [5, 6]})
    + p.banked(T0 + 2 * NS, flags=4 | 8, charge=1)
    + p.packet(0x4242, 7, T0)
    + p.run_status(T0 + 3 * NS, END_RUN, 101)
    + p.run_status(T0 + 3 * NS, 0)
)


def report_of(what: object, *, code: int = ExitCode.OK, seconds: float = 600.0) -> Any:
    out = io.StringIO()
    assert inspect(str(what), as_json=True, seconds=seconds, out=out) == code
    return json.loads(out.getvalue())


def small_file(folder: Path, data: bytes = SMALL) -> Path:
    path = folder / "small.adara"
    path.write_bytes(data)
    return path


@needs_data
def test_there_are_captures() -> None:
    assert len(CAPTURES) >= 10


@needs_data
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_a_capture_gives_its_truth(capture: Path) -> None:
    truth = json.loads(capture.with_suffix(".truth.json").read_text())
    report = report_of(capture)
    for key in ("bytes", "packets", "trailing_bytes", "types", "events", "charge_pC", "pulses", "annotations"):
        assert report[key] == truth[key], key
    assert report["segments"] == truth["segments"]
    assert (report["bad_packets"], report["problem"]) == (0, "")


@needs_data
def test_a_capture_read_in_small_pieces_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = report_of(CAPTURES[0])
    monkeypatch.setattr(walk, "PIECE_WORDS", 257)
    assert report_of(CAPTURES[0]) == whole


@pytest.mark.parametrize("piece", [1, 3, 4, 5, 1000])
def test_packets_may_be_longer_than_a_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    path = small_file(tmp_path)
    whole = report_of(path)
    monkeypatch.setattr(walk, "PIECE_WORDS", piece)
    assert report_of(path) == whole


def test_text(tmp_path: Path) -> None:
    path, out = small_file(tmp_path), io.StringIO()
    assert inspect(str(path), as_json=False, seconds=1, out=out) == ExitCode.OK
    assert (
        out.getvalue()
        == f"""{path}: 12,288 bytes, 7 packets
  2 pulses, 1,501 events, 360,000,010 pC (0.1 µAh)
packets by type
  0x4000 v1  banked event                      1
  0x4001 v1  beam monitor event                1
  0x4003 v1  run status                        3
  0x4100 v0  banked event state                1
  0x4242 v7  unknown                           1
segment 1: run 101 (NEW_RUN … END_RUN)
  pulses    2 in 2.0 s, 1 vetoed, 1 without RTDL
  events    1,501
  charge    360,000,010 pC (0.1 µAh)
  banks     2: 1,500  unmapped: 1
  states    0: 1  1: 1,500
  monitors  1: 2
segment 2: between runs (NO_RUN … still open)
  pulses    0
  events    0
  charge    0 pC (0 µAh)
"""
    )


def test_text_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = small_file(tmp_path, p.run_status(T0, 99, 1) + SMALL + b"abc"), io.StringIO()
    assert inspect(str(path), as_json=False, seconds=1, out=out) == ExitCode.DEGRADED
    assert (
        "\n  3 bytes at the end are an incomplete packet\n  1 bad packets, the last: byte 0: 0x4003 v1: run status 99"
        in out.getvalue()
    )
    assert capsys.readouterr().err.startswith(
        f"livereduce inspect: {path}: byte 0: 0x4003 v1: run status 99 is none of"
    )


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 15, 16, 17, 30])
def test_a_truncated_file_has_trailing_bytes(tmp_path: Path, cut: int) -> None:
    last = 16 + 20
    report = report_of(small_file(tmp_path, SMALL[:-cut]))
    assert (report["bytes"], report["trailing_bytes"], report["packets"]) == (len(SMALL) - cut, last - cut, 6)


def test_a_file_that_breaks_off_into_rubbish_counts_up_to_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = report_of(small_file(tmp_path, SMALL + words(3, 0x400001, 0, 0)), code=ExitCode.DEGRADED)
    assert (report["packets"], report["trailing_bytes"]) == (7, 16)
    assert report["problem"].startswith(f"impossible packet at byte {len(SMALL)}: type 0x4000 with a payload of 3")
    assert report["problem"] in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"\xff" * 4096, b"CDF\x01" * 100, b"<?xml version='1.0'?>" * 9, bytes(range(1, 250))])
def test_a_file_of_something_else(tmp_path: Path, data: bytes) -> None:
    report = report_of(small_file(tmp_path, data), code=ExitCode.DEGRADED)
    assert report["problem"].startswith("impossible packet at byte 0")
    assert (report["packets"], report["trailing_bytes"]) == (0, len(data))


@pytest.mark.parametrize("size", [0, 1, 3, 4, 15])
def test_a_file_of_hardly_anything(tmp_path: Path, size: int) -> None:
    report = report_of(small_file(tmp_path, bytes(size)))
    assert (report["bytes"], report["trailing_bytes"], report["packets"], report["segments"]) == (size, size, 0, [])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"none\.adara cannot be read: No such file"):
        report_of(tmp_path / "none.adara")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"cannot be read: Is a directory"):
        report_of(tmp_path)


@pytest.mark.parametrize("url", ["adara:", "adara://", "adara://host:port", "adara:31415"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(OperatorError, match=url):
        report_of(url)


def test_a_live_port_until_it_closes(capsys: pytest.CaptureFixture[str]) -> None:
    with Scripted(sends(SMALL[:100], SMALL[100:], b"abcdefgh")) as server:
        report = report_of(f"adara://127.0.0.1:{server.port}", code=ExitCode.DEGRADED)
    assert server.starts == [1]
    assert (report["packets"], report["events"], report["bytes"]) == (7, 1501, len(SMALL) + 8)
    assert (report["trailing_bytes"], report["problem"]) == (8, "the server closed the connection")
    assert "the server closed" in capsys.readouterr().err


def test_a_live_port_until_the_time_is_up() -> None:
    server = Scripted()

    def play(connection: socket.socket) -> None:
        connection.sendall(SMALL)
        server.held(connection)

    with server.add(play):
        report = report_of(f"adara://127.0.0.1:{server.port}", seconds=0.3)
    assert report["problem"] == ""
    assert server.more == [b""]


def test_a_live_port_that_sends_rubbish() -> None:
    with Scripted(sends(SMALL, words(1, 0, 0, 0), bytes(64))) as server:
        report = report_of(f"adara://127.0.0.1:{server.port}", code=ExitCode.DEGRADED)
    assert report["packets"] == 7


def test_a_port_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    report = report_of(f"adara://127.0.0.1:{port}", code=ExitCode.DEGRADED)
    assert report["problem"].startswith(f"no connection to 127.0.0.1:{port}")
    assert report["packets"] == 0


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = small_file(tmp_path)
    assert main(["inspect", str(path), "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["events"] == 1501
    assert main(["inspect", str(tmp_path / "none")]) == ExitCode.UNUSABLE
    assert capsys.readouterr().err.startswith("livereduce inspect: ")
