"""The card of an instrument, and since when its daemon is down."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from livereduce.messages.progress import Progress, RunProgress, RunState, SourceProgress
from livereduce.messages.status import ShadowStatus, StateWord, Status, iso
from livereduce.seen.index import Listed, ListedRun, ShownIndex
from livereduce.seen.shelf import Shelf
from livereduce.web.state.snapshot import View, card, judge_down, kind, runs, shadow

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STATUS = Status(
    state=StateWord.RUNNING,
    why="reducing run 7",
    since=iso(NOW - timedelta(minutes=5)),
    pid=os.getpid(),
    started=iso(NOW - timedelta(hours=1)),
    updated=iso(NOW - timedelta(seconds=2)),
    version="1",
    events_per_s=1000.0,
    memory_bytes=5,
    memory_limit_bytes=10,
    progress=Progress(run=RunProgress(number=7, state=RunState.RUNNING), source=SourceProgress(data_age_s=1.5)),
)
LISTED = Listed(name="result", path="7/result.nxs", version="v", written_unix_s=NOW.timestamp() - 3)
VIEW = View(
    id="powder",
    name="POWDER",
    status=STATUS,
    live=Shelf(
        index=ShownIndex(runs=(ListedRun(run=7, ended=False, products={"result": LISTED}),)),
        shapes={(7, "result"): (10, 20)},
    ),
)


def test_a_card_says_how_it_is() -> None:
    shown = card(VIEW, NOW)
    assert (shown["state"], shown["why"], shown["down"]) == ("running", "reducing run 7", "")
    assert (shown["run"], shown["run_state"], shown["events_per_s"]) == (7, "running", 1000.0)
    assert shown["data_age_s"] == 3.5, "it was 1.5 two seconds ago"
    assert shown["last_result_age_s"] == 3.0
    assert (shown["memory_bytes"], shown["memory_limit_bytes"], shown["peer"]) == (5, 10, None)


def test_a_daemon_that_is_down_is_so_since_its_last_word() -> None:
    down = judge_down(VIEW, "the daemon is gone", NOW)
    shown = card(down, NOW)
    assert (shown["state"], shown["down"], shown["since"]) == ("down", "the daemon is gone", STATUS.updated)
    assert (shown["events_per_s"], shown["memory_bytes"]) == (0.0, None), "what it did is not what it does"
    later = judge_down(down, "the daemon has written nothing for 99 s", NOW + timedelta(minutes=1))
    assert later.down_since == STATUS.updated
    assert judge_down(later, "", NOW).down_since == ""


def test_where_there_never_was_a_snapshot_it_is_down_since_somebody_looked() -> None:
    nothing = judge_down(replace(VIEW, status=None, problem="no daemon status found"), "", NOW)
    shown = card(nothing, NOW)
    assert (shown["state"], shown["down"], shown["since"]) == ("down", "no daemon status found", iso(NOW))
    assert (shown["run"], shown["data_age_s"]) == (None, None)


def test_a_clock_that_was_set_back_makes_nothing_younger_than_now() -> None:
    shown = card(VIEW, NOW - timedelta(hours=1))
    assert (shown["last_result_age_s"], shown["data_age_s"]) == (0.0, 1.5)


def test_the_runs_tell_what_kind_of_product_there_is() -> None:
    (run,) = runs(VIEW.live)
    (product,) = run["products"]
    assert (product["kind"], product["shape"], product["version"]) == ("2d", [10, 20], "v")
    assert [kind(shape) for shape in (None, (), (3,), (3, 4), (2, 3, 4))] == ["", "scalar", "1d", "2d", "2d"]


def test_what_promoting_would_do_is_told_of_each_file_that_it_touches_and_of_no_other() -> None:
    its = {
        "/try/reduce_PG3_live_proc.py": "1",
        "/try/a/__init__.py": "2",
        "/try/b/__init__.py": "3",
        "/try/cal.h5": "4",
        "/try/../cal.h5": "5",
        "/SNS/cal.h5": "6",
    }
    in_use = {
        "/use/reduce_PG3_live_proc.py": "1",
        "/use/reduce_PG3_live_post_proc.py": "7",
        "/use/b/__init__.py": "2",
        "/use/helper.py": "8",
        "/use/parameters.json": "9",
        "/SNS/cal.h5": "0",
    }
    status = replace(STATUS, files=in_use, shadow=ShadowStatus(directory="/try", why="", pid=os.getpid(), files=its))
    shown = shadow(replace(VIEW, status=status))
    assert shown is not None
    assert [(one["path"], one["md5"], one["how"]) for one in shown["changes"]] == [
        ("reduce_PG3_live_proc.py", "1", "same"),
        ("a/__init__.py", "2", "new"),
        ("b/__init__.py", "3", "changed"),
        ("cal.h5", "4", "new"),
        ("reduce_PG3_live_post_proc.py", "", "removed"),
        ("parameters.json", "", "removed"),
    ]
    gone = shadow(replace(VIEW, status=replace(status, shadow=ShadowStatus(directory="/try", why="it crashed"))))
    assert gone is not None
    assert gone["changes"] == []
