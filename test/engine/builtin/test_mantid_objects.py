"""Scripts that use Mantid's objects, run by the engine chunk by chunk."""

from pathlib import Path

import numpy as np
import pytest

from helpers.bench import batch, bench, job, start
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.workspaces.runlogs import PC_PER_UAH

READS = "charge = input.run().getProtonCharge()\nassert charge == input.run()['gd_prtn_chrg'].value\n"
SOMETIMES = "if input.getNumberEvents() % 2:\n    input.run().getProtonCharge()\n"


@pytest.mark.parametrize(
    "proc", ["", READS, f"if input.getNumberEvents() % 2:\n    {READS.replace(chr(10), chr(10) + '    ')}"]
)
@pytest.mark.parametrize("preserve_events", [True, False])
def test_ten_chunks_give_the_charge_of_the_run_whether_proc_asks_for_it_or_not(
    tmp_path: Path, proc: str, preserve_events: bool
) -> None:
    post = (
        "log = input.run()\n"
        "pulses = log['proton_charge'].value\n"
        "assert abs(log.getProtonCharge() - pulses.sum() / 3.6e9) < 1e-18, (log.getProtonCharge(), pulses.sum())\n"
        "assert len(pulses) == len(set(log['proton_charge'].times))\n"
        "output = input\n"
    )
    made = bench(job(tmp_path, proc=proc, post_proc=post, preserve_events=preserve_events))
    first = batch(5, *[1] * 1, pulse_ns=1, charge_pc=1.0)
    made.play([start(5), first])
    for number in range(2, 11):
        progress = made.play([batch(5, *[1] * number, pulse_ns=number, charge_pc=float(number))])
        assert progress.last_errors == {}
    assert made.shelf.last_of(5).attributes["chunks"] == 10
    total = made.engine._reductions[0]._accumulation.value()
    assert isinstance(total, MatrixWorkspace)
    assert total.run().getProtonCharge() == pytest.approx(55 / PC_PER_UAH)


def test_what_a_script_adds_to_the_logs_of_a_chunk_is_not_the_next_ones(tmp_path: Path) -> None:
    proc = "assert 'mark' not in input.run(), 'it was carried over'\ninput.run().addProperty('mark', 1, True)\n"
    made = bench(job(tmp_path, proc=proc))
    assert made.play([start(5), batch(5, 1)], [batch(5, 1)]).last_errors == {}
    total = made.engine._reductions[0]._accumulation.value()
    assert isinstance(total, MatrixWorkspace)
    assert "mark" in total.run()


@pytest.mark.parametrize("preserve_events", [True, False])
@pytest.mark.parametrize("first", ["== 1", "== 2"])
def test_a_proc_that_lets_some_chunks_pass_as_they_are(tmp_path: Path, first: str, preserve_events: bool) -> None:
    proc = f"if input.getNumberEvents() {first}:\n    output = Rebin(input, '0,100,1000', PreserveEvents=False)\n"
    made = bench(job(tmp_path, proc=proc, preserve_events=preserve_events, tof_bins_us=(0.0, 100.0, 1000.0)))
    assert made.play([start(5), batch(5, 1)], [batch(5, 150, 1)], [batch(5, 1)]).last_errors == {}
    assert made.shelf.last_of(5).signal.ravel()[:3].tolist() == [3, 1, 0]


def test_writing_into_the_accumulated_data_does_not_change_them(tmp_path: Path) -> None:
    proc = "output = Rebin(input, '0,100,1000', PreserveEvents=False)\n"
    post = "output = input\noutput.dataY(0)[:] = 0\nassert output.readY(0).sum() == 0\n"
    made = bench(job(tmp_path, proc=proc, post_proc=post))
    assert made.play([start(5), batch(5, 1, 2)], [batch(5, 150)]).last_errors == {}
    assert made.shelf.last_of(5).signal.sum() == 0
    total = made.engine._reductions[0]._accumulation.value()
    assert isinstance(total, MatrixWorkspace)
    assert total.readY(0)[:2].tolist() == [2, 1]


def test_a_group_of_post_proc_is_a_product_for_each_member(tmp_path: Path) -> None:
    post = "from mantid.api import WorkspaceGroup\nhalf = input / 2\noutput = WorkspaceGroup('result', [half, input])\n"
    made = bench(job(tmp_path, post_proc=post))
    assert made.play([start(5), batch(5, 1, 2)]).last_errors == {}
    sums = {one.name: float(np.sum(one.signal)) for one in made.shelf.published}
    assert sums == {"result_1": 1, "result_2": 2}


GROUP = (
    "early = CropWorkspace(input, XMax=100)\nlate = CropWorkspace(input, XMin=100)\n"
    "output = GroupWorkspaces([early, late])\n"
)


def test_a_group_of_proc_is_accumulated_member_by_member(tmp_path: Path) -> None:
    made = bench(job(tmp_path, proc=GROUP))
    assert made.play([start(5), batch(5, 1, 2)], [batch(5, 150, 1)], [batch(5, 300)]).last_errors == {}
    sums = {one.name: float(np.sum(one.signal)) for one in made.shelf.published[-2:]}
    assert sums == {"result_1": 3, "result_2": 2}
    post = "assert input.getNames() == ['early', 'late'] and mtd['late'] is input[1]\noutput = input[0] * 2\n"
    made = bench(job(tmp_path, proc=GROUP, post_proc=post))
    assert made.play([start(5), batch(5, 1, 2)], [batch(5, 150, 1)]).last_errors == {}
    assert made.shelf.last_of(5).signal.sum() == 6


def test_a_group_with_other_members_is_an_outcome(tmp_path: Path) -> None:
    proc = GROUP + "if input.getNumberEvents() == 1:\n    output = early\n"
    said = bench(job(tmp_path, proc=proc)).play([start(5), batch(5, 1, 2)], [batch(5, 150)]).last_errors["proc"]
    assert "its output cannot be accumulated: a workspace cannot be added to a group of 2 of the chunks before" in said
    empty = "from mantid.api import WorkspaceGroup\noutput = WorkspaceGroup('g', [])\n"
    said = bench(job(tmp_path, proc=empty)).play([start(5), batch(5, 1)]).last_errors["proc"]
    assert "the group has no members" in said


def test_a_table_is_named_with_what_to_do(tmp_path: Path) -> None:
    table = "from mantid.dataobjects import TableWorkspace\noutput = TableWorkspace()\n"
    said = bench(job(tmp_path, post_proc=table)).play([start(5), batch(5, 1)]).last_errors["post_proc"]
    assert "output is a TableWorkspace; its columns can be shown as a workspace: CreateWorkspace(" in said
