"""Groups as input: each member is processed, and what is made is named and grouped as in Mantid."""

from pathlib import Path
from typing import Any

import pytest

from helpers.calling import error_of, reduced_by
from livereduce.engine.mantid_api.objects.workspace_group import WorkspaceGroup

MEMBERS = (
    "from mantid.api import WorkspaceGroup\n"
    "def group(name, *members):\n"
    "    made = WorkspaceGroup()\n    mtd.addOrReplace(name, made)\n    made.renamed(name)\n"
    "    for member in members:\n        made.add(member)\n    return made\n"
    "for name in ('g_1', 'g_2', 'x', 'y'):\n    Rebin(input, '0,5,10', OutputWorkspace=name)\n"
    "alike, unlike = group('g', 'g_1', 'g_2'), group('u', 'x', 'y')\n"
)


@pytest.mark.parametrize(
    "text",
    [
        "made = Rebin(alike, '0,2,10')\nassert made.getNames() == ['made_1', 'made_2'] and mtd['made'] is made",
        "made = Rebin(alike, '0,2,10')\nassert mtd['made_1'].blocksize() == 5 and mtd['g_1'].blocksize() == 2",
        "made = Rebin('u', '0,2,10')\nassert made.getNames() == ['x_made', 'y_made'] and 'x_made' in mtd",
        "Rebin(alike, '0,2,10', OutputWorkspace='g')\nassert mtd['g'].getNames() == ['g_1', 'g_2']",
        "before = mtd['g_1']\ng = Rebin(alike, '0,2,10')\nassert before.blocksize() == 5 and mtd['g_1'] is before",
        "u = Rebin(unlike, '0,2,10')\nassert mtd['u'].getNames() == ['x', 'y'] and mtd['y'].blocksize() == 5",
        "made = Rebin(alike, '0,2,10', StoreInADS=False)\nassert made.size() == 2 and 'made' not in mtd",
        "made = Rebin(alike, '0,2,10')\nassert [one.blocksize() for one in made] == [5, 5] and str(made) == 'made'",
    ],
)
def test_each_member_is_processed(text: str, tmp_path: Path) -> None:
    reduced_by(tmp_path, MEMBERS + text)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Rebin(alike, '0,2,10')", "Rebin: OutputWorkspace is missing"),
        ("made = Rebin(group('none'), '0,2,10')", "Rebin: expected groups with the same number of members"),
    ],
)
def test_what_is_wrong_is_named(text: str, error: str, tmp_path: Path) -> None:
    assert error in error_of(tmp_path, MEMBERS + text)


def test_an_algorithm_as_an_object_takes_a_group(tmp_path: Path) -> None:
    reduced_by(
        tmp_path,
        MEMBERS + "alg = AlgorithmManager.create('Rebin')\nalg.setProperty('InputWorkspace', alike)\n"
        "alg.setProperty('Params', '0,2,10')\nalg.setProperty('OutputWorkspace', 'out')\nalg.execute()\n"
        "assert alg.getProperty('OutputWorkspace').value.getNames() == ['out_1', 'out_2'] and 'out_2' in mtd",
    )


def test_a_group_and_one_workspace_go_together(simpleapi: Any) -> None:
    for name in ("g_1", "g_2", "one"):
        simpleapi.CreateWorkspace(DataX=[0, 1, 2], DataY=[4, 2], OutputWorkspace=name)
    group = WorkspaceGroup("g", [simpleapi.mtd["g_1"], simpleapi.mtd["g_2"]])
    made = simpleapi.RebinToWorkspace(group, "one", OutputWorkspace="made")
    assert made.getNames() == ["made_1", "made_2"]
