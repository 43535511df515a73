"""The example scripts, reduced by one engine: a run of their beam, from its start to its end."""

import importlib.util
import shutil
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from helpers.engines import Bench, Reducing, bench_of
from helpers.paths import ROOT
from helpers.reduced import script
from helpers.served import Clock, T, powder_play, serving
from livereduce.base.errors import ExitCode
from livereduce.messages.job import Job
from livereduce.simulate.adara.play import Play, perform
from livereduce.simulate.beams.nexus import read_nexus
from livereduce.simulate.beams.nexus_beam import NexusBeam

EXAMPLES = ROOT / "examples"
RUN_S, GAP_S = 1.0, 0.1
INSTRUMENTS = {
    "area_detector": "CORELLI",
    "log_filter": "POWDER",
    "powder_vanadium": "PG3",
    "reflectometer": "REF_M",
    "workspace_names": "POWDER",
}
"""The name in the scripts' file names, of each example."""


TO_WARM_NS = 20_300_000_000
"""From `T`: the sample of the synthetic diffractometer is cold again 2 s later."""


def run_s(example: str) -> float:
    """How long the run is: the log that is filtered by has a value each second."""
    return 4.0 if example == "log_filter" else RUN_S


def made_data() -> ModuleType:
    """The script that makes the data of the examples."""
    spec = importlib.util.spec_from_file_location("make_data", EXAMPLES / "make_data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_data"] = module
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)  # a folder of examples is part of the package as it is
        spec.loader.exec_module(module)
    return module


def play_of(example: str, folder: Path) -> Play:
    """The beam of an example: what its file holds, else the synthetic powder diffractometer."""
    data = folder / "events.nxs"
    if not data.exists():
        return powder_play(runs=1, run_s=run_s(example), gap_s=GAP_S, rate=6000, origin_ns=T + TO_WARM_NS)
    beam = NexusBeam(read_nexus(data))
    return Play(origin_ns=T, acts=perform(beam, origin_ns=T, runs=1, run_s=RUN_S, gap_s=GAP_S))


def copied(example: str, folder: Path) -> Path:
    """A folder with the example and its data."""
    shutil.copytree(EXAMPLES / example, folder, ignore=shutil.ignore_patterns("*.nxs", "*.h5", "__pycache__"))
    if example not in ("log_filter", "workspace_names"):
        made_data().make(example, folder, seconds=RUN_S)
    if example == "powder_vanadium":  # two programs fit noise in two ways, so the fits are tried on their own
        site = folder / "powgen_files.py"
        site.write_text(site.read_text().replace("STRIP_PEAKS = True", "STRIP_PEAKS = False"))
    return folder


def reduced(example: str, engine: str, folder: Path, environ: Mapping[str, str]) -> Reducing:
    """The worker of an engine after a whole run; its products are there."""
    copied(example, folder)
    clock = Clock(0.0)
    options: dict[str, Any] = {}
    if engine == "mantid":
        options = {
            "stream": {"adara": True, "era": "C", "geometry": True},
            "switches": "merge_drops_duplicates",  # else the pulse that each chunk begins with counts twice
        }
    with ExitStack() as stack:
        url = stack.enter_context(serving(play_of(example, folder), speed=1.0, clock=clock))
        bench = stack.enter_context(bench_of(engine, folder, environ, **options))
        reducing = bench.start(_job(bench, example, folder, url))
        clock.now_s = run_s(example) / 2
        reducing.wait(f"a result of {engine}", lambda one: one.run.number and one.total.results > 0)
        clock.now_s = run_s(example) + 0.2
        reducing.wait_ended(reducing.progress.run.number)
        assert reducing.progress.total.script_errors == 0, "\n".join(reducing.lines[-60:])
        assert reducing.stop() == ExitCode.OK
        return reducing


def _job(bench: Bench, example: str, folder: Path, url: str) -> Job:
    texts: dict[str, Any] = {}
    for step in ("proc", "post_proc"):
        path = folder / f"reduce_{INSTRUMENTS[example]}_live_{step}.py"
        if path.exists():
            texts[step] = script(folder, path.name, path.read_text())
    return replace(bench.job(source=url), **texts)
