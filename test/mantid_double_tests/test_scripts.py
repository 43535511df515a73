"""How scripts are run, and what their errors do."""

from pathlib import Path

import pytest

from mantid_double_tests.driving import Double, monitors, start, until, until_ended

FOREVER = {"forever": {"events": 10}}
HOLD = {"wait_for": "/nowhere"}
CHUNK = {"chunk": {"events": 10}}


def test_input_is_the_chunk_and_output_a_name_section_6_2(double: Double) -> None:
    seen = double.folder / "seen"
    double.stream(CHUNK)
    start(
        UpdateEvery=0,
        PreserveEvents=True,
        ProcessingScript=f"from pathlib import Path\nPath({str(seen)!r}).write_text("
        "f'{input.getNumberEvents()} {output} {__name__}')",
    )
    assert seen.read_text() == "10 __anonymous_livedata_input_result __main__"


def test_a_script_that_does_nothing_passes_the_chunk_on_section_6_2(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(CHUNK)
    start(UpdateEvery=0, PreserveEvents=True, ProcessingScript="pass")
    assert mtd["result"].getNumberEvents() == 10
    assert "__anonymous_livedata_input_result" not in mtd


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("raise ValueError('boom')", "ValueError: boom"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def", "SyntaxError"),
        ("from os import *", "import \\* only allowed at module level"),
        ("return", "cannot unpack non-iterable NoneType"),
        ("Rebin(input, 'a', '1,2,3')", "name 'Rebin' is not defined"),
        ("accumulation", "name 'accumulation' is not defined"),
        ("output = 3", "Invalid type assigned to 'output'"),
        ("output = 'nowhere'", "'nowhere' does not exist"),
        ("  ", "empty"),
    ],
)
def test_what_a_script_cannot_do_section_6_2(double: Double, text: str, complaint: str) -> None:
    double.stream(CHUNK, HOLD)
    with pytest.raises(RuntimeError, match=complaint):
        start(ProcessingScript=text)
    assert not monitors()
    assert double.records("close")


@pytest.mark.parametrize(
    "text",
    [
        "from mantid.simpleapi import SumSpectra\noutput = SumSpectra(input, OutputWorkspace='other')",
        "from mantid.simpleapi import SumSpectra\nSumSpectra(input, OutputWorkspace='other')\noutput = 'other'",
        "from mantid.simpleapi import SumSpectra\nother = SumSpectra(input)\nreturn input, other",
        "from mantid.simpleapi import SumSpectra\nSumSpectra(input, OutputWorkspace=output)\noutput = None",
    ],
)
def test_ways_to_give_the_output_section_6_2(double: Double, text: str) -> None:
    from mantid.simpleapi import mtd

    double.stream(CHUNK)
    start(UpdateEvery=0, PreserveEvents=True, ProcessingScript=text)
    assert mtd["result"].getNumberHistograms() == 1


def test_variables_do_not_survive_but_globals_of_main_do_section_6_2(double: Double) -> None:
    import __main__

    double.stream(FOREVER)
    start(ProcessingScript="global turns\nturns = globals().get('turns', 0) + 1\nlocal = turns")
    until(lambda: getattr(__main__, "turns", 0) > 2, "cycles")
    assert not hasattr(__main__, "local")
    monitors()[0].cancel()
    until_ended()
    del __main__.turns


@pytest.mark.parametrize(("switch", "seen"), [("", "second"), ("-rereads_scripts", "first")])
def test_a_file_is_read_again_in_every_cycle_section_6_2(double: Double, switch: str, seen: str) -> None:
    double.switch(switch)
    done = double.folder / "done"
    text = f"with open({str(done)!r}, 'a') as file:\n    file.write('WORD ')"
    script = double.script(text.replace("WORD", "first"))
    gate = double.folder / "gate"
    double.stream(CHUNK, {"wait_for": str(gate)}, FOREVER)
    start(ProcessingScriptFilename=script)
    double.script(text.replace("WORD", "second"))
    before = len(done.read_text().split())
    until(lambda: len(done.read_text().split()) > before + 2, "cycles")
    assert done.read_text().split()[-1] == seen


def test_an_unreadable_file_is_an_error_section_6_2(double: Double) -> None:
    double.stream(CHUNK, HOLD)
    with pytest.raises(RuntimeError, match="cannot be read"):
        start(ProcessingScriptFilename=str(double.folder / "none.py"))


def test_a_post_script_without_output_fails_first_and_is_stale_later_section_6_2(double: Double) -> None:
    from mantid.simpleapi import CreateSingleValuedWorkspace, mtd

    double.stream(CHUNK, FOREVER)
    with pytest.raises(RuntimeError, match="'result' does not exist"):
        start(PostProcessingScript="pass", AccumulationWorkspace="accumulation")
    CreateSingleValuedWorkspace(OutputWorkspace="result", DataValue=3.0)
    start(PostProcessingScript="pass", AccumulationWorkspace="accumulation", PreserveEvents=True)
    until(lambda: len(double.records("cycle")) > 1, "cycles")
    assert mtd["result"].readY(0)[0] == 3.0
    double.switch("-stale_result")
    until_ended()
    assert "has not made 'result'" in double.records("failed")[-1]["error"]


def test_an_error_in_the_first_cycle_is_raised_section_6_4(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(CHUNK, FOREVER)
    with pytest.raises(RuntimeError, match="boom"):
        start(ProcessingScript="raise RuntimeError('boom')")
    assert not monitors()
    assert "__anonymous_livedata_input_result" in mtd


@pytest.mark.parametrize("step", ["chunk", "post"])
def test_an_error_later_ends_the_monitor_and_nobody_is_told_section_6_4(
    double: Double, step: str, capfd: pytest.CaptureFixture[str]
) -> None:
    from mantid.simpleapi import mtd

    double.stream(CHUNK, FOREVER)
    text = "from mantid.simpleapi import mtd, CloneWorkspace\nif 'result' in mtd:\n    raise RuntimeError('boom')\n"
    if step == "chunk":
        start(ProcessingScript=text, PreserveEvents=True)
    else:
        clone = "CloneWorkspace(InputWorkspace=input, OutputWorkspace=output)"
        start(PostProcessingScript=text + clone, AccumulationWorkspace="accumulation", PreserveEvents=True)
    until_ended()
    until(lambda: double.records("failed"), "the failure is recorded")
    logged = capfd.readouterr().err
    assert "Error in execution of algorithm MonitorLiveData" in logged
    assert ("While processing chunk:" if step == "chunk" else "While post processing:") in logged
    assert "boom" in logged
    assert mtd["result"].getNumberEvents() == 10
    assert double.records("close")


def test_without_silent_death_the_monitor_goes_on_section_6_4(double: Double) -> None:
    double.switch("-silent_death")
    double.stream(FOREVER)
    start(ProcessingScript="from mantid.simpleapi import mtd\nif 'result' in mtd:\n    raise RuntimeError('boom')")
    until(lambda: len(double.records("script")) > 3, "more cycles")
    assert monitors()


def test_algorithms_called_from_a_script_are_not_managed_section_6_2(double: Double) -> None:
    """So nothing cancels them, and shutdown does not wait for them but for the monitor."""
    from mantid.api import AlgorithmManager
    from mantid.simpleapi import mtd

    double.stream(CHUNK)
    managed = AlgorithmManager.size()
    script = "from mantid.simpleapi import SumSpectra\nother = SumSpectra(input)"
    start(UpdateEvery=0, PreserveEvents=True, ProcessingScript=script)
    assert mtd["other"].getNumberHistograms() == 1
    assert AlgorithmManager.size() == managed + 1  # StartLiveData


def test_tabs_and_long_strings_are_indented_section_6_2(double: Double, tmp_path: Path) -> None:
    double.stream(CHUNK)
    seen = tmp_path / "seen"
    start(UpdateEvery=0, ProcessingScript=f"from pathlib import Path\nPath({str(seen)!r}).write_text('''a\nb''')")
    assert seen.read_text() == "a\n        b"
