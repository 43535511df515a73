"""``livereduce record``: a stream in a directory, without a service."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.recorded import RUN, Stream, begins, pulses, read_again, record_by_command
from helpers.served import powder_play, serving
from livereduce.base.errors import OperatorError
from livereduce.commands.record import _ProgressLine, finished_line, record
from livereduce.recorder.writing import FinishedRecording
from livereduce.stream.items import EventBatch, RunEnded, RunStarted


def test_it_records_a_run_and_says_so(tmp_path: Path) -> None:
    with serving(powder_play(runs=1, run_s=2, gap_s=0.5, rate=6000.0)) as url:
        said = record_by_command(url, tmp_path, "PG3")
    items = read_again(tmp_path / "here" / "PG3_1")
    assert sum(len(one.tof_ns) for one in items if isinstance(one, EventBatch)) == 12_000
    assert [type(one) for one in items if isinstance(one, RunStarted | RunEnded)] == [RunStarted, RunEnded]
    assert "nothing is recorded" in said
    assert re.search(r"^run 1 is recorded: [\d.]+ MB in here/PG3_1$", said, re.M), said


def test_what_it_says_of_a_run_that_is_over() -> None:
    one = FinishedRecording(run=7, folder=Path("out/PG3_7"), bytes=2_500_000, gaps=0, seen=True)
    assert finished_line(one) == "run 7 is recorded: 2.5 MB in out/PG3_7"
    assert finished_line(replace(one, gaps=2, seen=False)).startswith(
        "run 7 is recorded, but not its end, with 2 gaps: "
    )


def test_a_run_whose_end_has_not_come_when_it_is_stopped_has_no_number_that_is_wrong(tmp_path: Path) -> None:
    stream, out = Stream(tmp_path), io.StringIO()
    stream.feed(begins() + pulses(0, 3))
    _ProgressLine(out).end(stream.writer)
    stream.connect()  # and nothing tells which run is on
    _ProgressLine(out).end(stream.writer)
    goes_on, unknown = out.getvalue().splitlines()
    assert goes_on.startswith(f"run {RUN} goes on; recorded until now: ")
    assert unknown.startswith("the end of the last run has not come; recorded until now: ")
    stream.writer.close()


@pytest.mark.parametrize(
    ("url", "why"), [("http://x", "expected adara"), ("file:///x", "only a stream server"), ("adara://x:1", "file")]
)
def test_what_it_refuses(tmp_path: Path, url: str, why: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match=why):
        record(url, tmp_path / "file", instrument="", keep_runs=None, keep_gb=None, now=False, out=io.StringIO())
