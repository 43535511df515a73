"""``livereduce reduce``: real workers on real files; what failed says why, and what is done is not done again."""

import io
import json
import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from helpers.event_files import PER_PULSE, PULSES, event_file, put
from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.processes import process_exists
from livereduce.cli import command_line
from livereduce.commands.reduce import reduce
from livereduce.commands.terminal.progress_bar import bar_of
from livereduce.publish.products.file import read_product
from livereduce.publish.products.index import Run
from livereduce.publish.runs.reading import RunTables
from livereduce.workbench.reducing.ledger import read_entry

PROC = """
import livereduce
livereduce.metric("temperature", 4.0, units="K")
import os
assert os.getpriority(os.PRIO_PROCESS, 0) >= 5, "it does not give way to the service"
run = input.getRunNumber()
if run == 2:
    raise ValueError("run 2 is odd")
if run == 3:
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)
"""


def options_of(folder: Path, *words: str) -> Namespace:
    return command_line().parse_args(
        ["reduce", *words, "--config", str(folder / "conf.json"), "--out", str(folder / "out"), "--jobs", "2"]
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "reduce_PG3_live_proc.py").write_text(PROC)
    settings = {"instrument": "PG3", "script_dir": str(tmp_path / "scripts"), "preserve_events": False}
    (tmp_path / "conf.json").write_text(json.dumps(settings))
    for run in (1, 2, 3):
        event_file(tmp_path / f"PG3_{run}.nxs", lambda entry, run=run: put(entry, "run_number", run))  # type: ignore[misc]
    return tmp_path


def test_runs_are_reduced_each_on_its_own_and_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    runs = [str(folder / "PG3_*.nxs")]
    assert reduce(options_of(folder, *runs), out) == ExitCode.DEGRADED
    product = read_product(folder / "out" / "PG3_1" / "result.nxs")
    assert (product.attributes["events"], product.attributes["ended"]) == (2 * PULSES * PER_PULSE, 1)
    assert product.signal.sum() == 2 * PULSES * PER_PULSE
    table = RunTables(folder / "products", folder / "out").table([Run(run=1)], is_up=True)
    (column,) = table.columns
    assert (column.name, table.values[0][column.key].value) == ("temperature", 4.0), "beside, in the run table"
    said = capsys.readouterr().err
    assert "PG3_2: proc: " in said
    assert "run 2 is odd" in said
    assert "PG3_3: the worker" in said
    assert "SIGKILL" in said
    made = (folder / "out" / "PG3_1" / "result.nxs").stat().st_mtime_ns
    again = io.StringIO()
    assert reduce(options_of(folder, str(folder / "PG3_1.nxs")), again) == ExitCode.OK
    assert "1 of 1 runs are reduced already" in again.getvalue()
    assert (folder / "out" / "PG3_1" / "result.nxs").stat().st_mtime_ns == made
    entry = read_entry(folder / "out" / "PG3_2")
    assert entry is not None
    assert "run 2 is odd" in entry.failure, "it is tried again the next time"


def test_what_cannot_be_used_is_said_before_anything_is_done(folder: Path) -> None:
    (folder / "scripts" / "reduce_PG3_live_proc.py").write_text("if")
    with pytest.raises(OperatorError, match="reduce_PG3_live_proc"):
        reduce(options_of(folder, str(folder / "PG3_1.nxs")), io.StringIO())
    assert not (folder / "out").exists()


def test_what_is_ended_leaves_nothing_behind(folder: Path) -> None:
    hangs = "import time\nfrom pathlib import Path\nPath(PID).write_text(str(os.getpid()))\ntime.sleep(600)\n"
    (folder / "scripts" / "reduce_PG3_live_proc.py").write_text(f"import os\nPID = {str(folder / 'pid')!r}\n{hangs}")
    (folder / "temporary").mkdir()
    os.mkfifo(folder / "pid")  # whoever reads it waits until the script is at work
    command = [sys.executable, "-m", "livereduce", "reduce", "PG3_1.nxs", "--config", "conf.json", "--out", "out"]
    environ = os.environ | {"TMPDIR": str(folder / "temporary")}
    with subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, text=True) as process:
        worker = int((folder / "pid").read_text())
        process.terminate()
        said = process.communicate()[0]
    assert process.returncode == 130
    assert "stopped; products are in" in said
    assert not process_exists(worker)
    assert not list((folder / "temporary").iterdir())


def test_a_bar_tells_how_much_is_left() -> None:
    assert bar_of(0, 4, 0, 0.0) == f"[{'-' * 30}] 0 of 4"
    assert bar_of(1, 4, 1, 60.0) == f"[{'#' * 7}{'-' * 23}] 1 of 4, 1 failed, about 3 min left"
    assert bar_of(4, 4, 0, 60.0) == f"[{'#' * 30}] 4 of 4"
