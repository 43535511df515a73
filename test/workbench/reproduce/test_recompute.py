"""Results over edits, failures and the memory fall-back, made again in this process: the same bits."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.bench import BINS_US, job, script
from helpers.items import S_NS, ScriptedSource, event_batch, log_batch, monitor_batch
from livereduce.base.errors import OperatorError
from livereduce.engine.builtin.engine import BuiltinEngine
from livereduce.messages.job import Job, ModuleCopy, NamedFileSeen, ParametersCopy
from livereduce.publish.product import Product
from livereduce.publish.products.file import read_product
from livereduce.publish.products.provenance import read_provenance
from livereduce.publish.provenance import Origin, Provenance
from livereduce.scripting.files import md5_of
from livereduce.stream.items import Item, RunEnded, RunStarted, SourceLost
from livereduce.workbench.reproduce.compare import differences
from livereduce.workbench.reproduce.old_job import job_from
from livereduce.workbench.reproduce.recompute import Recomputed, recompute

RUN = 7
START_NS = 100 * S_NS
BEFORE = log_batch(RUN, "temp", [START_NS - 1], [9.0])
"""The state at the start of the run; sources repeat it as often as they like."""
PARAMETERS = b'{"factor": [{"runs": "7", "value": 0.3}, {"runs": "8-", "value": 5}], "cal": "cal.txt"}'

PROCS = {
    "none": "",
    "weights": "output = input.data * 0.1\n",
    "what it has seen": "n = mtd['n'] if 'n' in mtd else 0\nmtd['n'] = n + 1\noutput = input.data * (1 + n / 7)\n",
    "a log": "run = input.run()\nf = run['temp'].value[-1] if 'temp' in run else 1.0\noutput = input.data * f\n",
    "fails now and then": "assert input.getNumberEvents() % 3, 'a multiple of three'\n",
    "counts": "input.data = input.counts()\n",
    "a parameter": "import livereduce\noutput = input.data * livereduce.parameter('factor')\n",
}
POSTS = {
    "none": "",
    "chunks so far": "mtd['k'] = 1 + (mtd['k'] if 'k' in mtd else 0)\noutput = input.data * (mtd['k'] / 7)\n",
    "the mean of a log": "run = input.run()\nmean = run['temp'].timeAverageValue() if 'temp' in run else 0.0\n"
    "output = input.data * (1 + mean)\n",
}


class Ending(ScriptedSource):
    """Says that the data have ended, as a file does."""

    def read(self, timeout_s: float) -> Any:
        if not self.script:
            raise SourceLost("the data have ended", retry=False)
        return super().read(timeout_s)


def pulse(number: int, events: int) -> list[Item]:
    """A pulse, with a log every third, and a beam monitor."""
    rng = np.random.default_rng(number)
    at_ns = START_NS + number * S_NS
    tof, pixel = rng.integers(0, 1_000_000, events), rng.integers(0, 3, events)
    items: list[Item] = [event_batch(RUN, tof, pixel, pulse_ns=at_ns), monitor_batch(RUN, 1, [500_000], at_ns)]
    return items if number % 3 else [log_batch(RUN, "temp", [at_ns], [1.0 + number / 10]), *items]


def live(made: Job, reads: list[list[Item]], stop: bool, before: list[Item] | None = None) -> None:
    """Reduce the reads, each of which makes a chunk; `before`: of before the run; `stop`: before it has ended."""
    now = [0.0]
    source = ScriptedSource([])
    engine = BuiltinEngine(made, lambda *_: None, open_source=lambda _: source, clock=lambda: now[0])
    start: list[Item] = [RunStarted(run=RUN, time_ns=START_NS), BEFORE]
    end: list[Item] = [] if stop else [RunEnded(run=RUN, time_ns=1)]
    for read in [*([before] if before else []), start, *reads, end]:
        source.script += [read, []]
        engine.poll(0.0)
        engine.poll(0.0)
        now[0] += 31
    engine.stop(1.0)


def result_of(folder: Path) -> tuple[Product, Provenance]:
    path = folder / "products" / str(RUN) / "result.nxs"
    provenance = read_provenance(path)
    assert provenance is not None
    return read_product(path), provenance


def again(provenance: Provenance, items: list[Item], folder: Path, *, packs: int = 4) -> Recomputed:
    """Make it again from a source that gives so many items with each read."""
    folder.mkdir()
    start: list[Item] = [RunStarted(run=RUN, time_ns=START_NS), BEFORE, BEFORE]
    everything = [*start, *items, RunEnded(run=RUN, time_ns=1)]
    reads = [everything[k : k + packs] for k in range(0, len(everything), packs)]
    assert provenance.cuts is not None
    return recompute(provenance, provenance.cuts, Ending(reads), folder)


@settings(deadline=None, max_examples=10)
@given(
    st.sampled_from(sorted(PROCS)),
    st.sampled_from(sorted(POSTS)),
    st.lists(st.lists(st.integers(0, 20), max_size=4), min_size=1, max_size=6),
    st.booleans(),
    st.sampled_from([{}, {"preserve_events": False}, {"keep_events": False}, {"accum_method": "Replace"}]),
    st.integers(1, 7),
)
def test_a_result_comes_out_the_same_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory,
    proc: str,
    post_proc: str,
    chunks: list[list[int]],
    stop: bool,
    how: dict[str, Any],
    packs: int,
) -> None:
    folder = tmp_path_factory.mktemp("live")
    made = job(folder, proc=PROCS[proc], post_proc=POSTS[post_proc], parameters=parameters(folder), **how)
    numbers = iter(range(1000))
    reads = [[item for events in chunk for item in pulse(next(numbers), events)] for chunk in chunks]
    live(made, reads, stop)
    if not (folder / "products" / str(RUN) / "result.nxs").exists():
        return  # proc took none of them
    product, provenance = result_of(folder)
    more = [] if not stop else pulse(999, 5)
    outcome = again(provenance, [*(item for read in reads for item in read), *more], folder / "again", packs=packs)
    found = read_product(folder / "again" / "state" / "products" / str(RUN) / "result.nxs")
    assert differences(product, found) == (), outcome
    assert outcome.short == {}


def parameters(folder: Path) -> ParametersCopy:
    copy = script(folder, "parameters.json", PARAMETERS.decode())
    files = (NamedFileSeen(text="cal.txt", path=str(folder / "cal.txt"), md5="feed"),)
    return ParametersCopy(path=copy.path, copy=copy.copy, md5=copy.md5, files=files)


def test_the_memory_fall_back_is_told_and_made_again_in_the_same_way(tmp_path: Path) -> None:
    live(job(tmp_path, keep_events=False), [pulse(0, 5), pulse(1, 5)], stop=False)
    product, provenance = result_of(tmp_path)
    (note,) = provenance.notes
    assert note == "run 7 is too large to keep its events: kept as histograms, because of the memory limit"
    again(provenance, [*pulse(0, 5), *pulse(1, 5)], tmp_path / "again")
    assert differences(product, read_product(tmp_path / "again/state/products/7/result.nxs")) == ()


def test_a_failure_of_a_script_is_told(tmp_path: Path) -> None:
    made = job(tmp_path, proc=PROCS["fails now and then"])
    live(made, [pulse(0, 3), pulse(1, 4)], stop=False)
    _, provenance = result_of(tmp_path)
    assert provenance.notes[0].startswith("proc has failed in this run: ")
    assert "a multiple of three" in provenance.notes[0]


def test_what_scripts_had_kept_from_before_the_run_is_told(tmp_path: Path) -> None:
    proc = "global n\nn = 1\nmtd['seen'] = {'events': input.getNumberEvents()}\n"
    between: list[Item] = [event_batch(0, [5], [1], pulse_ns=START_NS - S_NS)]
    live(job(tmp_path, proc=proc), [pulse(0, 3)], stop=False, before=between)
    _, provenance = result_of(tmp_path)
    assert provenance.notes == ("the scripts have kept from before this run: mtd['seen'], the global name n",)
    live(job(tmp_path, proc=proc), [pulse(0, 3)], stop=False)
    assert result_of(tmp_path)[1].notes == (), "it was the first that they have seen"


def test_the_job_is_that_of_the_result_and_sends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "live").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "live")
    monkeypatch.delitem(sys.modules, "helper", raising=False)
    helper = script(tmp_path / "live", "helper.py", "x = 1\n")
    modules = (ModuleCopy(path="/s/helper.py", copy=helper.copy, md5=helper.md5, is_package=False),)
    made = job(tmp_path / "live", proc="import helper\n", modules=modules, parameters=parameters(tmp_path / "live"))
    live(replace(made, publish_config="/etc/livedata.conf"), [pulse(0, 5)], stop=False)
    _, provenance = result_of(tmp_path / "live")
    found = job_from(provenance.origin, tmp_path / "again")
    assert found.proc is not None
    assert made.proc is not None
    assert (found.proc.path, found.proc.md5) == (made.proc.path, made.proc.md5)
    assert Path(found.proc.copy).read_bytes() == b"import helper\n"
    assert (found.publish_config, found.suspects) == ("", ())
    assert found.state_dir == str(tmp_path / "again" / "state")
    assert found.tof_bins_us == BINS_US
    assert [one.path for one in found.modules] == ["/s/helper.py"]
    assert found.parameters is not None
    assert [file.md5 for file in found.parameters.files] == ["feed"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": b"output = 2\n"}, "was changed: its md5 is"),
        ({"text": b""}, "is not in the file: its md5 is"),
    ],
)
def test_a_text_that_was_changed_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    (tmp_path / "live").mkdir()
    live(job(tmp_path / "live", proc="pass\n"), [pulse(0, 5)], stop=False)
    _, provenance = result_of(tmp_path / "live")
    (file,) = provenance.origin.files
    assert md5_of(file.text) == file.md5
    changed = Origin(settings=provenance.origin.settings, versions={}, files=(replace(file, **change),))
    with pytest.raises(OperatorError, match=said):
        job_from(changed, tmp_path)


def test_settings_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="the settings in its provenance cannot be used: not a job"):
        job_from(Origin(settings={"engine": "builtin"}, versions={}, files=()), tmp_path)
