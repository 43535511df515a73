import pytest

from livereduce.engine.workspaces.mtd import WorkspaceStore


def test_a_missing_name_is_named_together_with_those_that_exist() -> None:
    store = WorkspaceStore()
    store["NOM_cal"] = object()
    with pytest.raises(KeyError, match=r"'accumulation'.*NOM_cal"):
        store["accumulation"]
    with pytest.raises(KeyError, match="accumulation"):
        store.retrieve("accumulation")
    with pytest.raises(KeyError, match="accumulation"):
        del store["accumulation"]


def test_a_long_list_of_names_is_cut() -> None:
    store = WorkspaceStore()
    store.update({f"w{k}": k for k in range(1, 31)})
    with pytest.raises(KeyError, match=r"no workspace named '-' \(existing workspaces: w1, .* and 18 more\)"):
        store["-"]
    with pytest.raises(KeyError, match=r"there are no workspaces"):
        WorkspaceStore()["w"]


def test_it_is_a_dictionary_and_speaks_mantid() -> None:
    store = WorkspaceStore()
    first, second = object(), object()
    store["a"] = first
    store.addOrReplace("b", first)
    store.addOrReplace("b", second)
    store.add("__c", second)
    assert store["a"] is first
    assert store.retrieve("b") is second
    assert "a" in store
    assert store.doesExist("b")
    assert not store.doesExist("d")
    assert list(store) == list(store.keys()) == store.getObjectNames() == ["a", "b", "__c"]
    assert store.getObjectNames(contain="c") == ["__c"]
    assert list(store.values()) == [first, second, second]
    assert dict(store.items()) == {"a": first, "b": second, "__c": second}
    assert len(store) == store.size() == 3
    store.remove("a")
    store.remove("a")
    assert "a" not in store
    store.clear()
    assert len(store) == 0


def test_add_keeps_what_is_there() -> None:
    store = WorkspaceStore()
    store.add("a", 1)
    with pytest.raises(RuntimeError, match="'a'"):
        store.add("a", 2)
    assert store["a"] == 1


@pytest.mark.parametrize(
    ("name", "workspace", "error"), [("", 1, ValueError), (3, 1, TypeError), ("a", None, ValueError)]
)
def test_what_cannot_be_a_workspace_is_refused(name: str, workspace: object, error: type[Exception]) -> None:
    store = WorkspaceStore()
    with pytest.raises(error):
        store[name] = workspace
    assert len(store) == 0


def test_names_can_be_removed_while_walking_over_them() -> None:
    store = WorkspaceStore()
    store.update(a=1, b=2, keep=3)
    for name in store:
        if name != "keep":
            del store[name]
    assert list(store) == ["keep"]


def test_a_mark_tells_what_was_assigned_after_it() -> None:
    store = WorkspaceStore()
    same = object()
    store["a"] = same
    store["b"] = same
    mark = store.mark()
    assert not store.assigned_since("a", mark)
    store["a"] = same
    store["gone"] = same
    del store["gone"]
    assert store.assigned_since("a", mark)
    assert not store.assigned_since("b", mark)
    assert not store.assigned_since("gone", mark)
    assert not store.assigned_since("never", mark)
    store.clear()
    assert not store.assigned_since("a", mark)


def test_unique_names_are_free_even_when_short_ones_are_taken() -> None:
    store = WorkspaceStore()
    store.update({f"p{letter}": 1 for letter in "abcdefghijklmnopqrstuvwxyz"})
    name = store.unique_name(n=1, prefix="p")
    assert name not in store
    assert name.startswith("p")
    assert store.unique_name(suffix="_x").endswith("_x")
    hidden = store.unique_hidden_name()
    assert hidden.startswith("__")
    assert hidden not in store


def test_mantids_other_ways_to_ask() -> None:
    store = WorkspaceStore()
    store["a"], store["b"] = "first", "second"
    assert store.Instance() is store
    assert store.workspaceExists("a")
    assert not store.workspaceExists("c")
    assert store.retrieveWorkspaces(["b", "a"]) == ["second", "first"]
    assert (store.size(), list(store.keys()), dict(store.items())) == (2, ["a", "b"], {"a": "first", "b": "second"})
    with pytest.raises(KeyError, match="no workspace named 'c'"):
        store.retrieveWorkspaces(["a", "c"])


def test_members_are_given_in_place_of_a_group_if_wanted() -> None:
    class Group(list[str]):
        def getNames(self) -> list[str]:  # noqa: N802
            return list(self)

    store = WorkspaceStore()
    store["g"], store["a"] = Group(["x", "y"]), "a"
    assert store.retrieveWorkspaces(["g", "a"], unrollGroups=True) == ["x", "y", "a"]


def test_imported_names_are_those_of_the_caller_until_they_are_forgotten() -> None:
    store = WorkspaceStore()
    store["imported_name"], store["not an identifier"] = "data", "other"
    names: dict[str, object] = {"store": store}
    exec("store.importAll()\nassert imported_name == 'data'", names)
    assert "imported_name" in names
    store.forget_imported()
    assert "imported_name" not in names
