from pathlib import Path
from typing import Any

import pytest


def test_banks_and_parts_of_them(simpleapi: Any) -> None:
    data = simpleapi.CreateSampleWorkspace(NumBanks=2, BankPixelWidth=2)
    made, spectra, groups = simpleapi.CreateGroupingWorkspace(data, GroupDetectorsBy="bank")
    assert (spectra, groups) == (8, 2)
    assert made.extractY()[:, 0].tolist() == [1, 1, 1, 1, 2, 2, 2, 2]
    made, _, _ = simpleapi.CreateGroupingWorkspace(data, GroupNames="bank2, bank1")
    assert made.extractY()[:, 0].tolist() == [2, 2, 2, 2, 1, 1, 1, 1]
    made, spectra, _ = simpleapi.CreateGroupingWorkspace(data, ComponentName="bank1", FixedGroupCount=3)
    assert (made.extractY()[:, 0].tolist(), spectra) == ([1, 2, 3, 0, 0, 0, 0, 0], 3)
    with pytest.raises(ValueError, match="give one of InputWorkspace, InstrumentName and InstrumentFilename"):
        simpleapi.CreateGroupingWorkspace(GroupDetectorsBy="All", OutputWorkspace="x")


def test_a_grouping_file(simpleapi: Any, tmp_path: Path) -> None:
    data = simpleapi.CreateSampleWorkspace(NumBanks=2, BankPixelWidth=2)
    path = tmp_path / "groups.xml"
    path.write_text(
        '<detector-grouping><group name="a"><component val="bank2"/></group>'
        '<group name="b"><detids val="4,5"/><ids val="3"/></group></detector-grouping>'
    )
    made = simpleapi.LoadDetectorsGroupingFile(str(path), data)
    assert made.extractY()[:, 0].tolist() == [2, 2, 2, 0, 1, 1, 1, 1]


def test_mask_files(simpleapi: Any, tmp_path: Path) -> None:
    data = simpleapi.CreateSampleWorkspace(NumBanks=2, BankPixelWidth=2)
    path = tmp_path / "mask.xml"
    path.write_text(
        "<detector-masking><group><component>bank2</component><detids>4,5</detids><ids>3</ids></group></detector-masking>"
    )
    made = simpleapi.LoadMask(InputFile=str(path), RefWorkspace=data)
    assert made.extractY()[:, 0].tolist() == [1, 1, 1, 0, 1, 1, 1, 1]
    simpleapi.MaskDetectors(data, MaskedWorkspace=made)
    assert data.matrix.is_masked.tolist() == [True, True, True, False, True, True, True, True]
    path.write_text("2-3 8\n")
    made = simpleapi.LoadMask(InputFile=str(path), RefWorkspace=data)
    assert made.extractY()[:, 0].tolist() == [0, 1, 1, 0, 0, 0, 0, 1]
    path.write_text("two")
    with pytest.raises(ValueError, match=r"mask\.xml: a spectrum was expected, 'two' is there"):
        simpleapi.LoadMask(InputFile=str(path), RefWorkspace=data, OutputWorkspace="x")
