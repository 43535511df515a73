"""Recordings as sources: one file or a run, torn, damaged or absent; where to begin."""

from pathlib import Path

import pytest

from helpers.decoding import pulses_of
from helpers.packets import T0, words
from helpers.recorded import PERIOD_NS, RUN, Stream, begins, ends, pulse, pulses, read_again, rest_of
from livereduce.base.errors import OperatorError
from livereduce.stream.items import Gap
from livereduce.stream.recording.runs import recording_of, recordings_in
from livereduce.stream.recording.source import RecordingSource


def test_a_capture_is_a_recording_of_one_file(tmp_path: Path) -> None:
    path = tmp_path / "capture.adara"
    path.write_bytes(begins() + pulses(0, 3) + pulse(3)[:-4])
    items = read_again(path)
    assert [time for _, time, _ in pulses_of(items)] == [T0 + k * PERIOD_NS for k in range(3 + 1)]
    assert not [one for one in items if isinstance(one, Gap)]


def test_what_makes_no_packet_is_a_gap_and_the_next_file_goes_on(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.feed(begins() + pulses(0, 3))
    stream.drop(pulses(3, 4))
    stream.feed(pulses(4, 6) + ends())
    with (tmp_path / f"TST_{RUN}" / f"TST_{RUN}_0001.adara").open("ab") as file:
        file.write(words(7, 0x400001, 1, 2))
    (tmp_path / f"TST_{RUN}" / "index.jsonl").unlink()
    items = read_again(tmp_path / f"TST_{RUN}")
    assert len(pulses_of(items)) == 5
    assert ["cannot be read on" in one.reason for one in items if isinstance(one, Gap)] == [True, False]


def test_it_goes_on_after_a_position(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.feed(begins() + pulses(0, 10) + ends())
    path = tmp_path / f"TST_{RUN}"
    cut = tmp_path / "cut.adara"
    whole = (path / f"TST_{RUN}_0001.adara").read_bytes()
    cut.write_bytes(whole[: whole.index(pulse(4))])
    first, second = RecordingSource(cut), RecordingSource(path)
    items = rest_of(first)
    second.open(first.position())
    items += rest_of(second)
    assert [time for _, time, _ in pulses_of(items)] == [T0 + k * PERIOD_NS for k in range(10)]


@pytest.mark.parametrize("there", ["nothing", "empty", "directory"])
def test_what_is_no_recording_is_said(tmp_path: Path, there: str) -> None:
    path = tmp_path / "TST_9"
    if there != "nothing":
        path.mkdir()
    if there == "directory":
        (path / "TST_7").mkdir()
    with pytest.raises(OperatorError, match={"nothing": "No such file", "directory": "TST_7"}.get(there, "found none")):
        RecordingSource(path)


def test_recordings_are_found_by_run(tmp_path: Path) -> None:
    for run in (RUN, RUN + 1):
        Stream(tmp_path).feed(begins(run) + pulses(0, 2) + ends(run))
    (tmp_path / "TST_3").write_text("no folder")
    (tmp_path / "notes").mkdir()
    assert [one.run for one in recordings_in(tmp_path)] == [RUN, RUN + 1]
    found = recording_of(tmp_path, RUN + 1)
    assert (found.pulses, found.first_ns, found.last_ns) == (2, T0, T0 + PERIOD_NS)
    with pytest.raises(OperatorError, match=f"it has runs {RUN} to {RUN + 1}"):
        recording_of(tmp_path, 7)
