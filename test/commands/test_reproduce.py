"""``livereduce reproduce`` as it is typed: results of files and of a played run, made again in a process."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from helpers.event_files import irregular_file
from helpers.recorded import begins, ends, pulses
from helpers.reduced import job_of, reduce_all
from helpers.served import T, serving
from livereduce.base.source_urls import file_url
from livereduce.cli import main
from livereduce.messages.job import BEAM_TIME
from livereduce.publish.product import Axis, Product
from livereduce.publish.products.file import write_product
from livereduce.simulate.adara.play import Play, perform
from livereduce.simulate.beams.nexus import read_nexus
from livereduce.simulate.beams.nexus_beam import NexusBeam

PROC = "import scipp as sc\noutput = input.data.hist(tof=sc.linspace('tof', 0.0, 20_000_000.0, 20, unit='ns')) * 0.1\n"


def captured(folder: Path) -> Path:
    """A capture of a run of 100 pulses."""
    path = folder / "run.adara"
    path.write_bytes(begins() + pulses(0, 100) + ends())
    return path


def result(folder: Path, url: str, proc: str = PROC, **settings: Any) -> Path:
    """Reduce the run of a source; the file of its result."""
    folder.mkdir(exist_ok=True)
    reduce_all(replace(job_of(folder, url, proc=proc), **settings), in_memory=False)
    (path,) = (folder / "state/products").glob("[1-9]*/result.nxs")
    return path


def of_capture(folder: Path, proc: str = PROC) -> Path:
    url = file_url(str(captured(folder)))
    return result(folder / "live", url, proc, cut_by=BEAM_TIME, update_every_s=0.3)


def test_a_result_of_a_file_is_made_again_from_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = of_capture(tmp_path)
    assert main(["reproduce", str(path)]) == 0
    told = capsys.readouterr().out
    assert f"{path}: run 101, " in told
    assert "identical to the bit: 19 values with errors and axes" in told


def test_a_run_that_was_played_is_made_again_from_its_event_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Live it was cut by the clock, wherever the reads happened to end."""
    file = irregular_file(tmp_path / "small.nxs")
    play = Play(origin_ns=T, acts=perform(NexusBeam(read_nexus(file)), origin_ns=T, runs=1, gap_s=0.5))
    with serving(play) as url:
        path = result(tmp_path / "live", url)
    assert main(["reproduce", str(path)]) == 78
    assert f"it was made from {url}: say with --from where the run is recorded" in capsys.readouterr().err
    assert main(["reproduce", str(path), "--from", str(file)]) == 0
    assert "identical to the bit" in capsys.readouterr().out


def test_a_result_that_depends_on_more_is_different_and_the_file_had_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = of_capture(tmp_path, PROC + "import time\noutput = output * time.time()\n")
    assert main(["reproduce", str(path)]) == 1
    told = capsys.readouterr().out
    assert "  - 1 of 19 values differ, most at tof " in told
    assert "possible reasons:\n  - proc.py:4 takes the clock into account (time.time)\n" in told


def test_scripts_that_end_the_process_cost_only_that(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ends_it = "import os\nif 'reproduce' in os.getcwd():\n    print('away')\n    os._exit(7)\n"
    assert main(["reproduce", str(of_capture(tmp_path, ends_it))]) == 78
    told = capsys.readouterr().err
    assert "the process that ran the scripts was ended by code 7:" in told
    assert "away" in told


def test_a_run_number_is_a_recording_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = of_capture(tmp_path)
    folder = tmp_path / "recordings" / "TEST_101"
    folder.mkdir(parents=True)
    captured(tmp_path).rename(folder / "TEST_101_0001.adara")
    assert main(["reproduce", str(path), "--from", "101"]) == 78
    assert "name it with --recordings" in capsys.readouterr().err
    assert main(["reproduce", str(path), "--from", "101", "--recordings", str(tmp_path / "recordings")]) == 0
    assert "identical to the bit" in capsys.readouterr().out


PLAIN = Product(pipeline="live", run=7, name="result", signal=np.zeros(2), axes=(Axis(name="x", values=np.zeros(2)),))


def no_product(path: Path) -> None:
    path.write_text("no")


def older(path: Path) -> None:
    write_product(path, PLAIN)


def damaged(path: Path) -> None:
    write_product(path, PLAIN)
    with h5py.File(path, "r+") as file:
        file["entry"].create_group("provenance")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (no_product, "cannot be read"),
        (older, "does not say what made it: it was written by an older version"),
        (damaged, "cannot be read"),
    ],
)
def test_what_cannot_be_made_again_is_unusable(
    tmp_path: Path, make: Any, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "result.nxs")
    assert main(["reproduce", str(tmp_path / "result.nxs")]) == 78
    assert said in capsys.readouterr().err


def test_a_product_of_a_script_names_the_result_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    older(tmp_path / "result.nxs")
    older(tmp_path / "fit.nxs")
    assert main(["reproduce", str(tmp_path / "fit.nxs")]) == 78
    assert f"was reported beside a result: what made both is in that, so name {tmp_path / 'result.nxs'}" in (
        capsys.readouterr().err
    )
