"""Results of daemons over edits and kills, made again from recordings: the same bits, or the file had said why not.

Random histories, in this process: `workbench/reproduce/test_recompute.py`.
"""

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.editing import Collector, Editor
from helpers.recorded import record_by_command
from helpers.reduced import Beamline, beamline_in, environ_of, limited_to
from helpers.reproducing import MadeAgain, made_again
from helpers.served import Clock, powder_play, serving
from livereduce.base.source_urls import file_url
from livereduce.daemon.worker.suspects import read_suspects
from livereduce.publish.products.provenance import read_provenance

SEED = 1
PASS = "pass\n"
PROCS = {
    "nothing": PASS,
    "weights": "output = input.data * 0.1\n",
    "chunks of the run, in mtd": "run, n = mtd['n'] if 'n' in mtd else (0, 0)\n"
    "n = n + 1 if run == input.getRunNumber() else 1\n"
    "mtd['n'] = (input.getRunNumber(), n)\noutput = input.data * (n / 7)\n",
    "calls, global": "global calls\ncalls = globals().get('calls', 0) + 1\noutput = input.data * (calls / 7)\n",
    "a log": "run = input.run()\noutput = input.data * (run['SampleTemp'].value[-1] if 'SampleTemp' in run else 1.0)\n",
    "fails now and then": "assert input.getNumberEvents() % 3, 'a multiple of three'\n",
    "counts": "input.data = input.counts()\n",
    "a parameter": "import livereduce\noutput = input.data * livereduce.parameter('factor')\n",
    "a module": "import own\noutput = own.scaled(input)\n",
    "the clock": "import time\noutput = input.data * time.time()\n",
}
POST_PROCS = {
    "nothing": PASS,
    "the mean of a log": "run = input.run()\n"
    "output = input.data * (run['SampleTemp'].timeAverageValue() if 'SampleTemp' in run else 1.0)\n",
    "per charge": "charge = input.run().getProtonCharge()\noutput = input.data * (1 / charge if charge else 1.0)\n",
    "monitors": "run = input.run()\n"
    "output = input.data * (run['monitor1_counts'].value * 0.1 if 'monitor1_counts' in run else 1.0)\n",
    "fails now and then": "assert input.getNumberEvents() % 2, 'even'\n",
}


@pytest.fixture
def beamline(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beamline]:
    with beamline_in(tmp_path, environ_of(tmp_path_factory)) as made:
        yield made


def configure(beamline: Beamline, url: str, **settings: Any) -> None:
    record = {"directory": str(beamline.path / "recordings")}
    beamline.configure(source=url, update_every=0.1, record=record, **settings)


def acts_of(editor: Editor, chance: random.Random) -> list[Callable[[], None]]:
    """What happens, in any order: each is followed by another worker."""
    edits = [editor.edit_proc] * (len(PROCS) - 1) + [editor.edit_post_proc] * 2 + [editor.save_files]
    acts = edits + [editor.kill_worker] * 2 + [editor.kill_receiver]
    return chance.sample(acts, len(acts))


def beam_goes_on(clock: Clock, collector: Collector, by_s: float, patience_s: float) -> None:
    """A stretch of beam, and the next result if one comes of it: between runs, or of a script that fails, none does."""
    before, deadline = len(collector.found), time.monotonic() + patience_s
    clock.now_s += by_s
    while len(collector.found) == before and time.monotonic() < deadline:
        time.sleep(0.01)


def again(beamline: Beamline, results: list[Path]) -> list[MadeAgain]:
    """Make results again from the recordings of their runs."""
    sources = {}
    for result in results:
        provenance = read_provenance(result)
        assert provenance is not None
        sources[result] = file_url(str(beamline.path / "recordings" / f"POWDER_{provenance.position.run}"))
    return made_again(sources, beamline.path / "again", beamline.environ)


def assert_same_or_said(came: list[MadeAgain], same: int) -> None:
    """All are identical to the bit, or their files had said why not; so many are identical, and had nothing to say."""
    unexplained = [one for one in came if one.differs and not one.provenance.notes]
    assert not unexplained, unexplained[0]
    assert sum(not (one.differs or one.provenance.notes) for one in came) >= same, [
        one.provenance.notes for one in came
    ]


@pytest.mark.timeout(400)
def test_over_edits_and_kills(beamline: Beamline, tmp_path: Path) -> None:
    chance, clock = random.Random(SEED), Clock(0.1)
    files = {
        "parameters.json": lambda: json.dumps({"factor": chance.random()}),
        "own.py": lambda: f"def scaled(one):\n    return one.data * {chance.random()}\n",
    }
    editor = Editor(beamline, chance, procs=PROCS, post_procs=POST_PROCS, files=files)
    editor.save_all()
    play = powder_play(runs=40, run_s=1.5, gap_s=0.2, rate=6000.0, pixels=64)
    folders = tmp_path / "state" / "products", tmp_path / "collected"
    with serving(play, speed=1.0, clock=clock) as url, Collector(*folders) as collector:
        configure(beamline, url)
        beamline.start()
        beam_goes_on(clock, collector, 0.5, 60.0)
        for act in acts_of(editor, chance):
            generation = beamline.status().generation
            act()
            beamline.wait(lambda one, before=generation: one.generation > before)  # type: ignore[misc]
            beam_goes_on(clock, collector, chance.uniform(0.1, 0.4), 10.0)
            for _ in range(4):
                beam_goes_on(clock, collector, chance.uniform(0.1, 0.4), 1.0)
        assert beamline.stop() == 0
    came = again(beamline, collector.found)
    assert len(came) >= 50
    assert_same_or_said(came, 25)


ROOMY_BYTES = 900_000_000
"""The receiver may hold two thirds of it: 75 million events."""
TOO_LARGE = "too large to keep its events"
SHOWN_AGAIN = 2
"""Results on each side of the fall-back: each is made of the whole run before it."""


@pytest.mark.timeout(400)
def test_over_the_memory_fall_back(beamline: Beamline, tmp_path: Path) -> None:
    """A run of 120 million events, which goes on as histograms when two thirds of it are there."""
    with serving(powder_play(runs=1, run_s=20.0, gap_s=0.5, rate=6_000_000.0, pixels=64)) as url:
        record_by_command(url, tmp_path, "POWDER")
    source = file_url(str(tmp_path / "here" / "POWDER_1"))
    beamline.script("proc", PASS)
    beamline.script("post_proc", POST_PROCS["per charge"])
    beamline.configure(source=source, update_every=0.1, **limited_to(ROOMY_BYTES))
    with Collector(tmp_path / "state" / "products", tmp_path / "collected") as collector:
        beamline.start()
        beamline.wait(lambda one: one.progress is not None and one.progress.source.ended)
        assert beamline.stop() == 0
    counted = [path for path in collector.found if TOO_LARGE in notes_of(path)]
    kept = [path for path in collector.found if path not in counted]
    results = kept[-SHOWN_AGAIN:] + counted[-SHOWN_AGAIN:]
    assert len(results) == 2 * SHOWN_AGAIN, f"{len(kept)} before the fall-back, {len(counted)} after it"
    came = made_again(dict.fromkeys(results, source), tmp_path / "again", beamline.environ)
    assert [one.differs for one in came] == [()] * len(results)
    assert read_suspects(tmp_path / "state") == (), "no data are to blame for the size of the run"


def notes_of(result: Path) -> str:
    provenance = read_provenance(result)
    assert provenance is not None
    return "; ".join(provenance.notes)
