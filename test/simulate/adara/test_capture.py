import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from helpers import encode_pulse
from helpers.paths import DATA, needs_data
from helpers.wire import runs
from livereduce.base.errors import OperatorError
from livereduce.simulate.adara.capture import capture_play, read_capture
from livereduce.simulate.adara.passage import Passage
from livereduce.simulate.adara.play import FileMark
from livereduce.stream.adara.wire import encode
from livereduce.stream.adara.wire.layout import RunStatusCode

CAPTURES = sorted((DATA / "sms").glob("*.adara")) if DATA.is_dir() else []
S = 10**9
T = 1_164_261_668 * S


@needs_data
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_acts_are_the_bytes_and_runs_of_the_capture(path: Path) -> None:
    acts = list(capture_play(path).acts)
    assert b"".join(act.data.tobytes() for act in acts if isinstance(act, Passage)) == path.read_bytes()
    truth = json.loads(path.with_suffix("").with_suffix(".truth.json").read_text())
    containers = [act.run for act in acts if isinstance(act, FileMark) and act.container]
    expected = [segment["run"] for segment in truth["segments"]]
    assert containers == [run for k, run in enumerate(expected) if k == 0 or run != expected[k - 1]]
    for act in acts:
        if isinstance(act, Passage):
            assert act.begin[-1] == act.data.size
            assert np.all(np.diff(act.due_ns) >= 0)
    assert [act.due_ns for act in acts if isinstance(act, FileMark)] == sorted(
        act.due_ns for act in acts if isinstance(act, FileMark)
    )


@needs_data
def test_each_container_holds_one_run_with_its_counts() -> None:
    path = DATA / "sms" / "a_gen60_two_runs.adara"
    truth = json.loads((DATA / "sms" / "a_gen60_two_runs.truth.json").read_text())["segments"]
    passages = [act for act in capture_play(path).acts if isinstance(act, Passage)]
    for passage, segment in zip(passages, truth, strict=True):
        (run,) = runs(passage.data.tobytes())
        assert (run.run, run.pulses, run.events, run.charge_pc) == tuple(
            segment[key] for key in ("run", "pulses", "events", "charge_pC")
        )


@needs_data
def test_paused_files_are_marked() -> None:
    acts = capture_play(DATA / "sms" / "c_two_runs_v1_sendpause.adara").acts
    marks = [(act.run, act.container, act.paused, act.says) for act in acts if isinstance(act, FileMark)]
    assert marks == [
        (0, True, False, ""),
        (101, True, False, "run 101 started"),
        (101, False, True, ""),
        (101, False, False, ""),
        (0, True, False, "run 101 stopped"),
        (102, True, False, "run 102 started"),
        (102, False, True, ""),
        (102, False, False, ""),
        (0, True, False, "run 102 stopped"),
        (0, False, True, ""),
        (0, False, False, ""),
    ]


def little_capture() -> bytes:
    pulse = encode_pulse.rtdl(encode_pulse.Pulse(time_ns=T))
    return encode.sync(T) + encode.run_status(T, RunStatusCode.STATE, 0, 0) + encode.geometry(T, "<a/>") + pulse


@pytest.mark.parametrize("torn", [1, 15, 16, 40, 135])
def test_a_torn_packet_at_the_end_is_kept(tmp_path: Path, torn: int) -> None:
    data = little_capture() + encode_pulse.rtdl(encode_pulse.Pulse(time_ns=T + S))[:torn]
    (tmp_path / "x.adara").write_bytes(data)
    acts = list(capture_play(tmp_path / "x.adara").acts)
    assert b"".join(act.data.tobytes() for act in acts if isinstance(act, Passage)) == data


def test_bytes_that_begin_without_status_are_played_too(tmp_path: Path) -> None:
    data = encode_pulse.rtdl(encode_pulse.Pulse(time_ns=T)) * 3
    (tmp_path / "x.adara").write_bytes(data)
    mark, passage = capture_play(tmp_path / "x.adara").acts
    assert isinstance(mark, FileMark)
    assert isinstance(passage, Passage)
    assert (mark.run, mark.container, passage.data.tobytes()) == (0, True, data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "there is no pulse in it"),
        (encode.sync(T), "there is no pulse in it"),
        (struct.pack("<4I", 3, 0x400100, 0, 0) + b"abc", "impossible packet at byte 0"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "impossible packet at byte 0"),
    ],
)
def test_what_is_no_capture_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "x.adara").write_bytes(data)
    with pytest.raises(OperatorError, match=reason):
        capture_play(tmp_path / "x.adara")


def test_a_missing_capture_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"absent\.adara: cannot be read: No such file"):
        capture_play(tmp_path / "absent.adara")


@pytest.mark.parametrize("kind", ["device", "fifo"])
def test_only_a_regular_file_is_a_capture(kind: str, tmp_path: Path) -> None:
    path = Path("/dev/zero") if kind == "device" else tmp_path / "fifo"
    if kind == "fifo":
        os.mkfifo(path)
    with pytest.raises(OperatorError, match="cannot be read"):
        read_capture(path)
