"""What a page says when something is wrong, and how it says much of it: folded, clustered, in the viewer's own time."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Route

from helpers.browsing import Scheme, Visit, Visiting, Windows, web
from helpers.fabricated import Fabricated, axis, pattern, product
from livereduce.messages.script_failure import ScriptFailure
from livereduce.messages.status import Condition, StateWord
from livereduce.publish.parameters import PARAMETERS
from livereduce.publish.trends.trends import FILE_NAME, Exposure, Trends, add_reported, encode_trends
from livereduce.scripting.reporting.report import ReportedMetric

pytestmark = pytest.mark.timeout(180)  # a browser on a busy machine

RUN = 41
SCRIPT = "/SNS/REF_L/shared/livereduce/reduce_REF_L_live_post_proc.py"
OURS = "/opt/lib/python3.11/site-packages/livereduce"
TRACEBACK = f"""Traceback (most recent call last):
  File "{SCRIPT}", line 17, in <module>
    ratio = normalized(input, vanadum)
                              ^^^^^^^
  File "/SNS/REF_L/shared/livereduce/engine/helpers.py", line 3, in normalized
    return rebinned(data)
  File "{OURS}/engine/mantid_api/calling/call.py", line 88, in called
    return function(*values)
  File "{OURS}/engine/matrix/edges.py", line 12, in rebinned
    raise ValueError(text)
ValueError: the bins do not fit:
  expected 100 edges
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, environ: Mapping[str, str]) -> Iterator[tuple[Fabricated, str]]:
    one = Fabricated(tmp_path_factory.mktemp("night") / "i", "REF_L")
    one.publish(pattern(RUN - 1, 50_000))
    one.shelf.ended(RUN - 1)
    one.publish(pattern(RUN, 100_000))
    one.publish(product(RUN, "dot", np.array([5.0]), (axis("d", np.array([1.5]), "angstrom"),)))
    one.publish(product(RUN, "banks", np.ones((9, 50)), (axis("bank", np.arange(9.0)), axis("tof", np.arange(51.0)))))
    one.beside(pattern(RUN, 100_000))
    with web(one.path, environ, [one.conf]) as url:
        yield one, url


@pytest.fixture
def one(built: tuple[Fabricated, str]) -> Fabricated:
    one = built[0]
    one.say(
        state=StateWord.RUNNING,
        why="reducing run 41",
        script_failure=None,
        conditions=(),
        progress={"run": {"number": RUN, "chunks": 3}},
    )
    return one


@pytest.fixture(scope="module")
def opened(built: tuple[Fabricated, str], windows: Windows) -> Iterator[Visit]:
    seen = Visit(windows().new_page(), built[1])
    seen.go("/instrument/ref_l")
    yield seen
    seen.page.close()


@pytest.fixture
def seen(opened: Visit, one: Fabricated) -> Iterator[Visit]:
    opened.look(1280, "light")
    opened.choose("")
    opened.drawn(run=RUN, name="result")
    yield opened
    assert opened.unexpected() == []


# ---- reasons


def test_a_long_reason_is_folded_and_can_be_unfolded(one: Fabricated, seen: Visit) -> None:
    page = seen.page
    button = page.locator("#why + .more")
    seen.wait_text("#why", "reducing run 41")
    assert button.is_hidden()
    one.say(
        state=StateWord.DEGRADED, why="post_proc: ValueError: " + "the bins of bank 7 do not fit those of bank 8, " * 30
    )
    button.wait_for(state="visible")
    folded = page.locator("#why").evaluate("node => node.clientHeight / parseFloat(getComputedStyle(node).lineHeight)")
    assert folded == pytest.approx(2, abs=0.2)
    assert button.get_attribute("aria-expanded") == "false"
    button.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    assert page.locator("#why").evaluate("node => node.scrollHeight <= node.clientHeight")
    button.click()
    assert page.locator("#why").evaluate("node => node.scrollHeight > node.clientHeight")
    one.say(state=StateWord.RUNNING, why="reducing run 41")
    button.wait_for(state="hidden")


def test_many_problems_are_folded(one: Fabricated, seen: Visit) -> None:
    problems = tuple(Condition(kind=f"k{n}", text=f"problem {n} " * 20, since=one.status.updated) for n in range(6))
    one.say(state=StateWord.DEGRADED, why="much", conditions=problems)
    seen.page.locator("#problems + .more").wait_for(state="visible")
    assert seen.page.locator("#problems li").count() == 6


# ---- tracebacks


def failed(one: Fabricated, traceback: str) -> None:
    failure = ScriptFailure(
        at=one.status.updated,
        generation=3,
        script_errors=1,
        run=RUN,
        step="post_proc",
        md5="0" * 32,
        file=SCRIPT,
        line=17,
        text="ValueError: the bins do not fit",
        traceback=traceback,
    )
    one.say(script_failure=failure)
    one.publish(pattern(RUN, 100_000))  # news that make the page look


def test_a_traceback_begins_with_the_message_and_the_scripts_own_line(one: Fabricated, seen: Visit) -> None:
    failed(one, TRACEBACK)
    page = seen.page
    seen.wait_text("#traceback .message", "ValueError: the bins do not fit:\n  expected 100 edges")
    assert seen.text("#traceback").startswith("ValueError: the bins do not fit:")
    assert seen.text("#traceback .own").split("\n")[:2] == [
        "reduce_REF_L_live_post_proc.py, line 17",
        "    ratio = normalized(input, vanadum)",
    ]
    assert "edges.py" not in seen.text("#traceback")
    page.click("#traceback > details > summary")
    assert seen.text("#traceback > details > summary") == "All 4 calls"
    assert "helpers.py" in seen.text("#traceback"), "a module of the scripts is not ours, whatever its folder is called"
    assert "edges.py" not in seen.text("#traceback"), "ours are folded"
    page.click("#traceback .ours summary")
    assert seen.text("#traceback .ours summary") == "2 calls in livereduce"
    assert "edges.py" in seen.text("#traceback")


def test_an_error_behind_an_error_and_one_of_the_compiler_are_understood(one: Fabricated, seen: Visit) -> None:
    first = 'Traceback (most recent call last):\n  File "/a/b.py", line 1, in f\n    1 / 0\nZeroDivisionError: no'
    failed(one, f"{first}\n\nDuring handling of the above exception, another exception occurred:\n\n{TRACEBACK}")
    seen.wait_text("#traceback summary", "All 4 calls, and the error before it")
    assert seen.text("#traceback .message").startswith("ValueError")
    failed(one, f"  File \"{SCRIPT}\", line 9\n    foo(\n       ^\nSyntaxError: '(' was never closed")
    seen.wait_text("#traceback .message", "SyntaxError: '(' was never closed")
    assert "line 9" in seen.text("#traceback .own")
    failed(one, "something else <b>altogether</b>")
    seen.wait_text("#traceback pre", "something else <b>altogether</b>")


# ---- a run without a result


def test_a_run_without_a_result_shows_the_last_one_greyed_with_the_reason(one: Fabricated, seen: Visit) -> None:
    page = seen.page
    assert page.locator("#instead").is_hidden()
    one.say(progress={"run": {"number": 43, "chunks": 0}}, why="reducing run 43")
    text = "Run 43 has no result yet: no data have been given to the scripts. Shown is the last result, of run 41."
    seen.wait_text("#instead", text)
    seen.drawn(run=RUN, name="result")
    assert page.locator("#plot").evaluate("node => getComputedStyle(node).filter") == "grayscale(1)"
    one.say(state=StateWord.DEGRADED, why="post_proc: NameError: vanadum")
    seen.wait_text("#instead", "Run 43 has no result yet: post_proc: NameError: vanadum. Shown")
    one.say(state=StateWord.RUNNING, progress={"run": {"chunks": 2}}, why="reducing run 43")
    seen.wait_text("#instead", "the scripts have not made one")
    one.say(progress={"run": {"number": RUN}})
    seen.until("document.getElementById('instead').hidden")
    assert page.locator("#plot").evaluate("node => getComputedStyle(node).filter") == "none"


# ---- parameters


def test_the_values_that_were_used_are_shown(one: Fabricated, seen: Visit) -> None:
    assert seen.page.locator("#parameters-box").is_hidden()
    used = {
        "wavelength": {"value": 1.54, "units": "angstrom", "runs": "40-44", "md5s": {}},
        "mask": {"value": "m<b>.xml", "units": "", "runs": "all runs", "md5s": {"m<b>.xml": "0123456789abcdef" * 2}},
    }
    plain = pattern(RUN, 100_000)
    one.publish(replace(plain, attributes=plain.attributes | {PARAMETERS: json.dumps(used)}))
    seen.wait_text("#parameters", "wavelength")
    rows = [text.split("\t") for text in seen.text("#parameters").split("\n")]
    assert rows == [["mask", "m<b>.xml", "md5 0123456"], ["wavelength", "1.54 Å", "runs 40-44"]]
    assert seen.text("#parameters-title") == "Parameters of run 41"
    one.publish(pattern(RUN, 100_000))
    seen.until("document.getElementById('parameters-box').hidden")


# ---- room


@pytest.mark.parametrize("choice", ["product=result", "product=banks&view=spectra", "product=banks", "beside=both"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_controls_do_not_wrap_at_1280(seen: Visit, choice: str, scheme: Scheme) -> None:
    seen.look(1280, scheme)
    seen.choose(choice)
    name = "banks" if "banks" in choice else "result"
    seen.drawn(run=RUN, name=name)
    lines = seen.page.locator("#choice .controls").evaluate_all(
        """all => all.map(row => new Set([...row.children].filter(one => one.checkVisibility()).map(one => {
          const box = one.getBoundingClientRect();
          return Math.round((box.top + box.bottom) / 16);
        })).size)"""
    )
    assert max(lines) == 1
    heights = seen.page.locator("#choice label").evaluate_all("all => all.map(one => one.clientHeight)")
    assert max(heights) < 36, "a label in two lines"


# ---- one point


def trend(one: Fabricated, count: int) -> None:
    trends = Trends(run=RUN, began_unix_s=1_700_000_000.0)
    for step in range(1, count + 1):
        at = Exposure(time_unix_s=1_700_000_000.0 + 10 * step, events=1000 * step, charge_pc=1e9 * step)
        metric = ReportedMetric(name="peak_area", value=500.0 + step, error=20.0, units="counts")
        trends = add_reported(trends, [metric], at)
    (one.path / "state" / "products" / str(RUN) / FILE_NAME).write_text(encode_trends(trends, 1_700_000_400.0))
    one.publish(pattern(RUN, 100_000))


def test_one_value_has_ticks_that_suit_it(one: Fabricated, seen: Visit) -> None:
    page = seen.page
    trend(one, 1)
    page.locator("#trends .trend").scroll_into_view_if_needed()
    page.wait_for_selector("#trends .xtick text")
    ticks = page.locator("#trends .xtick text").all_text_contents()
    assert ticks == ["23:13:30"]
    assert page.locator("#trends .ytick text").all_text_contents() == ["501"]
    trend(one, 5)
    seen.until("document.querySelectorAll('#trends .xtick').length > 2")


def test_a_curve_of_one_point_has_the_tick_of_that_point(seen: Visit) -> None:
    seen.choose("product=dot")
    seen.drawn(run=RUN, name="dot")
    assert seen.page.locator("#plot .xtick text").all_text_contents() == ["1.5"]


def test_a_column_of_one_run_has_no_ticks_between_runs(
    one: Fabricated, built: tuple[Fabricated, str], visiting: Visiting
) -> None:
    seen: Visit = visiting(built[1])
    page = seen.go("/instrument/ref_l/runs#y=events&filter=41-41")
    page.wait_for_selector("#against .xtick text")
    assert page.locator("#against .xtick text").all_text_contents() == ["41"]
    seen.choose("y=events")
    seen.until("document.querySelector('#against').dataset.points === '2'")
    seen.until("[...document.querySelectorAll('#against .xtick text')].every(one => /^[0-9]+$/.test(one.textContent))")


# ---- the time line


def line_of(marks: list[tuple[float, str, str]]) -> dict[str, Any]:
    end = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
    t = [(end - timedelta(minutes=minutes)).isoformat() for minutes in range(25, -1, -1)]
    names = ("events_per_s", "proton_charge_pc", "proc_s", "post_proc_s", "memory_bytes", "data_age_s")
    columns = {name: [1.0] * len(t) for name in names}
    told = [{"t": (end - timedelta(minutes=ago)).isoformat(), "kind": kind, "text": text} for ago, kind, text in marks]
    return {"t": t, **columns, "marks": told}


@pytest.mark.parametrize("width", [1280, 360])
def test_many_marks_cluster_instead_of_printing_over_each_other(
    one: Fabricated, built: tuple[Fabricated, str], visiting: Visiting, width: int
) -> None:
    kinds = ("script", "error", "state", "restart")
    marks = [(25 - n * 25 / 234, kinds[n % 4], f"mark {n}") for n in range(234)]
    marks += [(24.0, "run", "run 40"), (1.0, "run", "run 41"), (0.1, "run", "run 42"), (0.0, "down", "gone")]
    seen: Visit = visiting(built[1], width=width)
    body = json.dumps(line_of(marks))

    def answered(route: Route) -> None:
        route.fulfill(body=body, content_type="application/json")

    seen.page.route("**/timeline", answered)
    page = seen.go("/instrument/ref_l")
    page.locator("#timeline-title").scroll_into_view_if_needed()
    page.wait_for_selector("#timeline .annotation-text")
    seen.until("document.getElementById('timeline')._fullLayout?.shapes.length > 10")
    assert seen.plot("layout.shapes.length", of="timeline") < 200
    boxes = page.locator("#timeline .annotation").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(box => [box.left, box.right, box.top, box.bottom])"
    )
    titles = 4
    labels = sorted(boxes[titles:])
    assert labels
    for before, after in pairwise(labels):
        assert before[1] <= after[0] + 1, f"labels lie over each other: {labels}"
    assert max(right for _, right, _, _ in labels) <= width
    assert seen.text("#marks-title") == "238 marks: runs, restarts, changes"


def test_marks_are_told_in_words(seen: Visit) -> None:
    def labels(marks: list[dict[str, str]], width: int) -> Any:
        return seen.page.evaluate(
            """async ([marks, width]) => {
              const { clustered } = await import("../static/js/marks.js");
              const span = { from: Date.parse("2026-11-30T12:00:00Z"), to: Date.parse("2026-11-30T13:00:00Z"), width };
              return clustered(marks, span).labels.map((label) => [label.text, label.kind]);
            }""",
            [marks, width],
        )

    def mark(minute: int, kind: str, text: str = "") -> dict[str, str]:
        return {"t": f"2026-11-30T12:{minute:02}:00Z", "kind": kind, "text": text}

    apart = [mark(5, "run", "run 41"), mark(30, "error"), mark(55, "run", "run 42")]
    assert labels(apart, 900) == [["run 41", "run"], ["error", "error"], ["run 42", "run"]]
    assert labels(apart, 60) == [["3 marks", "error"]]
    assert labels(apart, 120) == [["error, runs 41–42", "error"]]
    assert labels([mark(59, "run", "between runs"), mark(58, "script"), mark(57, "script")], 600) == [
        ["2 script changes, between runs", "script"]
    ]
    assert labels([mark(10, "state"), {**mark(10, "run", "run 1"), "t": "2026-11-30T11:00:00Z"}], 600) == []
    assert labels([{**mark(0, "down"), "t": "2026-11-30T13:00:07Z"}], 600) == [["down", "down"]]


# ---- times


@pytest.mark.parametrize(
    ("zone", "name"), [("America/New_York", "ES?T|EDT"), ("Europe/Paris", "CES?T"), ("Asia/Tokyo", r"GMT\+9|JST")]
)
def test_times_are_in_the_zone_of_the_viewer_which_is_named(
    one: Fabricated, built: tuple[Fabricated, str], visiting: Visiting, zone: str, name: str
) -> None:
    at = datetime.now(UTC) - timedelta(minutes=3)
    one.say(recovered=f"{at.isoformat(timespec='milliseconds')} recovered after 2.0 s: nothing missing")
    seen: Visit = visiting(built[1], timezone_id=zone)
    page = seen.go("/instrument/ref_l")
    seen.wait_text("#earlier", "recovered after 2.0 s")
    local = page.evaluate("iso => new Date(iso).toLocaleTimeString('en-GB')", at.isoformat())
    for selector in ("#now", "#earlier", "#why", "#caption"):
        seen.until(
            f"/\\d\\d:\\d\\d:\\d\\d ({name})/.test(document.querySelector(given.selector).innerText)", selector=selector
        )
    assert local in seen.text("#earlier")
    one.say(recovered="")
