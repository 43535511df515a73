"""A worker may die between any two renames: the next one flags what lacks data, and nothing else."""

import json
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from livereduce.publish.product import Axis, Product
from livereduce.publish.products.file import read_product
from livereduce.publish.products.folder import Products

EVENTS = 30


class KilledError(BaseException):
    """The end of a process: nothing in between catches it."""


class Kill:
    """Lets so many files be replaced, and then kills."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = -1
        for owner, name in ((os, "replace"), (Path, "replace")):
            monkeypatch.setattr(owner, name, self._guarded(getattr(owner, name)))

    def _guarded(self, real: Callable[..., object]) -> Callable[..., object]:
        def replace(*arguments: object) -> object:
            if self.left == 0:
                raise KilledError
            self.left -= 1
            return real(*arguments)

        return replace

    def after(self, files: int, act: Callable[[], None]) -> bool:
        """Whether it came to its end."""
        self.left = files
        try:
            act()
        except KilledError:
            return False
        finally:
            self.left = -1
        return True


def product(run: int, events: int, *, ended: bool = False, name: str = "result") -> Product:
    return Product(
        pipeline="live",
        run=run,
        name=name,
        signal=np.array([float(events)]),
        axes=(Axis(name="tof", values=np.array([0.0, 1.0])),),
        attributes={"events": events, "incomplete": "", "ended": int(ended)},
    )


def reduce(state: Path, run: int) -> None:
    """A run from its start to its end, with two products."""
    products = Products(state)
    products.in_run(run, joined=True)
    for events, ended in ((10, False), (20, False), (EVENTS, True)):
        for name in ("one", "two"):
            products.publish(product(run, events, ended=ended, name=name))
    products.ended(run)


def what_became_of(state: Path, run: int) -> str:
    """``exact``, ``flagged`` or ``missed``; a run of which nobody could tell that it lacks data fails here."""
    index = json.loads((state / "products" / "index.json").read_text())
    for listed in index["runs"]:
        if listed["run"] == run and listed["products"]:
            facts = [read_product(state / "products" / entry["path"]).attributes for entry in listed["products"]]
            said = [(entry["events"], entry["incomplete"], entry["ended"]) for entry in listed["products"]]
            assert said == [(one["events"], one["incomplete"], bool(one["ended"])) for one in facts]
            assert listed["ended"]
            assert all(ended for _, _, ended in said)
            assert all(incomplete or events == EVENTS for events, incomplete, _ in said)
            return "flagged" if any(incomplete for _, incomplete, _ in said) else "exact"
    assert any(one["first"] <= run <= one["last"] for one in index["missed"]), index
    return "missed"


@pytest.mark.parametrize("stream_in", [0, 8, 9])
def test_killed_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream_in: int) -> None:
    kill = Kill(monkeypatch)
    seen = set()
    for files in count():
        state = tmp_path / str(files)
        reduce(state, 6)
        done = kill.after(files, lambda state=state: reduce(state, 7))  # type: ignore[misc]
        after = Products(state)
        after.in_run(stream_in, joined=True)
        if not stream_in:
            after.in_run(8, joined=True)
        seen.add(what_became_of(state, 7))
        assert what_became_of(state, 6) == "exact"
        if done:
            break
    assert files > 10
    assert seen == {"missed", "flagged", "exact"}


def test_killed_again_while_it_is_flagged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kill = Kill(monkeypatch)
    for files in count():
        state = tmp_path / str(files)
        products = Products(state)
        products.in_run(7, joined=True)
        for name in ("one", "two"):
            products.publish(product(7, 20, name=name))
        done = kill.after(files, lambda state=state: Products(state).in_run(8, joined=True))  # type: ignore[misc]
        Products(state).in_run(8, joined=True)
        assert what_became_of(state, 7) == "flagged"
        if done:
            break
    assert files > 3


def test_killed_while_it_is_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the dead worker left is replaced, or flagged if the replay ends early, too."""
    kill = Kill(monkeypatch)
    for files in count():
        state = tmp_path / str(files)
        products = Products(state)
        products.in_run(7, joined=True)
        for name in ("one", "two", "of another script"):
            products.publish(product(7, 20, name=name))
        done = kill.after(files, lambda state=state: reduce(state, 7))  # type: ignore[misc]
        Products(state).in_run(8, joined=True)
        assert what_became_of(state, 7) == "flagged"
        if done:
            break
    one = read_product(state / "products" / "7" / "one.nxs").attributes
    assert (one["events"], one["incomplete"]) == (EVENTS, "")
