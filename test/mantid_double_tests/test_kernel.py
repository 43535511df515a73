"""Configuration, facilities, log, and some algorithms."""

import logging

import numpy as np
import pytest

from mantid_double_tests.driving import Double


def test_default_instrument_and_facility(double: Double) -> None:
    (double.folder / ".mantid" / "Mantid.user.properties").write_text(
        "default.facility = SNS\ndefault.instrument=PG3\n#default.x=1\n"
    )
    from mantid._double.reset import reset
    from mantid.kernel import ConfigService

    reset()
    info = ConfigService.getInstrument()
    assert (info.name(), info.shortName(), str(info), info.facility().name()) == ("POWGEN", "PG3", "PG3", "SNS")
    assert info.liveListener() == "SNSLiveEventDataListener"
    assert info.liveDataAddress() == "bl11a-daq1.sns.gov:31415"
    assert not ConfigService.getInstrument("VENUS").hasLiveListenerInfo()


def test_instruments_of_other_facilities_are_found(double: Double) -> None:
    from mantid.kernel import ConfigService

    ConfigService.setFacility("SNS")
    assert ConfigService.getInstrument("ISIS_Histogram").facility().name() == "TEST_LIVE"
    with pytest.raises(RuntimeError, match="NOSUCH"):
        ConfigService.getInstrument("NOSUCH")
    with pytest.raises(RuntimeError, match="MARS"):
        ConfigService.setFacility("MARS")


def test_the_log_goes_to_python(double: Double, caplog: pytest.LogCaptureFixture) -> None:
    from mantid.kernel import ConfigService, logger
    from mantid.utils.logging import log_to_python

    log_to_python("information")
    with caplog.at_level(logging.DEBUG, "Mantid"):
        logger.information("hello")
        logger.debug("quiet")
        logger.warning("careful")
    assert [(each.levelname, each.message) for each in caplog.records] == [("INFO", "hello"), ("WARNING", "careful")]
    assert ConfigService["logging.loggers.root.level"] == "information"


def test_times_are_since_1990_section_3(double: Double) -> None:
    from mantid.kernel import DateAndTime

    assert DateAndTime("1990-01-01T00:00:01").totalNanoseconds() == 1_000_000_000
    assert str(DateAndTime(0)) == "1990-01-01T00:00:00"
    with pytest.raises(RuntimeError, match="soon"):
        DateAndTime("soon")


def test_adding_runs_sums_only_named_scalars_section_5_5(double: Double) -> None:
    from mantid.api import Run

    left, right = Run(), Run()
    for run, value in ((left, 1.0), (right, 2.0)):
        for name in ("gd_prtn_chrg", "temperature"):
            run.addProperty(name, value, False)
    left.add(right)
    assert left["gd_prtn_chrg"].value == 3.0
    assert left["temperature"].value == 1.0
    assert left.getProtonCharge() == 3.0


def test_outputs_are_named_by_assignment(double: Double) -> None:
    from mantid.simpleapi import CreateWorkspace, RenameWorkspace, SumSpectra, mtd

    first = CreateWorkspace(DataX=[0, 1, 2], DataY=[1, 2, 3, 4], NSpec=2, UnitX="TOF")
    assert first.name() == "first"
    total = SumSpectra(first)
    assert list(total.readY(0)) == [4.0, 6.0]
    RenameWorkspace("total", "sum")
    assert mtd.getObjectNames() == ["first", "sum"]
    with pytest.raises(RuntimeError, match="output workspace name"):
        SumSpectra(first)


def test_algorithms_work_on_the_members_of_a_group_section_5_7(double: Double) -> None:
    from mantid.simpleapi import CreateWorkspace, GroupWorkspaces, SumSpectra, mtd

    for name in ("a", "b"):
        CreateWorkspace(DataX=[0, 1], DataY=[1, 2], NSpec=2, OutputWorkspace=name)
    GroupWorkspaces("a,b", OutputWorkspace="both")
    SumSpectra(InputWorkspace="both", OutputWorkspace="both")
    assert mtd["both"].getNames() == ["a", "b"]
    assert [member.extractY().sum() for member in mtd["both"]] == [3.0, 3.0]


def test_rebinned_counts_are_kept(double: Double) -> None:
    from mantid.simpleapi import CreateWorkspace, Rebin

    given = CreateWorkspace(DataX=np.arange(11.0), DataY=np.ones(10), OutputWorkspace="given")
    out = Rebin(given, Params="0,2.5,10")
    assert list(out.readY(0)) == [2.5] * 4
    assert out.getAxis(0).length() == 5


def test_rows_cannot_be_written_to(double: Double) -> None:
    from mantid.simpleapi import CreateWorkspace

    given = CreateWorkspace(DataX=[0, 1], DataY=[1], OutputWorkspace="given")
    with pytest.raises(ValueError, match="read-only"):
        given.readY(0)[0] = 3
    given.dataY(0)[0] = 3
    assert given.readY(0)[0] == 3


@pytest.mark.parametrize(("switch", "dead"), [("", True), ("-weak_handles", False)])
def test_a_handle_is_dead_once_the_name_has_another_workspace(double: Double, switch: str, dead: bool) -> None:
    from mantid.api import Workspace2D
    from mantid.simpleapi import CreateWorkspace, mtd

    double.switch(switch)
    CreateWorkspace(DataX=[0, 1], DataY=[1], OutputWorkspace="a")
    handle = mtd["a"]
    assert isinstance(handle, Workspace2D)
    assert handle == mtd["a"]
    assert handle.readY(0)[0] == 1
    CreateWorkspace(DataX=[0, 1], DataY=[2], OutputWorkspace="a")
    if dead:
        with pytest.raises(RuntimeError, match="Variable invalidated"):
            handle.readY(0)
    else:
        assert handle.readY(0)[0] == 1
    assert mtd["a"].readY(0)[0] == 2


def test_handles_can_be_given_back_to_mantid(double: Double) -> None:
    from mantid.simpleapi import CreateWorkspace, GroupWorkspaces, SumSpectra, mtd

    made = CreateWorkspace(DataX=[0, 1], DataY=[1], OutputWorkspace="a")
    mtd.addOrReplace("b", mtd["a"].clone())
    assert SumSpectra(made, OutputWorkspace="c").readY(0)[0] == 1
    group = GroupWorkspaces("a,b", OutputWorkspace="both")
    assert [str(member) for member in group] == ["a", "b"]
    assert len(group) == 2
    mtd.clear()
    with pytest.raises(RuntimeError, match="Variable invalidated"):
        len(group)
