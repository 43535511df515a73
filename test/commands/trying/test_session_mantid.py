"""``livereduce try`` with the mantid engine, on its double: the run is played to a Mantid of its own."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from commands.trying.test_session import PATIENCE_S, left, watching
from helpers.engines import KEEP
from helpers.packets import STATE, T0
from helpers.recorded import Stream, begins, ends, pulses
from helpers.trying import (
    MANTID_GOOD,
    MANTID_POST_PROC,
    MANTID_PROC,
    mantid_environ,
    mantid_folder,
    options,
    save,
)
from livereduce.base.errors import OperatorError
from livereduce.base.times import unix_s
from livereduce.commands.trying.setup import Setup
from livereduce.publish.products.file import read_product


def once(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "temporary").mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-P", "-m", "livereduce", "try", "livereduce.conf", *words],
        cwd=folder,
        env=os.environ | mantid_environ(folder) | {"TMPDIR": str(folder / "temporary")},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.timeout(4 * PATIENCE_S)
def test_a_file_is_played_at_each_save_and_ctrl_c_leaves_nothing_but_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mantid_folder(tmp_path, CONDA_ENV=sys.executable, limits={"process": 3})
    for name, value in mantid_environ(tmp_path).items():
        monkeypatch.setenv(name, value)
    with watching(tmp_path) as watch:
        watch.wait_for("the run is played to it")
        watch.wait_for("] proc of ")
        watch.wait_for("1,453 events in ")  # how many chunks that were depends on the load
        watch.wait_for("post_proc     ")
        watch.wait_for("result: 16 × 18 values, run 4711")
        watch.wait_for("waiting for the next save")
        save(tmp_path, "print(1)\nraise KeyError('no such')\n", name=MANTID_PROC)
        watch.wait_for("ended           Mantid's loop ends where proc fails")
        watch.wait_for(f'File "{tmp_path}/scripts/{MANTID_PROC}", line 2')
        save(tmp_path, "import time\nwhile True:\n    time.sleep(0.01)\n", name=MANTID_PROC)
        watch.wait_for("proc did not return for ")
        watch.wait_for(f"at {tmp_path}/scripts/{MANTID_PROC}:3")
        save(tmp_path, MANTID_GOOD, name=MANTID_PROC)
        watch.wait_for("1,453 events in ")
        save(tmp_path, "print('begins')\nwhile True:\n    pass\n", name=MANTID_PROC)
        watch.wait_for("begins")
        children = psutil.Process(watch.process.pid).children(recursive=True)
        watch.process.send_signal(signal.SIGINT)
        assert watch.process.wait(PATIENCE_S) == 0
        _, alive = psutil.wait_procs(children, timeout=PATIENCE_S)
        assert alive == []
        assert children
    assert left(tmp_path) == []  # the last attempt has no result


def test_a_recording_in_two_files_beside_other_scripts_and_only_a_part_of_it(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.connect()
    stream.feed(begins(), pulses(0, 60))
    stream.connect()
    stream.feed(begins(status=STATE), pulses(50, 120), ends(k=120))
    mantid_folder(tmp_path, era="C", record={"directory": str(tmp_path)})
    save(tmp_path, MANTID_GOOD, name=MANTID_PROC, place="other")
    twice = "Plus(LHSWorkspace=output, RHSWorkspace=output, OutputWorkspace=output)\n"
    save(tmp_path, KEEP + twice, "other", MANTID_POST_PROC)
    whole = once(tmp_path, "--on", "101", "--against", "other")
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert "120 events in " in whole.stdout
    assert "against other" in whole.stdout
    assert "values differ" in whole.stdout
    (product,) = (path for path in left(tmp_path) if path.name == "result.nxs")
    attributes = read_product(product).attributes
    assert (attributes["events"], attributes["ended"]) == (120, 1)
    assert str(attributes["first_pulse"]).startswith(datetime.fromtimestamp(unix_s(T0), UTC).isoformat()[:19])
    save(tmp_path, KEEP + "1 / 0\n", name=MANTID_POST_PROC)
    part = once(tmp_path, "--on", "101", "--until", "50")
    assert part.returncode == 1, part.stdout + part.stderr
    assert "51 events in " in part.stdout
    assert "times, the last time: ZeroDivisionError" in part.stdout


def test_what_mantid_does_not_take_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mantid_folder(tmp_path, CONDA_ENV=sys.executable)
    for name, value in mantid_environ(tmp_path).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(OperatorError, match=r"--on live: Mantid holds the run .*; name an event file \(--on FILE\)"):
        Setup(options(tmp_path, "--on", "live"), tmp_path / "attempts")
    (tmp_path / "stream.json").write_text('{"adara": true, "connect": "refused"}')
    refused = once(tmp_path, "--on", "run.nxs.h5")
    assert refused.returncode == 78, refused.stdout
    assert "the run cannot be read: StartLiveData: Unable to connect" in refused.stderr
    assert list((tmp_path / "temporary").iterdir()) == []
