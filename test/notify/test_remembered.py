"""The file of what was told: what it keeps, and what becomes of one that is broken or hostile."""

import json
from pathlib import Path

import pytest

from livereduce.config.notifying import NotifyEntry, Occasion
from livereduce.notify.facts import Looked
from livereduce.notify.occasions import ResultFlow
from livereduce.notify.policy import step
from livereduce.notify.remembered import (
    Remembered,
    RememberedEntry,
    encode_remembered,
    read_remembered,
    remembered_of,
    state_of,
)

ENTRIES = (
    NotifyEntry(number=1, on=(Occasion.PARKED,), command=("/bin/a",)),
    NotifyEntry(number=2, on=(Occasion.PARKED,), command=("/bin/b",)),
)


def test_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "notify.json"
    one = RememberedEntry(what="parked 60  0 1", told={"parked": 5.0}, is_new=False, free_unix_s=7.0)
    flow = ResultFlow(run=4, since_unix_s=2.0, idle_s=1.0, idle_unix_s=9.0)
    kept = Remembered(entries=(one,), since={"down": 3.0}, flow=flow)
    path.write_bytes(encode_remembered(kept))
    assert read_remembered(path) == kept
    state = state_of(ENTRIES, kept)
    assert state.by_number[1].told == {"parked": 5.0}
    assert 2 not in state.by_number, "the second of two alike is another"
    assert (state.since.flow, state.since.keys) == (flow, {"down": 3.0})


def test_it_follows_what_is_told_not_the_place_in_the_list() -> None:
    other = NotifyEntry(number=3, on=(Occasion.DOWN,), command=("/bin/c",))
    told = Remembered(entries=(RememberedEntry(what=remembered_of(state_of((other,), Remembered())).entries[0].what),))
    assert set(state_of((*ENTRIES, other), told).by_number) == {3}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"entries": 5}', '{"entries": [{"what": 1}]}', "[" * 100_000])
def test_a_broken_file_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "notify.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=str(path)):
        read_remembered(path)


def test_a_hostile_file_harms_nobody(tmp_path: Path) -> None:
    path = tmp_path / "notify.json"
    what = remembered_of(state_of(ENTRIES, Remembered())).entries[0].what
    told = {"nonsense": 1.0, "parked": float("inf"), "": 2.0, "down": -1.0, "run_ended 1": float("nan")}
    body = {"entries": [{"what": what, "told": told, "free_unix_s": 1e300}], "since": told}
    body["flow"] = {"since_unix_s": 5.0, "idle_s": float("nan")}
    path.write_text(json.dumps(body))
    state = state_of(ENTRIES, read_remembered(path))
    assert state.by_number[1].told == {}
    assert state.since.flow == ResultFlow()
    state, _ = step(state, Looked(instrument="X", status=None, down="gone"), 1000.0)
    assert state.by_number[1].free_unix_s == 1000.0
