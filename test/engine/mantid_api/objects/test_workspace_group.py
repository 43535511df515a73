import pytest

from helpers.workspaces import histogram_workspace
from livereduce.engine.mantid_api.objects.workspace_group import WorkspaceGroup
from livereduce.engine.mantid_api.session import using
from livereduce.engine.workspaces.mtd import WorkspaceStore


def test_members_are_found_by_place_and_name() -> None:
    """As Mantid's WorkspaceGroupTest.py."""
    group = WorkspaceGroup("group", [histogram_workspace([[k]], name=name) for k, name in enumerate(("w4", "w1"))])
    assert (len(group), group.size(), group.getNumberOfEntries(), group.getNames()) == (2, 2, 2, ["w4", "w1"])
    assert (group[1].name(), group["w4"].name(), "w1" in group, group.contains("w2")) == ("w1", "w4", True, False)
    assert [one.name() for one in group] == ["w4", "w1"]
    group.sortByName()
    assert (group.getNames(), str(group), group.isGroup()) == (["w1", "w4"], "group", True)
    with pytest.raises(IndexError, match="has 2 members, none at 3"):
        group[3]
    with pytest.raises(KeyError, match="no member named 'w2'"):
        group["w2"]


def test_members_are_added_from_the_store_and_removed() -> None:
    store = WorkspaceStore()
    with using(store):
        store["a"] = histogram_workspace([[1]], name="a")
        group = WorkspaceGroup("group")
        group.add("a")
        group.add("a")
        assert group.getNames() == ["a"]
        group.remove("a")
        assert (group.isEmpty(), "a" in store, bool(group)) == (True, True, True)


def test_a_workspace_is_deleted_from_the_store_that_has_it() -> None:
    store = WorkspaceStore()
    with using(store):
        ws = store["a"] = histogram_workspace([[1]], name="a")
        histogram_workspace([[1]], name="a").delete()
        assert "a" in store
        ws.delete()
        assert "a" not in store
    with using(store):
        named = ws.clone(OutputWorkspace="b")
        assert (named.name(), store["b"] is named, ws.clone(StoreInADS=False).name(), list(store)) == (
            "b",
            True,
            "a",
            ["b"],
        )
    ws.setTitle("title")
    ws.setComment("comment")
    assert (ws.getTitle(), ws.getComment(), ws.matrix.title, ws.clone().getTitle()) == (
        "title",
        "comment",
        "title",
        "title",
    )
    history = ws.getHistory()
    assert (len(history), history.empty(), history.getAlgorithmHistories(), list(history)) == (0, True, [], [])
    with pytest.raises(RuntimeError, match="keeps no history"):
        history.lastAlgorithm()
