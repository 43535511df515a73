"""Operators as in Mantid's MatrixWorkspaceTest.py and WorkspaceBinaryOpsTest.py."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.workspaces import events_workspace, histogram_workspace
from livereduce.engine.mantid_api.objects.workspace_group import WorkspaceGroup
from livereduce.engine.mantid_api.session import current_store, using
from livereduce.engine.workspaces.mtd import WorkspaceStore


@pytest.fixture
def store(simpleapi: Any) -> WorkspaceStore:
    return current_store()


def y_of(ws: Any) -> list[list[float]]:
    values: list[list[float]] = ws.extractY().tolist()
    return values


def test_workspaces_and_numbers_on_both_sides(store: WorkspaceStore) -> None:
    """The figures of the golden case of Mantid's pages of Minus and Divide."""
    left = histogram_workspace([range(9)], e=[range(9)])
    right = histogram_workspace([[2] * 9], e=[[3] * 9])
    difference, ratio = left - right, left / right
    assert difference.readY(0).tolist() == list(range(-2, 7))
    assert difference.readE(0)[[0, 1, 8]] == pytest.approx([3, 3.16227766, 8.54400375])
    assert ratio.readE(0)[[0, 1, 8]] == pytest.approx([0, 0.90138782, 7.21110255])
    assert (y_of(left + 1)[0][:2], y_of(1 + left)[0][:2]) == ([1, 2], [1, 2])
    assert (y_of(10 - left)[0][:2], y_of(left - np.float64(10))[0][:2]) == ([10, 9], [-10, -9])
    assert (y_of(left * 2)[0][:2], y_of(np.float64(2) * left)[0][:2], y_of(left / 2)[0][:2]) == (
        [0, 2],
        [0, 2],
        [0, 0.5],
    )
    assert (y_of(8 / right)[0][0], y_of(right**3)[0][0], y_of(-right)[0][0]) == (4, 8, -2)
    assert (y_of(left < right)[0][:3], y_of(left > right)[0][:4]) == ([1, 1, 0], [0, 0, 0, 1])
    for other in ("text", [1, 2], None):
        with pytest.raises(TypeError, match="unsupported operand"):
            _ = left + other


def test_the_result_has_the_name_that_it_is_assigned_to(store: WorkspaceStore) -> None:
    a = histogram_workspace([[1, 2]], name="a")
    c = a + a
    assert (store["c"] is c, str(c), list(store)) == (True, "c", ["c"])
    d = (a * 0.0) + 1.0
    assert (list(store), y_of(d)) == (["c", "d"], [[1, 1]]), "what is not assigned is not kept"
    listed = [a + a]
    listed.append(listed[0] + a)
    assert [y_of(one) for one in listed] == [[[2, 4]], [[3, 6]]]
    assert y_of(((a + a) / (a * 4)) * ((a + 1) - a)) == [[0.5, 0.5]]
    assert list(store) == ["c", "d"]


def test_in_place_the_object_stays_and_only_the_store_that_had_it_has_it(store: WorkspaceStore) -> None:
    a, twin = histogram_workspace([[1, 2]], name="a"), histogram_workspace([[5, 5]], name="a")
    store["a"], mark = a, store.mark()
    held = a
    a += 1
    a *= a
    a -= 2
    a /= 0.5
    assert (a is held, store["a"] is a, y_of(a), list(store)) == (True, True, [[4, 14]], ["a"])
    assert store.assigned_since("a", store.mark() - 1)
    assert store.mark() > mark
    twin -= a
    assert (store["a"] is a, y_of(twin), list(store)) == (True, [[1, -9]], ["a"])
    other = histogram_workspace([[1]], name="")
    other += 1
    assert (y_of(other), other.name(), list(store)) == ([[2]], "", ["a"])


def test_events_stay_events(store: WorkspaceStore) -> None:
    one, two = events_workspace("one"), events_workspace("two")
    both = one + two
    assert (both.id(), both.getNumberEvents(), y_of(both)[0]) == ("EventWorkspace", 8, [2, 2, 0])
    both -= one
    assert (y_of(both)[0], y_of(one)[0]) == ([1, 1, 0], [1, 1, 0])


def test_groups_are_changed_member_by_member(store: WorkspaceStore) -> None:
    members = [histogram_workspace([[k]], name=f"m{k}") for k in (1, 2)]
    group = WorkspaceGroup("group", members)
    group += 1
    group *= group
    assert [y_of(one) for one in group] == [[[4]], [[9]]]
    assert group[0] is members[0]


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=2), st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=2))
def test_plus_commutes_and_minus_takes_it_back(one: list[float], two: list[float]) -> None:
    with using(WorkspaceStore()):
        a, b = histogram_workspace([one]), histogram_workspace([two])
        assert y_of(a + b) == y_of(b + a)
        assert np.allclose(y_of((a + b) - b), [one], atol=1e-9)
        assert np.allclose((a * 2.0).extractE(), 2 * a.extractE())


def test_operators_on_groups_leave_no_temporary_workspaces(store: WorkspaceStore) -> None:
    """As test_complex_binary_operations_with_group… of Mantid's WorkspaceGroupTest.py."""
    members = [histogram_workspace([[k]], name=f"grouped_{k}") for k in (1, 2)]
    for one in members:
        store[one.name()] = one
    store["grouped"] = WorkspaceGroup("grouped", members)
    w1 = (store["grouped"] * 0.0) + 1.0
    assert [y_of(one) for one in w1] == [[[1]], [[1]]]
    assert {"w1", "grouped", "grouped_1", "grouped_2"} <= set(store)
    assert not [name for name in store if name.startswith("__python_op")]
    assert [y_of(one) for one in store["grouped"]] == [[[1]], [[2]]]
