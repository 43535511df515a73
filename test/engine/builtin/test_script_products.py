"""Products that scripts report, and what wrong ones cost: in the builtin engine on a scripted stream."""

from pathlib import Path

import numpy as np
import pytest

from helpers.bench import Bench, batch, bench, end, job, start
from helpers.items import S_NS
from livereduce.engine.showing.script_products import MAX_NAMES
from livereduce.scripting.reporting.display import Display, DisplayKind
from livereduce.stream.items import EventBatch


def at(pulse: int, *tof_us: float) -> EventBatch:
    return batch(5, *tof_us, pulse_ns=[S_NS + pulse])


def names(made: Bench) -> list[str]:
    return [product.name for product in made.shelf.published]


def test_products_are_published_after_the_result_of_their_cycle(tmp_path: Path) -> None:
    proc = "import livereduce\nlivereduce.product('chunk', input.getNumberEvents())\n"
    post_proc = """
import livereduce
livereduce.product("spectra", input, title="all", x_log=True)
livereduce.product("numbers", {"events": input.getNumberEvents(), "half": 0.5})
output = input
"""
    made = bench(job(tmp_path, proc=proc, post_proc=post_proc))
    progress = made.play([start(5), batch(5, 1, 2)])
    assert names(made) == ["result", "chunk", "spectra", "numbers"]
    result, chunk, spectra, numbers = made.shelf.published
    assert (chunk.signal.item(), chunk.run, chunk.attributes["events"]) == (2.0, 5, 2)
    np.testing.assert_array_equal(spectra.signal, result.signal)
    assert (spectra.title, spectra.display, result.display) == ("all", Display(x_log=True), Display())
    assert (numbers.labels, numbers.display.kind) == (("events", "half"), DisplayKind.TABLE)
    assert progress.total.results == 1
    assert "reported" not in progress.last_errors


def test_a_wrong_product_costs_itself_and_is_told_with_its_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    post_proc = """
import livereduce
class Bad:
    def __array__(self, *args, **kwargs):
        raise SystemError("hostile")
livereduce.product("bad", Bad())
livereduce.metric("worse", "text")
livereduce.product("well", [1, 2])
"""
    made = bench(job(tmp_path, post_proc=post_proc))
    progress = made.play([start(5), batch(5, 1, 2)], [batch(5, 3)])
    assert names(made) == ["result", "well"] * 2
    post = tmp_path / "post.py"
    assert progress.last_errors == {
        "reported": f"{post}:7: metric 'worse': expected a number as value; got str; it is left out"
    }
    assert progress.total.script_errors == 0
    told = [record.message for record in caplog.records if "left out" in record.message]
    assert told[0] == f"run 5: {post}:6: product 'bad': SystemError: hostile; it is left out"
    assert len(told) == 2, "each line once, not in each cycle"


def test_a_cycle_that_fails_leaves_no_product(tmp_path: Path) -> None:
    made = bench(job(tmp_path, post_proc="import livereduce\nlivereduce.product('a', 1)\nlivereduce.nothing\n"))
    made.play([start(5), batch(5, 1)])
    assert names(made) == []


def test_a_run_has_products_of_so_many_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    post_proc = """
import livereduce
for k in range(20):
    livereduce.product(f"p{input.getNumberEvents()}_{k}", k)
"""
    made = bench(job(tmp_path, post_proc=post_proc))
    made.play([start(5), batch(5, 1)], *([batch(5, k)] for k in range(2, 6)))
    assert len(set(names(made)) - {"result"}) == MAX_NAMES
    assert [record.message for record in caplog.records if "names" in record.message] == [
        f"run 5: the scripts report products of more than {MAX_NAMES} names; p3_10 and others are left out"
    ]
    made.play([start(6), batch(6, 1)])
    assert "p1_19" in [product.name for product in made.shelf.published if product.run == 6]


COUNTS = """
global calls
calls = globals().get("calls", 0) + 1
if not input.getNumberEvents():
    raise ValueError("nothing here")
"""


def test_an_error_without_events_says_so(tmp_path: Path) -> None:
    made = bench(job(tmp_path, proc=COUNTS))
    progress = made.play([start(5), batch(5)])
    assert progress.last_errors["proc"].endswith(
        'ValueError: nothing here (no events yet; "skip_empty": true spares scripts such data)'
    )
    made = bench(job(tmp_path, proc="raise ValueError('oops')"))
    assert made.play([start(5), batch(5, 1)]).last_errors["proc"].endswith("ValueError: oops")


def test_scripts_are_spared_chunks_without_events_and_nothing_is_lost(tmp_path: Path) -> None:
    post_proc = f"{COUNTS}\nimport livereduce\nlivereduce.product('charge', input.run().getProtonCharge())\n"
    spared = bench(job(tmp_path, proc=COUNTS, post_proc=post_proc, skip_empty=True))
    progress = spared.play([start(5), batch(5)], [at(1)], [at(2, 1, 2)], [at(3)], [end(5)])
    assert progress.last_errors == {}
    assert (progress.total.script_errors, progress.run.events, progress.run.pulses) == (0, 2, 4)
    result = [product for product in spared.shelf.published if product.name == "result"][-1]
    assert (result.attributes["events"], result.attributes["pulses"], result.attributes["ended"]) == (2, 4, 1)
    assert result.attributes["incomplete"] == ""
    assert spared.shelf.lacks == {5: ""}
    whole = bench(
        job(tmp_path, post_proc="import livereduce\nlivereduce.product('charge', input.run().getProtonCharge())")
    )
    whole.play([start(5), batch(5), at(1), at(2, 1, 2), at(3)], [end(5)])
    charge = [one.shelf.published[-1].signal.item() for one in (spared, whole)]
    assert charge[0] == charge[1] > 0


def test_a_run_without_any_event_calls_no_script(tmp_path: Path) -> None:
    made = bench(job(tmp_path, proc=COUNTS, post_proc=COUNTS, skip_empty=True))
    progress = made.play([start(5), batch(5)], [end(5)])
    assert (names(made), progress.last_errors, progress.total.script_errors) == ([], {}, 0)
    assert made.play([start(6), batch(6, 1)], [end(6)]).total.results >= 1
