"""``livereduce record``: a stream in a directory, without a service."""

import io
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.recorded import read_again
from helpers.served import powder_play, serving
from livereduce.base.errors import ExitCode, OperatorError
from livereduce.commands.record import record
from livereduce.stream.items import EventBatch, RunEnded, RunStarted

PATIENCE_S = 50.0


def test_it_records_a_run_and_says_so(tmp_path: Path) -> None:
    with serving(powder_play(runs=1, run_s=2, gap_s=0.5, rate=6000.0)) as url:
        command = [sys.executable, "-m", "livereduce", "record", url, "--out", "here", "--instrument", "PG3"]
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as child:
            index = tmp_path / "here" / "PG3_1" / "index.jsonl"
            deadline = time.monotonic() + PATIENCE_S
            while not (index.exists() and '"over"' in index.read_text()) and time.monotonic() < deadline:
                time.sleep(0.05)
            child.send_signal(signal.SIGINT)
            said, _ = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == ExitCode.OK, said
    items = read_again(tmp_path / "here" / "PG3_1")
    assert sum(len(one.tof_ns) for one in items if isinstance(one, EventBatch)) == 12_000
    assert [type(one) for one in items if isinstance(one, RunStarted | RunEnded)] == [RunStarted, RunEnded]
    assert "nothing is recorded" in said


@pytest.mark.parametrize(
    ("url", "why"), [("http://x", "expected adara"), ("file:///x", "only a stream server"), ("adara://x:1", "file")]
)
def test_what_it_refuses(tmp_path: Path, url: str, why: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match=why):
        record(url, tmp_path / "file", instrument="", keep_runs=None, keep_gb=None, now=False, out=io.StringIO())
