"""Scenarios in one generation, through the shipped worker."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from helpers.engines import CHUNK, KEEP, Bench, Stage, bench_of, events_of
from livereduce.base.errors import ExitCode
from livereduce.messages.job import ModuleCopy
from livereduce.messages.progress import RunState
from livereduce.publish.products.file import read_product
from livereduce.scripting.files import md5_of

pytestmark = pytest.mark.timeout(300)

NOTHING = "pass\n"
KEEPS = {"builtin": "output = input\n", "mantid": KEEP}
"""A post_proc that makes the result out of the accumulated data."""


def total(bench: Bench, run: int) -> float:
    return float(np.nansum(bench.workers[-1].product(run).signal))


@pytest.mark.parametrize("scripts", ["both", "proc", "post_proc"])
def test_conformance_of_scripts(bench: Bench, scripts: str) -> None:
    """Whichever script there is: every event of the run is in its last product, once."""
    proc = bench.binning if scripts != "post_proc" else ""
    post_proc = KEEPS[bench.engine] if scripts != "proc" else ""
    reducing = bench.start(bench.job(proc=proc, post_proc=post_proc))
    bench.beam_to(Stage.HALF)
    progress = reducing.wait_reduced(bench.half)
    assert (progress.run.number, progress.run.state, progress.total.script_errors) == (1, RunState.RUNNING, 0)
    bench.beam_to(Stage.OVER)
    reducing.wait_ended(1)
    product = reducing.product(1)
    assert np.nansum(product.signal) == events_of(product) > bench.more
    assert product.units == "counts"
    assert product.axes[-1].name == "tof"
    assert reducing.stop() == ExitCode.OK


@pytest.mark.parametrize("step", ["proc", "post_proc"])
def test_conformance_of_a_script_that_does_nothing(bench: Bench, step: str) -> None:
    """proc passes the chunk through; after post_proc the accumulated data is the result."""
    scripts = {"proc": bench.binning if step == "post_proc" else NOTHING}
    scripts |= {"post_proc": NOTHING} if step == "post_proc" else {}
    reducing = bench.start(bench.job(**scripts))
    bench.beam_to(Stage.HALF)
    reducing.wait_reduced(bench.half)  # a server forgets a run when it has ended
    bench.beam_to(Stage.OVER)
    reducing.wait_ended(1)
    product = reducing.product(1)
    assert np.nansum(product.signal) == events_of(product)
    assert reducing.stop() == ExitCode.OK


def test_conformance_of_an_empty_script(bench: Bench) -> None:
    reducing = bench.start(bench.job(proc=" \n"))
    assert reducing.end() == ExitCode.UNUSABLE
    assert any("the script is empty" in line for line in reducing.lines)


@pytest.mark.parametrize("preserve_events", [True, False])
@pytest.mark.parametrize("method", ["Add", "Append", "Replace"])
def test_conformance_of_accumulation(bench: Bench, method: str, preserve_events: bool) -> None:
    """Add and Append keep all of a run, Replace the last chunk of it."""
    job = bench.job(proc=bench.binning, accum_method=method, preserve_events=preserve_events)
    reducing = bench.start(job)
    bench.beam_to(Stage.HALF)
    reducing.wait_reduced(bench.half)
    bench.beam_to(Stage.OVER)
    reducing.wait_ended(1)
    product = reducing.product(1)
    if method == "Replace":
        assert 0 < np.nansum(product.signal) < bench.more
    else:
        assert np.nansum(product.signal) == events_of(product) > bench.more
    assert reducing.stop() == ExitCode.OK


def test_conformance_of_a_method_that_there_is_not(bench: Bench) -> None:
    reducing = bench.start(bench.job(proc=NOTHING, accum_method="Sum"))
    assert reducing.end() == ExitCode.UNUSABLE
    assert any("accum_method: 'Sum' is not one of Add, Replace, Append" in line for line in reducing.lines)


def test_conformance_of_run_transitions(bench: Bench) -> None:
    """Each run has its own result, also when the data between them comes under the old number."""
    reducing = bench.start(bench.job(proc=bench.binning, post_proc=KEEPS[bench.engine]))
    bench.beam_to(Stage.HALF)
    reducing.wait_reduced(bench.half)  # a server forgets a run when it has ended
    bench.beam_to(Stage.OVER)
    reducing.wait_ended(1)
    first = total(bench, 1)
    between = reducing.wait("the time between runs", lambda one: one.run.number == 0)
    assert between.run.state in (RunState.NO_RUN, RunState.ENDED)
    bench.beam_to(Stage.SECOND)
    reducing.wait_ended(1, 2)
    assert total(bench, 1) == first > bench.more
    assert total(bench, 2) == events_of(reducing.product(2)) > 0
    assert reducing.stop() == ExitCode.OK


@pytest.mark.parametrize("step", ["proc", "post_proc"])
def test_conformance_of_an_error_in_the_first_chunk(bench: Bench, step: str) -> None:
    """Told with the script's own line; what of it goes on is the engine's: a failed proc ends Mantid's own loop."""
    fails = "# a comment\nx = 1\n1 / 0\n"
    scripts = {"proc": fails} if step == "proc" else {"proc": bench.binning, "post_proc": fails}
    reducing = bench.start(bench.job(**scripts))
    bench.beam_to(Stage.HALF)
    said = reducing.wait("the error", lambda one: step in one.last_errors)
    assert f"{step}.py:3: ZeroDivisionError" in said.last_errors[step]
    if step == "proc" and bench.engine == "mantid":
        assert reducing.end() == 1
        assert f"{step}.py:3: ZeroDivisionError" in [line for line in reducing.lines if line.strip()][-1]
    else:
        assert reducing.stop() == ExitCode.OK


@pytest.mark.parametrize("step", ["proc", "post_proc"])
def test_conformance_of_an_error_in_a_later_chunk(bench: Bench, step: str) -> None:
    fails = f"import os\nif os.path.exists({str(bench.path / 'fault')!r}):\n    raise ValueError('no such bank')\n"
    own = bench.binning if step == "proc" else KEEPS[bench.engine]
    scripts = {"proc": bench.binning, "post_proc": KEEPS[bench.engine]} | {step: fails + own}
    reducing = bench.start(bench.job(**scripts))
    bench.beam_to(Stage.HALF)
    before = reducing.wait_reduced(bench.half)
    (bench.path / "fault").touch()
    bench.beam_to(Stage.MORE)
    said = reducing.wait("the error", lambda one: step in one.last_errors)
    assert f"{step}.py:3: ValueError: no such bank" in said.last_errors[step]
    kept = events_of(reducing.product(1))
    assert bench.half <= kept <= before.run.events, "the last result stays"
    if step == "proc" and bench.engine == "mantid":
        assert reducing.end() == 1
        return
    (bench.path / "fault").unlink()
    bench.beam_to(Stage.OVER)
    reducing.wait_ended(1)
    assert total(bench, 1) == events_of(reducing.product(1)) > bench.more
    assert step not in reducing.wait("the end of the error", lambda one: step not in one.last_errors).last_errors
    assert reducing.stop() == ExitCode.OK


def test_conformance_of_a_bare_return(bench: Bench) -> None:
    reducing = bench.start(bench.job(proc=bench.binning + "if True:\n    return\nraise RuntimeError\n"))
    bench.beam_to(Stage.HALF)
    assert reducing.wait_reduced(bench.half).total.script_errors == 0
    assert reducing.stop() == ExitCode.OK


def test_conformance_of_the_names_a_script_sees(bench: Bench) -> None:
    """`accumulation` as a variable and a name, `mtd`, `__name__`; what one script leaves the other finds."""
    proc = bench.binning + "assert __name__ == '__main__'\nglobal calls\ncalls = globals().get('calls', 0) + 1\n"
    post_proc = (
        "assert 'accumulation' in mtd\nassert accumulation is not None\nassert calls >= 1\nassert output == 'result'\n"
    )
    reducing = bench.start(bench.job(proc=proc, post_proc=post_proc))
    bench.beam_to(Stage.HALF)
    progress = reducing.wait_reduced(bench.half)
    assert (progress.total.script_errors, progress.last_errors) == (0, {})
    assert reducing.stop() == ExitCode.OK


def test_conformance_of_the_checked_modules(bench: Bench) -> None:
    """A module is imported from the copy that was checked; its file and the data beside it are the user's."""
    module, copy = bench.path / "checked_factors.py", bench.path / "copy of the module"
    text = b"from pathlib import Path\nFACTOR = (Path(__file__).parent / 'factor.txt').read_text()\n"
    copy.write_bytes(text)
    module.write_text("broken = = since\n")
    (bench.path / "factor.txt").write_text("2.0")
    check = f"import checked_factors as it\nassert (it.FACTOR, it.__file__) == ('2.0', {str(module)!r})\n"
    job = bench.job(proc=bench.binning + check, post_proc=check + KEEPS[bench.engine], script_dir=str(bench.path))
    checked = ModuleCopy(path=str(module), copy=str(copy), md5=md5_of(text), is_package=False)
    reducing = bench.start(replace(job, modules=(checked,)))
    bench.beam_to(Stage.HALF)
    progress = reducing.wait_reduced(bench.half)
    assert (progress.total.script_errors, progress.last_errors) == (0, {})
    assert reducing.stop() == ExitCode.OK


def test_conformance_of_what_scripts_report(bench: Bench) -> None:
    """Metrics and products beside the result, what is wrong with them, and the last failure with its traceback."""
    place = repr(str(bench.path / "fault"))
    fails = f"import os\nif os.path.exists({place}):\n    raise ValueError('no such bank')\n"
    report = "from livereduce import metric, product\nmetric('area', 2.0)\nmetric('no number', 'x')\n"
    report += "product('spectra', input, x_log=True)\nproduct('table', {'a': 1, 'b': 2.5})\nproduct('bad', object())\n"
    reducing = bench.start(bench.job(proc=bench.binning, post_proc=fails + report + KEEPS[bench.engine]))
    bench.beam_to(Stage.HALF)
    reducing.wait_reduced(bench.half)
    assert "area" in (bench.path / "state/products/1/trends.json").read_text()
    shown = {name: read_product(bench.path / f"state/products/1/{name}.nxs") for name in ("result", "spectra", "table")}
    np.testing.assert_array_equal(shown["spectra"].signal, shown["result"].signal)
    assert (shown["spectra"].display.x_log, shown["spectra"].units) == (True, shown["result"].units)
    assert (shown["table"].labels, shown["table"].signal.tolist()) == (("a", "b"), [1.0, 2.5])
    told = reducing.wait("the complaint", lambda one: "reported" in one.last_errors).last_errors["reported"]
    assert told.endswith(
        "product 'bad': expected numbers, an array, a workspace or a dictionary; got object; it is left out"
    )
    assert reducing.progress.total.script_errors == 0
    (bench.path / "fault").touch()
    bench.beam_to(Stage.MORE)
    reducing.wait("the error", lambda one: "post_proc" in one.last_errors)
    kept = [path.read_text() for path in (bench.path / "state").rglob("*fail*") if path.is_file()]
    assert any("no such bank" in text and "post_proc" in text for text in kept)
    assert reducing.stop() == ExitCode.OK


@pytest.mark.parametrize("when", ["starting", "running", "processing"])
def test_conformance_of_stopping(bench: Bench, when: str) -> None:
    """A stop is obeyed in each state; a step at work is finished and published."""
    slow = "import time\ntime.sleep(1.0)\n" if when == "processing" else ""
    reducing = bench.start(bench.job(proc=slow + bench.binning))
    if when != "starting":
        bench.beam_to(Stage.HALF)
        reducing.wait("work", lambda one: one.total.chunks > 0 or reducing.beats[-1].phase == "process")
    else:
        reducing.wait("the start", lambda _: reducing.beats[-1].phase == "waiting")
    assert reducing.stop() == ExitCode.OK
    assert reducing.beats[-1].phase == "stopping"
    if when == "processing":
        assert reducing.index()[1]["products"], "what was at work is published"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("input.run().getProperty('Proton-Charge')\n", "did you mean 'proton_charge'?"),
        ("mtd['Accumulation']\n", "did you mean 'accumulation'?"),
        ("inptu\n", "did you mean 'input'?"),
        ("input.getNumberEvent()\n", "did you mean 'getNumberEvents'?"),
    ],
)
def test_conformance_of_a_name_that_is_not_there(bench: Bench, text: str, meant: str) -> None:
    """The names that may have been meant are in the reason, in front of where it may be cut."""
    reducing = bench.start(bench.job(proc=bench.binning, post_proc="w = mtd['accumulation']\ninput = w\n" + text))
    bench.beam_to(Stage.HALF)
    told = reducing.wait("the error", lambda one: "post_proc" in one.last_errors).last_errors["post_proc"]
    assert "post_proc.py:3: " in told
    assert meant in told[:250]
    bench.beam_to(Stage.OVER)
    assert reducing.stop() == ExitCode.OK


def test_conformance_of_a_run_that_brings_no_pulses(bench: Bench) -> None:
    """Not paused, and nothing comes: said after some seconds, until pulses come again."""
    reducing = bench.start(bench.job(proc=bench.binning))
    bench.beam_to(Stage.HALF)
    assert reducing.wait_reduced(bench.half).source.no_beam_since is None
    silent = reducing.wait("a silent source", lambda one: one.source.no_pulses_since is not None)
    assert (silent.run.number, silent.run.state, silent.source.connected) == (1, RunState.RUNNING, True)
    bench.beam_to(Stage.MORE)
    reducing.wait("pulses", lambda one: one.source.no_pulses_since is None and one.run.events >= bench.more)
    assert reducing.stop() == ExitCode.OK


def test_a_beam_that_goes_off_is_told_by_the_mantid_engine_too(tmp_path: Path, environ: dict[str, str]) -> None:
    """Pulses come, without charge and events: the run goes on."""
    dark = {"events": 0, "pulses": 10, "charge_pc": 0.0}
    items = [{"new_run": 1}, {"chunk": CHUNK, "times": 3}, {"wait_for": "half"}, {"forever": dark}]
    with bench_of("mantid", tmp_path, environ, stream={"items": items}) as bench:
        reducing = bench.start(bench.job(proc=bench.binning))
        assert reducing.wait_reduced(3000).source.no_beam_since is None
        begun_s = time.time()
        bench.beam_to(Stage.HALF)
        off = reducing.wait(
            "no beam", lambda one: one.source.no_beam_since is not None and one.source.no_pulses_since is None
        )
        assert (off.run.number, off.run.state) == (1, RunState.RUNNING)
        assert off.source.no_beam_since is not None
        assert abs(off.source.no_beam_since - begun_s) < 30
        assert reducing.stop() == ExitCode.OK
